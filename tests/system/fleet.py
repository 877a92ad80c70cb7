"""The view of many nodes, opened from the console of a node in the same process, on a pseudo-terminal. Usage: fleet PROGRAM FOLDER PORT ..."""
import json
import os
import signal
import sys
import time
import urllib.request

from screen import Screen

program, work, home, one, two, dead = sys.argv[1:]


def add(screen, port):
    screen.type("+")
    screen.expect_shown("Add (ssh")
    screen.type(f"http://127.0.0.1:{port}\r")


def answers(port):
    try:
        return urllib.request.urlopen(f"http://127.0.0.1:{port}/livez", timeout=2).status == 200
    except OSError:
        return False


own = ["--state-dir", f"{work}/home", "--api", f"127.0.0.1:{home}", "--name", "home", "--no-p2p", "--env-file", "/dev/null"]
s = Screen(program, ["console", *own])
s.expect_whole("LUNGS")

# o: the node in the process is the first row; Esc goes back to it, o as well.
s.type("o")
s.expect_whole("1 node, 1 live")
s.expect_whole("embedded")
s.type("\x1b")
s.expect_whole("LUNGS")
s.type("o")
s.expect_whole("1 node, 1 live")
s.type("o")
s.expect_whole("LUNGS")
s.type("o")
s.expect_whole("1 node, 1 live")

# +: a bad target says what is wrong with it and stays to be mended; a good one is there.
s.type("+")
s.expect_shown("Add (ssh")
s.type("htp:/x\r")
s.expect_shown("not a URL")
s.type("\x15")
s.type(f"http://127.0.0.1:{one}\r")
s.expect_whole("2 nodes, 2 live")
add(s, two)
s.expect_whole("3 nodes, 3 live")
add(s, dead)
s.expect_whole("4 nodes, 3 live")
s.expect_whole("retry in")

# r tries at once; - asks, and takes it away.
s.type("r")
s.expect_whole("retry in")
s.type("-")
s.expect_shown("Remove")
s.type("n")
s.expect_whole("4 nodes, 3 live")
s.type("-")
s.expect_shown("Remove")
s.type("y")
s.expect_whole("3 nodes, 3 live")

# Into a node and back: Esc, and o. Its console is there with its own name.
s.type("/two\r")
s.expect_whole("1 of 3")
s.type("\r")
s.expect_whole("two [http")
s.type("\x1b")
s.expect_whole("3 nodes, 3 live")
s.type("\r")
s.expect_whole("two [http")
s.type("q")
s.expect_shown("s stop")  # a node would end with this console, though not the one that is shown
s.type("\x1b")
s.read(0.3)
s.type("o")
s.expect_whole("3 nodes, 3 live")
s.type("\x1b")
s.read(0.3)

# The node of the console stays.
s.type("/home\r")
s.expect_whole("1 of 3")
s.type("-")
s.expect_shown("stays")
s.type("\x1b")
s.read(0.3)

# Keys of console.ini, while it runs; a mistake is told with file and line.
with open(f"{work}/config/lattice/console.ini", "w") as out:
    out.write("[keys]\nadd = A\nfilter = F\n")
os.chmod(f"{work}/config/lattice/console.ini", 0o600)
s.expect_shown("A add")
s.expect_shown("F find")
with open(f"{work}/config/lattice/console.ini", "w") as out:
    out.write("[console]\nbell = loud\n")
s.expect_shown("console.ini:2: bell")

# q asks: the node runs in here.
s.type("q")
s.expect_shown("leave it running")
s.type("\x1b")
s.read(0.3)

# The terminal goes: the node stays.
if not answers(home):
    sys.exit("the node does not answer")
os.kill(s.pid, signal.SIGHUP)
os.close(s.fd)
time.sleep(1.5)
if not answers(home):
    sys.exit("the node has gone with its terminal")
os.waitpid(s.pid, 0)

# From outside: attach to it, the view, the other node beside it, and out.
s = Screen(program, ["attach", f"http://127.0.0.1:{home}"])
s.expect_whole("home [http")
s.type("o")
s.expect_whole("1 node, 1 live")
add(s, one)
s.expect_whole("2 nodes, 2 live")
s.end()

# What outlived its terminal is ended from here.
with urllib.request.urlopen(f"http://127.0.0.1:{home}/api/lattice/snapshot", timeout=5) as answer:
    os.kill(json.load(answer)["pid"], signal.SIGTERM)
