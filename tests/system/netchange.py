"""NETCHANGE on the real rtnetlink, in a network namespace of this process. Usage: netchange.py FOLDER."""
import fcntl, os, signal, socket, struct, subprocess, sys, time

from outside import check, get, wait_until

SIOCSIFFLAGS, SIOCSIFADDR, IFF_UP, IFF_RUNNING = 0x8914, 0x8916, 0x1, 0x40
lattice, folder = os.environ["LATTICE"], sys.argv[1]


def loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", IFF_UP | IFF_RUNNING))


def add_address(name, address):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, SIOCSIFADDR, struct.pack("16sH2x4s8x", name, socket.AF_INET, socket.inet_aton(address)))


def start(name, port, *arguments):
    return subprocess.Popen([lattice, "node", "--env-file", "/dev/null", "--name", name, "--state-dir", folder + "/" + name, "--api", "127.0.0.1:%d" % port,
                             "--no-p2p", *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def polls():
    """How often the source was asked."""
    return get(8100, "/api/lattice/snapshot").json()["sources"][0]["polls"]


loopback_up()
os.environ.update(LATTICE_HTTP_POLL_INTERVAL="600")
nodes = [start("asked", 8101), start("asks", 8100, "--http-peer", "http://127.0.0.1:8101")]
try:
    def carried():
        try:
            return get(8100, "/api/lattice/p2p/status").json()["sync_mode"] == "HTTP"
        except OSError:
            return False
    wait_until("HTTP carries", 20, carried)
    wait_until("the source was asked", 5, polls)
    time.sleep(1.5)  # what began with the carrying has ended
    before = polls()
    time.sleep(2)
    check("and is left alone then", polls() == before)
    for n in range(2, 6):
        add_address(b"lo:%d" % n, "127.0.1.%d" % n)
    wait_until("a changed network has it asked again, ten minutes before its time", 5, lambda: polls() > before)
    check("once for one change", polls() <= before + 2, (before, polls()))
finally:
    for node in nodes:
        node.send_signal(signal.SIGTERM)
    for node in nodes:
        node.wait(10)
print("a changed network has the source asked at once")
