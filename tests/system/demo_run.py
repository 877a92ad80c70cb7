"""Shared by the demo's tests: a demo in a pseudo-terminal, seen by its screen, its processes and its nodes' APIs."""
import fcntl, glob, json, os, pty, re, select, signal, struct, subprocess, sys, termios, time

from outside import check, get, wait_until

lattice = os.environ["LATTICE"]


class Demo:
    def __init__(self, *arguments, others=2, **environment):
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm-256color", LC_ALL="C.UTF-8", LATTICE_PEERLESS_TIMEOUT="3")
            os.environ.update(environment)
            os.execv(lattice, ["lattice", "demo", *arguments])
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.screen = b""
        self.folder = wait_until("the demo makes its folder", 10, self.find_folder)
        wait_until("the children run", 10, lambda: len(self.children()) == others)
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
            if len(words) > 1 and words[1] == "demo-node" and any(w.startswith(self.folder + "/") for w in words):
                found[int(path.split("/")[2])] = int(words[words.index("--api") + 1].rsplit(":", 1)[1])
        return found

    def ports(self):
        """Of all nodes: a child names the others as HTTP peers. Nothing while one does not answer yet."""
        ports = set()
        for port in self.children().values():
            try:
                urls = get(port, "/api/lattice/nodes").json()["nodes"]
            except (OSError, KeyError):
                return set()
            ports |= {port} | {int(re.search(r":(\d+)", url).group(1)) for url in urls}
        return ports

    def type(self, keys):
        os.write(self.terminal, keys)

    def shows(self, text):
        """Has this stood on the screen since the last call that found something?"""
        self.read()
        at = self.screen.find(text)
        if at < 0:
            return False
        self.screen = self.screen[at + len(text):]
        return True

    def end(self):
        os.kill(self.pid, signal.SIGTERM)
        wait_until("the demo's processes are gone", 8, self.is_gone)
        wait_until("the first process has ended", 3, self.ended)
        os.close(self.terminal)

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
    """Do both others carry state to this node, with its root?"""
    try:
        doc = get(port, "/api/lattice/divergence").json()
        same = [p for p in doc["peers"] if p["live"] and p["agreement"] == "equal" and p["root"] == doc["root"]]
    except (OSError, KeyError):
        return False
    return len(same) == 2 and doc["root"]
