"""The lungs of two nodes while a filter blocks P2P, then HTTP, and lifts each: the bounds of STATE-MACHINE section 7. lungs.py WORK [RESULTS]"""
import json
import os
import subprocess
import sys
import threading
import time

from outside import ask, check, get, wait_until
from wire import Wire

WORK, RESULTS = sys.argv[1], (sys.argv[2:] + [None])[0]
LATTICE = os.environ["LATTICE"]
SLOW = os.environ.get("NET_SLOW") == "1"
P2P_PORT, SYNC_PORT, API_PORT = 4001, 8100, 8000

# T_FALLBACK, T_IDLE, T_DEAD, T_EXCHANGE, T_HOLD, T_POLL in seconds: those of the page, or short ones.
FALLBACK, IDLE, DEAD, EXCHANGE, HOLD, POLL = (60, 3, 10, 5, 10, 10) if SLOW else (5, 0.5, 2, 0.5, 2, 0.5)
REDIAL, SOURCE_BACK, HTTP_DEAD = 30, 12, max(30, 3 * POLL)
SLACK = 5  # how much longer than a bound is waited, to see by how much it is missed
LOOK = 0.05


class Node:
    def __init__(self, place):
        self.place, self.folder = place, os.path.join(WORK, place.name)
        self.key, self.id = self.identity()
        self.moves = []  # (Unix seconds, from, to, reason, hold)

    def identity(self):
        words = [LATTICE, "id", "--json", "--state-dir", self.folder]
        subprocess.run([LATTICE, "id", "new", "--state-dir", self.folder], check=True, stdout=subprocess.DEVNULL)
        said = json.loads(subprocess.run(words, check=True, capture_output=True).stdout)
        return said["public_key"], said["peer_id"]

    def start(self, other, trusted):
        settings = {
            "LATTICE_TRUSTED_KEYS": trusted,
            "LATTICE_NODES": "http://%s:%d" % (other.place.address, SYNC_PORT),
            "LATTICE_P2P_BOOTSTRAP": "/ip4/%s/tcp/%d/p2p/%s" % (other.place.address, P2P_PORT, other.id),
            "LATTICE_P2P_LISTEN": "/ip4/%s/tcp/%d" % (self.place.address, P2P_PORT),
            "LATTICE_SYNC_LISTEN": "%s:%d" % (self.place.address, SYNC_PORT),
            "LATTICE_API_LISTEN": "127.0.0.1:%d" % API_PORT,
            "LATTICE_PEERLESS_TIMEOUT": str(FALLBACK), "LATTICE_PING_AFTER": str(IDLE),
            "LATTICE_PEER_DEAD_AFTER": str(DEAD), "LATTICE_HEARTBEAT_INTERVAL": str(EXCHANGE),
            "LATTICE_RECOVER_HOLD": str(HOLD), "LATTICE_HTTP_POLL_INTERVAL": str(POLL),
        }
        self.process = self.place.start([LATTICE, "node", "--name", self.place.name, "--state-dir", self.folder],
                                        open(os.path.join(self.folder, "log"), "ab"), **settings)
        threading.Thread(target=self.watch, daemon=True).start()

    def status(self):
        self.place.enter()
        return get(API_PORT, "/api/lattice/p2p/status").json()

    def put(self, key, value):
        self.place.enter()
        answer = ask(API_PORT, "PUT", "/api/lattice/state/" + key, {"Content-Type": "application/json"}, json.dumps(value))
        check("a put is taken", answer.status in (200, 201), (answer.status, answer.body))

    def value(self, key):
        self.place.enter()
        answer = get(API_PORT, "/api/lattice/state/" + key)
        return answer.json() if answer.status == 200 else None

    def watch(self):
        """Its lung, all the time. The log would tell, but sums up what moves often."""
        self.place.enter()
        state = "STARTING"
        while self.process.poll() is None:
            began = time.monotonic()
            try:
                lung = self.status()["lung"]
            except (OSError, KeyError):  # it does not answer yet, or any more; has no snapshot yet
                lung = {"state": state}
            if lung["state"] != state:
                self.moves.append((time.time() - lung["since_s"], state, lung["state"], lung["reason"], lung["hold_s"]))
                state = lung["state"]
            time.sleep(LOOK)
            note_lateness(time.monotonic() - began - LOOK)

    def wait_for(self, state, since, within, sentence):
        """The move by which it entered the state, not before the instant `since`."""
        def entered():
            return next((move for move in self.moves if move[2] == state and move[0] >= since - LOOK), None)
        return wait_until(sentence, within + SLACK, entered)


figures = []
lateness = 0.0  # of this machine, since the last bound: a look that should have taken no time, and a sleep that should have ended


def note_lateness(seconds):
    global lateness
    lateness = max(lateness, seconds)


def within(name, seconds, least, most):
    """A bound of the page, and a line of the table. A machine that is late itself is given that time."""
    global lateness
    figures.append((name, seconds, most))
    check("%s: %.1f to %.1f s (and %.1f s that the machine was late)" % (name, least, most, lateness),
          least <= seconds <= most + 2 * lateness, round(seconds, 2))
    lateness = 0.0


def no_gap(node, since, until):
    """HTTP carries from `since` on, or P2P does: no state between that carries nothing."""
    states = [move[2] for move in node.moves if since <= move[0] <= until]
    check("no instant without a carrying lung", not {"COUNTDOWN", "ISOLATED", "STARTING"} & set(states), states)


def agree(a, b, name, sentence, seconds):
    a.put(name, 1)
    wait_until(sentence, seconds, lambda: b.value(name) == 1)


def recover(node, lifted, was, name):
    """The filter is gone: peers are dialled within T_REDIAL_MAX, then RECOVERING, then P2P after the hold."""
    back, _, _, _, hold = node.wait_for("RECOVERING" if was == "HTTP" else "P2P", lifted, REDIAL + 1, name + ": a peer is live again")
    within(name + ": a peer is live again", back - lifted, 0, REDIAL + 1)
    if was == "HTTP":
        p2p = node.wait_for("P2P", back, hold + 1, name + ": P2P after the hold")[0]
        check("the hold is longer where it flaps", hold >= HOLD, hold)
        within(name + ": from RECOVERING to P2P, the hold of %g s" % hold, p2p - back, hold - 0.2, hold + 0.5)
        no_gap(node, back, p2p)
    return back


def by_reset(wire, a, b):
    blocked = wire.block(p2p="reject")
    down = a.wait_for("COUNTDOWN", blocked, IDLE + EXCHANGE, "a reset is noticed")
    within("reset: COUNTDOWN", down[0] - blocked, 0, min(IDLE, EXCHANGE) * 1.2 + 0.5)
    check("the reason is told", down[3] in ("last_peer_reset", "last_peer_closed"), down)
    http = a.wait_for("HTTP", down[0], FALLBACK + 0.5, "HTTP carries after the countdown")[0]
    within("reset: from the loss to HTTP, T_FALLBACK = %g s" % FALLBACK, http - down[0], FALLBACK - 0.1, FALLBACK + 0.5)
    agree(b, a, "by-http", "a put of the other arrives by HTTP", 3 * POLL + SLACK)
    lifted = wire.block()
    recover(a, lifted, "HTTP", "reset lifted")
    agree(b, a, "by-p2p-again", "a put of the other arrives by P2P", 2 + SLACK)


def by_silence(wire, a, b):
    blocked = wire.block(p2p="drop")
    down = a.wait_for("COUNTDOWN", blocked, DEAD + 0.5, "silence is noticed")
    within("silent drop: COUNTDOWN, T_DEAD = %g s" % DEAD, down[0] - blocked, 0, DEAD + 0.5)
    check("the reason is told", down[3] == "last_peer_silent", down)
    http = a.wait_for("HTTP", down[0], FALLBACK + 0.5, "HTTP carries after the countdown")[0]
    within("silent drop: from the last byte to HTTP", http - blocked, FALLBACK, DEAD + FALLBACK + 1)


def http_too(wire, a, b):
    blocked = wire.block(p2p="drop", http="drop")
    down = a.wait_for("ISOLATED", blocked, HTTP_DEAD + 1, "both down is noticed")
    within("HTTP down too: ISOLATED", down[0] - blocked, 0, HTTP_DEAD + 1)
    status = a.status()["lung"]
    check("both reasons are told", status["p2p_error"] and status["http_error"], status)
    lifted = wire.block(p2p="drop")
    back = a.wait_for("HTTP", lifted, SOURCE_BACK, "the source returns")[0]
    within("HTTP back: HTTP carries", back - lifted, 0, SOURCE_BACK)
    lifted = wire.block()
    recover(a, lifted, "HTTP", "silent drop lifted")


def both_at_once(wire, a, b):
    blocked = wire.block(p2p="drop", http="drop")
    down = a.wait_for("ISOLATED", blocked, DEAD + FALLBACK + 11, "both down at once is noticed")[0]
    within("both down at once: ISOLATED", down - blocked, FALLBACK, DEAD + max(FALLBACK, 10) + 1.5)
    lifted = wire.block(http="drop")
    recover(a, lifted, "ISOLATED", "both down, peers back")
    check("P2P at once, no countdown, no hold", a.moves[-1][1:3] == ("ISOLATED", "P2P"), a.moves[-1])
    wire.block()


def switch(node, mode, seconds):
    """Force a lung for so long; returns the instant before."""
    node.place.enter()
    began = time.time()
    answer = ask(API_PORT, "POST", "/api/lattice/sync/switch?mode=%s&for=%d" % (mode, seconds))
    check("a lung can be forced", answer.status == 200, (answer.status, answer.body))
    return began


def forced(wire, a, b):
    """A lung that is switched off says nothing on the wire, and a timed forcing ends by itself."""
    a.wait_for("P2P", 0, REDIAL + HOLD + 1, "P2P before forcing")
    began = switch(a, "p2p", 4)
    up = a.wait_for("FP2P_UP", began, 0.1, "P2P is forced")[0]
    within("forced P2P: shown", up - began, 0, 0.1 + LOOK)
    before = wire.sent(a.place, "http")
    time.sleep(3)
    check("no HTTP connection is begun while P2P is forced", wire.sent(a.place, "http") == before)
    check("and none is left", wire.connections(a.place, "http", ends="dport = :{0}") == [])
    back = a.wait_for("P2P", began, 4.1, "the forcing ends")[0]
    within("forced P2P for 4 s: back in auto", back - began, 3.9, 4.1 + LOOK)

    began = switch(a, "http", 4)
    up = a.wait_for("FHTTP_UP", began, 3, "HTTP is forced and finds its source")[0]
    within("forced HTTP: a source is found", up - began, 0, 3)
    time.sleep(1)
    check("no P2P connection while HTTP is forced", wire.connections(a.place, "p2p") == [], wire.connections(a.place, "p2p"))
    back = a.wait_for("HTTP", began, 4.1, "the forcing ends")[0]
    within("forced HTTP for 4 s: back in auto", back - began, 3.9, 4.1 + LOOK)
    p2p = a.wait_for("P2P", back, REDIAL + 170, "P2P again")[0]
    no_gap(a, back, p2p)


def main():
    wire = Wire({"p2p": P2P_PORT, "http": SYNC_PORT})
    a, b = Node(wire.a), Node(wire.b)
    began = time.time()
    for node, other in ((a, b), (b, a)):
        node.start(other, a.key + "," + b.key)
    a.wait_for("P2P", began - 1, REDIAL, "two nodes find each other")
    b.wait_for("P2P", began - 1, REDIAL, "two nodes find each other, the other way too")
    agree(b, a, "by-p2p", "a put of the other arrives by P2P", 2 + SLACK)
    for part in (by_reset, by_silence, http_too, both_at_once, forced):
        part(wire, a, b)
        check("both nodes run", a.process.poll() is None and b.process.poll() is None)
    for node in (a, b):
        node.process.terminate()
        check("it ends with 0", node.process.wait(10) == 0, node.process.returncode)
    wire.close()
    for name, seconds, most in figures:
        print("%7.2f s of %6.2f  %s" % (seconds, most, name))
    if RESULTS:
        with open(RESULTS, "w") as out:
            out.writelines("%s\t%.3f\t%g\n" % figure for figure in figures)


main()
