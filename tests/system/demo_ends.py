"""`lattice demo` in a pseudo-terminal, ended in every way: three nodes in agreement while it runs, none of them after it. Usage: demo_ends.py."""
import fcntl, glob, json, os, pty, re, select, signal, struct, subprocess, sys, termios, time

from outside import check, get, wait_until

lattice = os.environ["LATTICE"]


class Demo:
    def __init__(self):
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm-256color", LC_ALL="C.UTF-8", LATTICE_PEERLESS_TIMEOUT="3")
            os.execv(lattice, ["lattice", "demo"])
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.screen = b""
        self.folder = wait_until("the demo makes its folder", 10, self.find_folder)
        wait_until("two children run", 10, lambda: len(self.children()) == 2)
        self.node = int(self.folder.rsplit(".", 1)[1])

    def find_folder(self):
        """The one whose number is this process, or a child of it."""
        self.read()
        for folder in glob.glob("/tmp/lattice-demo.*"):
            number = folder.rsplit(".", 1)[1]
            if number.isdigit() and (int(number) == self.pid or parent_of(int(number)) == self.pid):
                return folder

    def read(self):
        while self.terminal is not None and select.select([self.terminal], [], [], 0)[0]:
            try:
                piece = os.read(self.terminal, 65536)
            except OSError:
                return
            if not piece:
                return
            self.screen = (self.screen + piece)[-200000:]

    def children(self):
        """pid -> port of its API, of the nodes that run in this demo's folder."""
        self.read()
        found = {}
        for path in glob.glob("/proc/[0-9]*/cmdline"):
            try:
                words = open(path).read().split("\0")
            except OSError:
                continue
            if len(words) > 1 and words[1] == "node" and any(w.startswith(self.folder + "/") for w in words):
                found[int(path.split("/")[2])] = int(words[words.index("--api") + 1].rsplit(":", 1)[1])
        return found

    def ports(self):
        """Of all three: a child names the two others as HTTP peers."""
        ports = set()
        for port in self.children().values():
            ports |= {port} | {int(re.search(r":(\d+)", url).group(1)) for url in get(port, "/api/lattice/nodes").json()["nodes"]}
        return ports

    def ended(self):
        self.read()
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if pid:
            self.code = os.waitstatus_to_exitcode(status)
        return pid != 0

    def is_gone(self):
        return not self.children() and not os.path.exists("/proc/%d" % self.node)


def parent_of(pid):
    try:
        return int(open("/proc/%d/stat" % pid).read().rsplit(")", 1)[1].split()[1])
    except OSError:
        return 0


def agree(port):
    """Has this node compared itself with both others, and found them equal?"""
    try:
        doc = get(port, "/api/lattice/divergence").json()
    except OSError:
        return False
    return len(doc["sources"]) == 2 and all(s["equal"] is True for s in doc["sources"]) and doc["root"]


# --- three nodes in agreement, each in its own words; an entry of one reaches the others ---
demo = Demo()
ports = wait_until("each node names the others", 5, lambda: len(demo.ports()) == 3 and demo.ports())
roots = {wait_until("node at %d agrees with both others" % port, 10, lambda: agree(port)) for port in ports}
check("all three have one root", len(roots) == 1, roots)
check("with 300 entries", get(min(ports), "/api/lattice/state?summary=1").json()["entry_count"] == 300)
wait_until("HTTP carries after the countdown", 10, lambda: {get(p, "/api/lattice/p2p/status").json()["sync_mode"] for p in ports} == {"HTTP"})
demo.read()
check("the console is drawn", b"lisbon-1" in demo.screen and b"DEMO" in demo.screen, demo.screen[-300:])

# --- killed: its children follow; the folder that is left goes with the next demo ---
os.kill(demo.node, signal.SIGKILL)
wait_until("after kill -9 no process is left within 6 s", 6, demo.is_gone)
wait_until("the process that waited has ended", 2, demo.ended)
check("by the same signal, so that the shell says what happened", demo.code == -signal.SIGKILL, demo.code)
check("a kill leaves the folder", os.path.isdir(demo.folder))
once = subprocess.run([lattice, "demo", "--once", "--json"], capture_output=True, timeout=20)
check("the next demo removes it", not os.path.exists(demo.folder))
snapshot = json.loads(once.stdout)
check("--once --json shows three nodes in agreement", len(snapshot["sources"]) == 2 and snapshot["state"]["keys"] == 300 and
      all(s["agreement"] == "equal" and s["trusted"] and s["root"] == snapshot["state"]["root"] for s in snapshot["sources"]), snapshot["sources"])
check("and is attention: nobody is there over P2P", once.returncode == 1 and not once.stderr, (once.returncode, once.stderr))
os.close(demo.terminal)

# --- every other way to end: nothing is left at all ---
def hang_up(d):
    os.close(d.terminal)
    d.terminal = None


def quit_by_key(d):
    os.write(d.terminal, b"q")


for how, end, code in (("the waiting process is killed", lambda d: os.kill(d.pid, signal.SIGKILL), -signal.SIGKILL),
                       ("SIGTERM", lambda d: os.kill(d.pid, signal.SIGTERM), 0), ("the terminal is gone", hang_up, None), ("q", quit_by_key, 0)):
    demo = Demo()
    wait_until("the console is drawn", 5, lambda: demo.read() or b"DEMO" in demo.screen)
    end(demo)
    wait_until("%s: no process is left within 6 s" % how, 6, demo.is_gone)
    wait_until("%s: the first process has ended" % how, 3, demo.ended)
    check("%s: with the right code" % how, code is None or demo.code == code, demo.code)
    wait_until("%s: the folder is removed" % how, 2, lambda: not os.path.exists(demo.folder))
    if code == 0:
        check("%s: the terminal is restored" % how, b"\x1b[?1049l" in demo.screen and b"\x1b[?25h" in demo.screen.replace(b"\x1b[?12l\x1b[?25h", b"\x1b[?25h"), demo.screen[-200:])
    if demo.terminal is not None:
        os.close(demo.terminal)
print("the demo's nodes agree, and end with it")
