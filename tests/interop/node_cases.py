"""Real nodes and js-libp2p: three nodes that know only a js peer in their middle are live by what it passes on and stay in step; a js peer that only
connects, and says nothing of any state, is connected and not live. node_cases.py LATTICE NODE FOLDER (of peer.js with what it needs)"""
import json
import os
import subprocess
import sys
import tempfile
import time

from peers import PATIENCE, Failure, Peer, check, main

LATTICE, NODE, FOLDER = sys.argv[1:4]
TOPIC = "aethel/lattice/v1"


def expect_soon(text, condition):
    end = time.monotonic() + PATIENCE
    while True:
        try:
            if condition():
                return
        except OSError:
            pass  # its API is not there yet
        check(time.monotonic() < end, text)
        time.sleep(0.1)


class Node:
    """`lattice node` on ports of the system's choice."""

    everyone = []

    def __init__(self, work, number):
        self.dir = os.path.join(work, str(number))
        os.mkdir(self.dir, 0o700)
        said = subprocess.run([LATTICE, "id", "--new", "--json", "--state-dir", self.dir], check=True, capture_output=True, text=True)
        self.key = json.loads(said.stdout)["public_key"]
        self.process = None

    def start(self, keys, middle):
        environment = dict(os.environ, LATTICE_TRUSTED_KEYS=",".join(keys))
        command = [LATTICE, "node", "--state-dir", self.dir, "--api", "127.0.0.1:0", "--listen", "/ip4/127.0.0.1/tcp/0"]
        self.log = open(os.path.join(self.dir, "log"), "w+")
        self.process = subprocess.Popen(command + ["--peer", middle], env=environment, stdout=self.log, stderr=self.log)
        Node.everyone.append(self)

    def run(self, *words):
        done = subprocess.run([LATTICE, *words, "--state-dir", self.dir], capture_output=True, text=True)
        return done.stdout if done.returncode in (0, 1, 2) else ""

    def status(self):
        text = self.run("status", "--json")
        return json.loads(text) if text else None

    def lung(self):
        status = self.status()
        return status["lung"] if status else {"state": "", "peers_live": 0, "peers_connected": 0}


def relayed(nodes, middle):
    keys = [node.key for node in nodes]
    for node in nodes:
        node.start(keys, middle)
    for node in nodes:
        expect_soon("a node behind the js peer is not live", lambda: node.lung()["state"] == "P2P")
    for i, node in enumerate(nodes):
        node.run("put", f"relay/{i}", str(i))
    for node in nodes:
        for i in range(len(nodes)):
            expect_soon("an entry does not come through the js peer", lambda: node.run("get", f"relay/{i}").strip() == str(i))
    expect_soon("the roots differ", lambda: len({node.status()["state"]["root"] for node in nodes}) == 1)


def only_connected(node, silent):
    """A peer that subscribes to nothing of ours relays nothing, and holds off no countdown."""
    node.start([node.key], silent)
    expect_soon("the silent js peer is not connected", lambda: node.lung()["peers_connected"] == 1)
    time.sleep(2)
    lung = node.lung()
    check(lung["peers_live"] == 0 and lung["state"] == "STARTING", f"a silent peer counts: {lung}")


def both(work):
    middle = Peer("js", NODE, f"{FOLDER}/peer.js", "--topic", TOPIC)
    relayed([Node(work, i) for i in range(3)], middle.address)
    print("three nodes stay in step through a js peer", flush=True)
    silent = Peer("js", NODE, f"{FOLDER}/peer.js", "--gossip", "off")
    only_connected(Node(work, 3), silent.address)
    print("a js peer that only connects is not live", flush=True)


def run():
    with tempfile.TemporaryDirectory(prefix="lattice-test.") as work:
        try:
            both(work)
        except Failure:
            for node in Node.everyone:
                node.log.seek(0)
                print(node.log.read()[-3000:])
            raise
        finally:
            for node in Node.everyone:
                node.process.terminate()
                node.process.wait()


main(run)
