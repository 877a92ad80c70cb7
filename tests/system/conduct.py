"""The console of the built program in a pseudo-terminal: whatever ends it, the terminal is as it was; a lost link leaves the node running, to be found
by `lattice attach`; no size and no terminal type does harm. Usage: conduct.py FOLDER."""
import fcntl, os, pty, random, re, select, signal, struct, subprocess, sys, termios, time

from outside import check, wait_until

lattice, folder = os.environ["LATTICE"], sys.argv[1]
SILENT = ["--listen", "/ip4/127.0.0.1/tcp/0", "--api", "127.0.0.1:0"]


class Console:
    """One program on a terminal of its own. The slave stays open here, so that its settings can be looked at when the program has gone."""

    def __init__(self, name, *options, term="xterm-256color", locale="C.UTF-8", rows=24, columns=80, controlling=True, new=True):
        self.dir = os.path.join(folder, name)
        if new:
            subprocess.run([lattice, "id", "new", "--state-dir", self.dir], check=True, stdout=subprocess.DEVNULL)
        self.terminal, self.slave = pty.openpty()
        self.resize(rows, columns)
        self.before = termios.tcgetattr(self.slave)
        self.screen = b""
        self.pid = os.fork()
        if self.pid == 0:
            os.setsid()
            if controlling:
                fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)
            for fd in range(3):
                os.dup2(self.slave, fd)
            os.closerange(3, 64)
            os.environ.update(TERM=term, LC_ALL=locale)
            os.execv(lattice, ["lattice", *options, "--state-dir", self.dir, *SILENT])

    def resize(self, rows, columns):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self):
        while self.terminal is not None and select.select([self.terminal], [], [], 0)[0]:
            self.screen = (self.screen + os.read(self.terminal, 65536))[-400000:]
        return self.screen

    def shows(self, text):
        return text in self.read()

    def key(self, text):
        os.write(self.terminal, text)

    def process(self):
        """The one that holds the terminal: the first waits for a child."""
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                if int(open("/proc/%s/stat" % pid).read().rsplit(")", 1)[1].split()[1]) == self.pid:
                    return int(pid)
            except OSError:
                continue
        return self.pid

    def ended(self):
        self.read()
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if pid:
            self.code = os.waitstatus_to_exitcode(status)
        return pid != 0

    def settings_are_back(self):
        return termios.tcgetattr(self.slave) == self.before

    def check_left_clean(self, how):
        wait_until("%s: the settings of the terminal are back" % how, 2, self.settings_are_back)
        tail = self.read()
        for name, on, off in (("alternate screen", b"\x1b[?1049h", b"\x1b[?1049l"), ("keypad", b"\x1b=", b"\x1b>"), ("paste mode", b"\x1b[?2004h", b"\x1b[?2004l"),
                              ("mouse", b"\x1b[?1000h", b"\x1b[?1000l")):
            check("%s: the %s is left" % (how, name), tail.rfind(off) >= tail.rfind(on), tail[-300:])
        check("%s: the cursor is shown" % how, tail.rfind(b"\x1b[?25l") < max(tail.rfind(b"\x1b[?25h"), tail.rfind(b"\x1b[?12l\x1b[?25h")), tail[-300:])

    def close(self):
        for fd in (self.terminal, self.slave):
            if fd is not None:
                os.close(fd)
        self.terminal = self.slave = None


def drawn(name, *options, **how):
    c = Console(name, *options, **how)
    wait_until("%s: the console is drawn" % name, 10, lambda: c.shows(b"quit"))
    return c


# --- every way to be ended ---
for how, signals, code in (("SIGTERM", [signal.SIGTERM], 0), ("SIGINT twice", [signal.SIGINT] * 2, None), ("SIGQUIT", [signal.SIGQUIT], -signal.SIGQUIT),
                           ("SIGSEGV", [signal.SIGSEGV], -signal.SIGSEGV), ("SIGABRT", [signal.SIGABRT], -signal.SIGABRT)):
    c = drawn("by-" + how.split()[0])
    c.key(b"m")
    wait_until("%s: the mouse is taken before" % how, 3, lambda: c.shows(b"\x1b[?1000h"))
    for number in signals:
        os.kill(c.process(), number)
        time.sleep(0.3)
    wait_until("%s ends the console within 5 s" % how, 5, c.ended)
    c.check_left_clean(how)
    check("%s: the shell sees how it ended" % how, code is None or c.code == code, c.code)
    c.close()

c = drawn("by-key")
c.key(b"q")
wait_until("q asks, for a node is running here", 3, lambda: c.shows(b"node"))
c.key(b"s")
wait_until("and s stops it", 6, c.ended)
c.check_left_clean("q")
c.close()

# --- a node that cannot be started: the screen is there before the node, and gives way to the reason ---
c = drawn("held")
wait_until("the first holds the folder", 5, lambda: b"starting" not in c.screen or os.path.exists(os.path.join(c.dir, "api.sock")))
second = Console("held", new=False)
wait_until("a second one on the same folder ends", 5, second.ended)
check("it says who holds it", b"held by process" in second.read().split(b"\x1b[?1049l")[-1], second.screen[-300:])
check("and that a lock is why", second.code == 75, second.code)
second.check_left_clean("a second start")
second.close()
os.kill(c.process(), signal.SIGTERM)
wait_until("the first ends", 5, c.ended)
c.close()

# --- Ctrl-Z and fg ---
c = drawn("stopped")
inner = c.process()
c.key(b"\x1a")
wait_until("Ctrl-Z gives the terminal back", 3, lambda: c.read().rfind(b"\x1b[?1049l") > c.screen.rfind(b"\x1b[?1049h") and c.settings_are_back())
wait_until("and stops", 3, lambda: open("/proc/%d/stat" % inner).read().rsplit(")", 1)[1].split()[0] == "T")
c.screen = b""
os.killpg(os.getpgid(inner), signal.SIGCONT)
wait_until("fg draws it anew", 3, lambda: c.shows(b"\x1b[?1049h") and c.shows(b"quit"))
os.kill(inner, signal.SIGTERM)
wait_until("and it ends as before", 5, c.ended)
c.check_left_clean("after fg")
c.close()


# --- a lost link: the node goes on, and is found ---
def status(state_dir, *options):
    return subprocess.run([lattice, "status", *options, "--state-dir", state_dir], capture_output=True, text=True, timeout=10)


def lose_link(name, lose, **how):
    c = drawn(name, **how)
    inner = c.process()
    cpu = lambda: sum(map(int, open("/proc/%d/stat" % inner).read().rsplit(")", 1)[1].split()[11:13]))
    lose(c)
    wait_until("%s: the console's thread ends within 1 s" % name, 1, lambda: not any(os.readlink("/proc/%d/fd/%s" % (inner, fd)).startswith("/dev/pts")
               for fd in os.listdir("/proc/%d/fd" % inner) if os.path.islink("/proc/%d/fd/%s" % (inner, fd))) or c.ended())
    before = cpu()
    time.sleep(1)
    check("%s: it does not spin" % name, cpu() - before < 20, cpu() - before)
    put = subprocess.run([lattice, "put", "after", "1", "--state-dir", c.dir], capture_output=True, text=True, timeout=10)
    check("%s: the node takes writes" % name, put.returncode == 0, put.stderr)
    found = Console(name, "attach", new=False)
    wait_until("%s: attach finds it" % name, 5, lambda: found.shows(b"quit") and found.shows(b"1 key"))
    found.key(b"q")
    wait_until("%s: q detaches without a question" % name, 3, found.ended)
    found.check_left_clean("attach after " + name)
    found.close()
    check("%s: detaching leaves the node" % name, status(c.dir).returncode in (0, 1))
    os.kill(inner, signal.SIGTERM)
    wait_until("%s: SIGTERM ends the node within 5 s" % name, 5, lambda: not os.path.exists("/proc/%d" % inner) or c.ended())
    if c.slave is not None:
        c.close()


def hang_up(c):
    os.close(c.terminal)
    c.terminal = None


lose_link("hang-up", lambda c: os.kill(c.process(), signal.SIGHUP))
lose_link("line-cut", hang_up)
lose_link("line-cut-without-a-signal", hang_up, controlling=False)

# --- sizes and terminal types ---
c = drawn("sizes")
inner = c.process()
dice = random.Random(7)
for rows, columns in [(1, 1), (200, 500), (1, 500), (200, 1), (2, 2)] + [(dice.randint(1, 200), dice.randint(1, 500)) for _ in range(60)]:
    c.resize(rows, columns)
    os.kill(inner, signal.SIGWINCH)
    time.sleep(dice.random() * 0.02)
    c.read()
c.resize(24, 80)
os.kill(inner, signal.SIGWINCH)
time.sleep(0.3)
c.screen = b""
c.key(b"\x0c")
wait_until("after a storm of sizes it is drawn whole", 3, lambda: c.shows(b"quit") and c.shows(b"LUNGS"))
os.kill(inner, signal.SIGTERM)
wait_until("and ends", 5, c.ended)
c.check_left_clean("sizes")
c.close()

for term, locale in (("linux", "C.UTF-8"), ("vt100", "C.UTF-8"), ("screen-256color", "C"), ("xterm", "C"), ("vt100", "C")):
    c = drawn("%s-%s" % (term, locale), term=term, locale=locale)
    if locale == "C":
        check("%s: LC_ALL=C is shown ASCII alone" % term, not re.search(rb"[\x80-\xff]", c.read()), c.screen[-200:])
    os.kill(c.process(), signal.SIGTERM)
    wait_until("%s: SIGTERM ends it" % term, 5, c.ended)
    wait_until("%s: the settings are back" % term, 2, c.settings_are_back)
    c.close()

c = Console("dumb", term="dumb")
wait_until("a terminal that cannot place a cursor is refused, or gets plain text", 5, lambda: c.ended() or len(c.read()) > 0)
check("dumb: no escapes", b"\x1b[" not in c.read(), c.screen[:200])
if not hasattr(c, "code"):
    os.kill(c.process(), signal.SIGTERM)
    wait_until("dumb: it ends", 5, c.ended)
check("dumb: the settings are back", c.settings_are_back())
c.close()
print("the terminal is left as it was, and a lost link leaves the node")
