"""A node and js-libp2p on one link, told nothing of each other: each finds the other by mDNS. To be run in a network namespace of its own.
mdns_cases.py LATTICE NODE FOLDER (of peer.js with what it needs)"""
import subprocess

from nodes import FOLDER, NODE, Node, expect_soon, run_cases
from peers import Peer

ADDRESS = "10.77.0.1"


def make_link():
    for words in ("link set lo up", "link add test0 type veth peer name test1", "link set test1 up", "link set test0 up",
                  f"addr add {ADDRESS}/24 dev test0", "route add default dev test0"):
        subprocess.run(["ip", *words.split()], check=True)


def both_find(work):
    node = Node(work, 0)
    node.start([node.key], listen=ADDRESS, LATTICE_MDNS="true")
    expect_soon("the node is not up", lambda: node.status() and node.status()["p2p_listen"])
    js = Peer("js", NODE, f"{FOLDER}/peer.js", "--host", ADDRESS, "--gossip", "off", "--mdns")
    js.wait("discovered", peer=node.status()["peer_id"])
    print("js finds the node", flush=True)
    expect_soon("the node does not find js and connect to it",
                lambda: any(p["id"] == js.id and p["connected"] for p in node.status()["peers"]))
    print("the node finds js, and connects", flush=True)


make_link()
run_cases(both_find)
