"""`lattice demo` in a pseudo-terminal, ended in every way: three nodes in agreement while it runs, none of them after it. Usage: demo_ends.py."""
import glob, json, os, signal, subprocess

from demo_run import Demo, agree, lattice
from outside import check, get, wait_until


# --- three nodes in agreement over P2P, each in its own words ---
with open("quiet.story", "w") as script:
    script.write("step quiet\nen Nothing happens.\nfor 3600\n")
demo = Demo("--script", "quiet.story")
ports = wait_until("each node names the others", 5, lambda: len(demo.ports()) == 3 and demo.ports())
roots = {wait_until("node at %d agrees with both others" % port, 20, lambda: agree(port)) for port in ports}
check("all three have one root", len(roots) == 1, roots)
check("with 300 entries", get(min(ports), "/api/lattice/state?summary=1").json()["entry_count"] == 300)
check("P2P carries", {get(p, "/api/lattice/p2p/status").json()["sync_mode"] for p in ports} == {"P2P"})
demo.read()
check("the console is drawn", b"lisbon-1" in demo.screen and b"DEMO" in demo.screen and b"Nothing happens." in demo.screen, demo.screen[-300:])

# --- killed: its children follow; the folder that is left goes with the next demo ---
os.kill(demo.node, signal.SIGKILL)
wait_until("after kill -9 no process is left within 6 s", 6, demo.is_gone)
wait_until("the process that waited has ended", 2, demo.ended)
check("by the same signal, so that the shell says what happened", demo.code == -signal.SIGKILL, demo.code)
check("a kill leaves the folder", os.path.isdir(demo.folder))
once = subprocess.run([lattice, "demo", "--once", "--json"], capture_output=True, timeout=20)
check("the next demo removes it", not os.path.exists(demo.folder))
snapshot = json.loads(once.stdout)
others = [n for n in snapshot["peers"] + snapshot["sources"] if n["agreement"] == "equal" and n["trusted"] and n["root"] == snapshot["state"]["root"]]
check("--once --json shows agreement, over the lung that was there first", snapshot["state"]["keys"] == 300 and others, snapshot)
check("and is no alarm", once.returncode in (0, 1) and not once.stderr, (once.returncode, once.stderr))
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
