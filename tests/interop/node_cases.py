"""Real nodes and js-libp2p: three nodes that know only a js peer in their middle are live by what it passes on and stay in step; a js peer that only
connects, and says nothing of any state, is connected and not live. node_cases.py LATTICE NODE FOLDER (of peer.js with what it needs)"""
import time

from nodes import FOLDER, NODE, Node, expect_soon, run_cases
from peers import Peer, check

TOPIC = "aethel/lattice/v1"


def relayed(nodes, middle):
    keys = [node.key for node in nodes]
    for node in nodes:
        node.start(keys, "--peer", middle)
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
    node.start([node.key], "--peer", silent)
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


run_cases(both)
