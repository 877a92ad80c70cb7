"""The story of `lattice demo`: steps on the screen and in the nodes, the operator's keys, scripts and options that are refused. Usage: demo_story.py."""
import os, re, subprocess, tempfile

from demo_run import Demo, lattice
from outside import check, get, wait_until

SCRIPT = """
step agree
en ALL-AGREE
pt TODOS
until p2p 30
for 1
step tell
en TELL-ALL
put 2 demo/told {"v": 0}
for 4
step cut
en CUT-NOW of {nodes}
pt CORTADA
show countdown
p2p reset
until http 30
for 1
step both
en BOTH-CUT
show all
http cut
put 2 demo/new {"v": 1}
until isolated 60
for 1
step open
en OPEN-AGAIN
p2p open
http open
until agree 60
for 1
step end
en THE-END
"""


def status(port):
    return get(port, "/api/lattice/p2p/status").json()


def run(*arguments):
    return subprocess.run([lattice, "demo", *arguments], capture_output=True, timeout=20)


# --- what is refused, before anything is started ---
with tempfile.NamedTemporaryFile("w", suffix=".story") as bad:
    bad.write("step one\nsing la\n")
    bad.flush()
    for arguments, words in ((("--nodes", "1"), b"from 2 to 9"), (("--nodes", "ten"), b"from 2 to 9"), (("--script", bad.name), b"line 2 of the script, 'sing la'"),
                             (("--script", "/nowhere"), b"'/nowhere'")):
        answer = run(*arguments)
        check("%s is refused" % " ".join(arguments), answer.returncode in (1, 64) and words in answer.stderr, (answer.returncode, answer.stderr))

# --- a story with real cuts ---
with tempfile.NamedTemporaryFile("w", suffix=".story") as script:
    script.write(SCRIPT)
    script.flush()
    timers = {"LATTICE_PEERLESS_TIMEOUT": "2", "LATTICE_HTTP_POLL_INTERVAL": "0.5", "LATTICE_RECOVER_HOLD": "1"}
    demo = Demo("--script", script.name, **timers)
    ports = wait_until("each node names the others", 5, lambda: len(demo.ports()) == 3 and demo.ports())
    own = (ports - set(demo.children().values())).pop()
    wait_until("the first sentence is told", 5, lambda: demo.shows(b"ALL-AGREE"))
    wait_until("then the second", 35, lambda: demo.shows(b"TELL-ALL"))
    wait_until("an entry of one node is on all others by gossip", 3, lambda: all(get(p, "/api/lattice/state/demo%2Ftold").status == 200 for p in ports))
    wait_until("P2P is cut", 10, lambda: demo.shows(b"CUT-NOW of 3"))
    wait_until("HTTP carries on all nodes", 15, lambda: {status(p)["sync_mode"] for p in ports} == {"HTTP"})
    wait_until("HTTP is cut too", 15, lambda: demo.shows(b"BOTH-CUT"))
    wait_until("nothing carries on any node", 30, lambda: {status(p)["sync_mode"] for p in ports} == {"NONE"})
    check("the entry has not left its node", get(own, "/api/lattice/state/demo%2Fnew").status == 404)
    wait_until("the alarm is shown", 5, lambda: demo.shows(b"ISOLATED"))
    wait_until("both are open again", 30, lambda: demo.shows(b"OPEN-AGAIN"))
    wait_until("the entry is on all nodes", 60, lambda: all(get(p, "/api/lattice/state/demo%2Fnew").status == 200 for p in ports))
    wait_until("P2P carries on all nodes", 60, lambda: {status(p)["sync_mode"] for p in ports} == {"P2P"})
    wait_until("all show one root", 5, lambda: len({get(p, "/api/lattice/divergence").json()["root"] for p in ports}) == 1)
    wait_until("the last sentence is told", 60, lambda: demo.shows(b"THE-END"))
    demo.type(b" ")
    wait_until("Space pauses the story", 3, lambda: demo.shows(b"PAUSED"))
    demo.type(b"r")
    wait_until("r begins it anew", 5, lambda: demo.shows(b"ALL-AGREE"))
    demo.type(b".")
    wait_until("a dot goes a step on", 5, lambda: demo.shows(b"TELL-ALL"))
    demo.type(b"hy")
    wait_until("the operator's own keys work", 5, lambda: status(own)["requested_mode"] == "http")
    demo.end()

# --- other nodes than three, another language ---
    demo = Demo("--script", script.name, "--nodes", "2", others=1, LC_ALL="pt_BR.UTF-8")
    wait_until("a demo of two tells its story in Portuguese", 10, lambda: demo.shows(b"TODOS"))
    demo.end()
print("the story is told, with real cuts")
