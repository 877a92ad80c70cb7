"""The fleet view and a node's console through SSH, on a pseudo-terminal: questions before the screen, a stopped server, a killed one."""
import os
import re
import signal
import subprocess
import sys
import time

from screen import Screen

program, work, target, first, api = sys.argv[1:]
first = int(first)


def children(pid):
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True).stdout.split()
    return [int(p) for p in found] + [grand for p in found for grand in children(int(p))]


def config(name, *lines):
    with open(f"{work}/config.{name}", "w") as out:
        out.write("\n".join(["Host *", f" UserKnownHostsFile {work}/known.{name}", " GlobalKnownHostsFile none", " IdentityAgent none", *lines]) + "\n")
    return f"{work}/config.{name}"


# An unknown host and an encrypted key are asked for on the terminal, once.
picture = subprocess.run(["ssh-keygen", "-lvf", f"{work}/host.pub"], capture_output=True, text=True).stdout.splitlines()[1:]
asking = config("asking", f" IdentityFile {work}/idsecret")
s = Screen(program, ["attach", "--ssh-config", asking, target])
s.expect("\r\n".join(picture))
s.expect("Is it the right host?")
s.type("yes\n")
s.expect("Passphrase of")
s.type("wrong\n")
s.expect("That was not it.")
s.type("open sesame\n")
s.expect("LUNGS")
s.end()

# No means no, and nothing is stored.
denied = config("denied", f" IdentityFile {work}/id")
s = Screen(program, ["attach", "--ssh-config", denied, target])
s.expect("Is it the right host?")
s.type("no\n")
s.expect("retry in")
s.end()
if os.path.exists(f"{work}/known.denied"):
    sys.exit("a host that was denied is stored")

# A machine is never asked, though there is a terminal.
mute = config("mute", f" IdentityFile {work}/id")
s = Screen(program, ["attach", "--once", "--json", "--ssh-config", mute, target])
s.expect("no answer from the node", 30)
if "Is it the right host?" in s.text or os.path.exists(f"{work}/known.mute"):
    sys.exit("asked under --json")


def cut():
    """End all sessions of the first server; it takes new ones."""
    for pid in children(first):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def let_in(*keys):
    with open(f"{work}/authorized", "w") as out:
        out.write("".join(open(f"{work}/{key}.pub").read() for key in keys))


def forget_host(name):
    open(f"{work}/known.{name}", "w").close()


def knows_host(name):
    return subprocess.run(["ssh-keygen", "-F", f"[127.0.0.1]:{host_port}", "-f", f"{work}/known.{name}"], capture_output=True).returncode == 0


def print_of(key):
    return subprocess.run(["ssh-keygen", "-lf", f"{work}/{key}.pub"], capture_output=True, text=True).stdout.split()[1]


# What comes up later is asked in the console itself: the host is no longer known, then another key is wanted.
host_port = re.search(r":(\d+)\?", target).group(1)
whole = open(f"{work}/authorized").read()
live = f"[ssh://127.0.0.1:{host_port}]"
later = config("later", f" IdentityFile {work}/id", f" IdentityFile {work}/idsecret")
open(f"{work}/known.later", "w").write(open(f"{work}/known.plain").read())
s = Screen(program, ["attach", "--ssh-config", later, target])
s.expect_whole(live)
forget_host("later")
cut()
s.expect_whole(print_of("host"), 30)
s.read(0.5)
shown = "".join(s.text.split())
missing = [line for line in picture if "".join(line.split()) not in shown]
if missing:
    sys.exit(f"the picture of the key is not beside its question: {missing}")
s.read(0.6)
s.type("y")
s.expect_whole(live, 30)
if not knows_host("later"):
    sys.exit("a host that was let pass is not stored")
let_in("idsecret")
cut()
s.expect("Passphrase:", 30)
s.type("wrong\r")
s.expect("That was not it.")
s.type("open sesame\r")
s.expect_whole(live, 30)
s.end()

# A passphrase that comes when the server has given up waiting is not called wrong: it serves the next connection.
let_in("id")
s = Screen(program, ["attach", "--ssh-config", later, target])
s.expect_whole(live)
let_in("idsecret")
cut()
s.expect("Passphrase:", 30)
cut()
s.type("open sesame\r")
s.expect_whole(live, 30)
s.end()

# The same in lines: nothing of the passphrase is echoed; an empty line gives none.
let_in("id")
s = Screen(program, ["attach", "--plain", "--ssh-config", later, target])
s.expect("State: root")
forget_host("later")
cut()
s.expect("Say yes or no.", 30)
s.type("perhaps\n")
s.expect("means nothing here")
s.type("yes\n")
until = time.monotonic() + 20
while not knows_host("later"):
    if time.monotonic() > until:
        sys.exit("a yes in a line lets nobody pass")
    s.read(0.1)
s.type("state\n")
s.expect("State: root")
s.read(2)
let_in("idsecret")
cut()
s.expect("an empty line gives none.", 30)
s.read(0.3)
s.type("open sesame\n")
s.read(1)
if "sesame" in s.text:
    sys.exit("a passphrase is shown")
s.type("state\n")
s.expect("State: root")
s.type("quit\n")
s.read(2)
os.waitpid(s.pid, 0)
open(f"{work}/authorized", "w").write(whole)

# Many at once, one of them silent: it delays nobody.
config_plain = f"{work}/config.plain"
deaf = __import__("socket").create_server(("127.0.0.1", 0))
silent = f"ssh://127.0.0.1:{deaf.getsockname()[1]}"
s = Screen(program, ["attach", "--ssh-config", config_plain, silent] + [target] * 18 + [f"http://127.0.0.1:{api}"])
s.expect_whole("20 nodes, 19 live", 30)
began = time.monotonic()
s.type("/")
s.expect("/", 2)
s.type("http:")
s.type("\r")
s.expect_whole("1 of 20", 2)
if time.monotonic() - began > 2:
    sys.exit("a key waits for a node")
s.type("\r")
s.expect_whole("LUNGS")
s.type("h")
s.read(0.3)
s.type("\x1b")
s.read(0.3)
s.end()

# A server that is stopped is told by our own clock; one that is ended and comes back is found again.
s = Screen(program, ["attach", "--control", "--ssh-config", config_plain, target, f"http://127.0.0.1:{api}"])
s.expect_whole("2 nodes, 2 live")
stopped = children(first)
for pid in stopped:
    os.kill(pid, signal.SIGSTOP)
s.expect_whole("stale", 25)
for pid in stopped:
    os.kill(pid, signal.SIGCONT)
s.expect_whole("2 live", 20)
for pid in children(first):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
s.expect_whole("1 live", 20)
s.expect_whole("2 live", 20)

# Only with --control, and after a confirmation.
s.type("\r")
s.expect_whole("LUNGS")
s.type("h")
s.expect("Force HTTP", 5)
s.type("y")
s.expect("HTTP", 5)
s.read(1.5)
s.end()
print("consoles through SSH are fine")
