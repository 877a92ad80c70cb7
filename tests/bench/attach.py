"""`lattice attach` on a pseudo-terminal: time to the first figures, memory with one target, cost of twenty.  attach.py LATTICE CONFIG SSH HTTP"""
import os
import pty
import select
import signal
import statistics
import sys
import time
import urllib.request

program, config, ssh, http = sys.argv[1:]
QUICK = os.environ.get("BENCH_ROUNDS") == "3"


def start(*targets):
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm", LC_ALL="C.UTF-8", LINES="24", COLUMNS="80")
        os.execv(program, [program, "attach", "--ssh-config", config, *targets])
    return pid, fd


def read_until(fd, word, seconds):
    """Seconds until the word was written."""
    began, seen = time.monotonic(), b""
    while word not in seen:
        if time.monotonic() - began > seconds:
            sys.exit(f"does not come: {word!r} in {seen[-300:]!r}")
        if select.select([fd], [], [], 0.05)[0]:
            seen += os.read(fd, 65536)
    return time.monotonic() - began


def drain(fd, seconds):
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        if select.select([fd], [], [], left)[0]:
            try:
                os.read(fd, 65536)
            except OSError:  # it has ended
                return


def end(pid, fd):
    os.kill(pid, signal.SIGTERM)
    drain(fd, 0.2)
    os.close(fd)
    os.waitpid(pid, 0)


def cpu_seconds(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def private_mib(pid):
    return sum(int(line.split()[1]) for line in open(f"/proc/{pid}/smaps_rollup") if line.startswith("Private_Dirty")) / 1024


def line(what, unit, value, target):
    print("\t".join(["attach", what, unit, f"{value:.4g}", "", "", target]))


first = []
for _ in range(3 if QUICK else 10):
    began = time.monotonic()
    pid, fd = start(ssh)
    read_until(fd, b"root ", 10)
    first.append((time.monotonic() - began) * 1000)
    end(pid, fd)
line("attach over SSH, from exec to the first screen with the node's figures", "ms", statistics.median(first), "<=300")

pid, fd = start(ssh)
drain(fd, 5)
line("console with one SSH target: private memory", "MiB", private_mib(pid), "<=6")
end(pid, fd)

seconds = 10 if QUICK else 30
pid, fd = start(*[ssh] * 10, *[http] * 10)
drain(fd, 6)
before = cpu_seconds(pid)
drain(fd, seconds)
line("fleet view of 20 nodes at 1 Hz, half over SSH: CPU of the console", "%", (cpu_seconds(pid) - before) / seconds * 100, "<=1")
line("the same: private memory", "MiB", private_mib(pid), "")
end(pid, fd)

with urllib.request.urlopen(f"{http}/api/lattice/events") as stream:
    began, count = time.monotonic(), 0
    while time.monotonic() - began < (5 if QUICK else 15):
        count += len(stream.readline())
    line("summary events of one node", "B/s", count / (time.monotonic() - began), "<=1024")
