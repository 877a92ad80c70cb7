"""Connections and gossip of lattice-peer beside those of js-libp2p, in turns: lines for the table (bench.h).
p2p.py LATTICE_PEER FOLDER [NODE]"""
import asyncio
import json
import os
import statistics
import sys
import threading
import time

from peers import Peer

OURS, FOLDER, NODE = (sys.argv[1:] + [None])[:3]
ROUNDS = 3 if os.environ.get("BENCH_ROUNDS") == "3" else 5
DELAY = 0.05  # one way, of the slow line
BULK_MIB = 512
TOPIC = "bench"


def start(ours, *options):
    if ours:
        return Peer("lattice-peer", OURS, "--quiet", *options)
    return Peer("js", NODE, f"{FOLDER}/peer.js", "--quiet", *options)


class SlowLine:
    """Stands before a peer, passes everything on DELAY later, in a thread of its own."""

    def __init__(self, peer):
        self.target = int(peer.address.split("/")[4])
        self.ready = threading.Event()
        threading.Thread(target=lambda: asyncio.run(self.serve()), daemon=True).start()
        self.ready.wait()
        self.address = f"/ip4/127.0.0.1/tcp/{self.port}/p2p/{peer.id}"

    async def serve(self):
        server = await asyncio.start_server(self.accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self.ready.set()
        await server.serve_forever()

    async def accept(self, reader, writer):
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target)
        await asyncio.gather(self.carry(reader, far_writer), self.carry(far_reader, writer), return_exceptions=True)

    async def carry(self, reader, writer):
        loop = asyncio.get_running_loop()
        while data := await reader.read(65536):
            loop.call_later(DELAY, writer.write, data)
        loop.call_later(DELAY, writer.close)


def beside_bulk(one, other):
    """p99 of pings one way while the same connection carries as much as it can the other way, in ms."""
    other.say(f"perf {one.id} {2 * BULK_MIB} 0")
    answer = one.do(f"ping-bench {other.id} 300")
    bulk = other.answer()
    assert bulk["ev"] == "ok", bulk
    return answer["us"]["p99"] / 1000


def measure(ours, figures):
    one, other = start(ours), start(ours)
    line = SlowLine(other)

    def note(name, value):
        figures.setdefault(name, []).append(value)

    dials = 800 if ours else 100
    note("dial 1", one.do(f"hs-bench {other.address} {dials} 1")["per_s"])
    note("dial 8", one.do(f"hs-bench {other.address} {dials} 8")["per_s"])
    note("trips", one.do(f"hs-bench {line.address} 5 1")["ms"]["p50"] / (2000 * DELAY))
    one.do(f"dial {other.address}")
    one.do(f"ping-bench {other.id} 500")
    us = one.do(f"ping-bench {other.id} 5000")["us"]
    note("ping p50", us["p50"])
    note("ping p99", us["p99"])
    note("up", one.do(f"perf {other.id} {BULK_MIB} 0")["mib_s"])
    note("down", one.do(f"perf {other.id} 0 {BULK_MIB}")["mib_s"])
    note("beside", beside_bulk(one, other))
    one.quit()
    other.quit()


def delivered(author, reader, count, size, rate):
    """What the reader has to report of so many messages, once all have come or no more do."""
    reader.do("gossip-reset")
    author.say(f"gossip-bench {count} {size} {rate}")
    answer = author.answer()
    assert answer["ev"] == "ok", answer
    report, before = reader.do("gossip-report"), -1
    while before < report["received"] < count:
        before = report["received"]
        time.sleep(1)
        report = reader.do("gossip-report")
    assert report["unique"] == count, report
    return report


def measure_gossip(ours, figures):
    author, reader = (start(ours, "--topic", TOPIC) for _ in range(2))
    author.do(f"dial {reader.address}")
    while not (author.do("mesh")["mesh"] and reader.do("mesh")["mesh"]):
        time.sleep(0.05)

    def note(name, value):
        figures.setdefault(name, []).append(value)

    delivered(author, reader, 1000, 200, 0)  # both warm
    small = delivered(author, reader, 20000 if ours else 3000, 200, 0)
    note("small", small["per_s"])
    note("small p50", small["lat_ms"]["p50"])
    note("small p99", small["lat_ms"]["p99"])
    note("large", delivered(author, reader, 2000 if ours else 500, 32768, 0)["per_s"])
    steady = delivered(author, reader, 3000, 200, 1000)["lat_ms"]
    note("steady p50", steady["p50"])
    note("steady p99", steady["p99"])
    author.quit()
    reader.quit()


ROWS = (
    ("dial 1", "full connections, one dialer", "1/s", ">=10x"),
    ("dial 8", "full connections, 8 dialers", "1/s", ">=12x"),
    ("trips", "round trips from TCP connected to pong and identify", "", "<=2.2"),
    ("ping p50", "ping, median", "us", "<=25"),
    ("ping p99", "ping, p99", "us", "<=120"),
    ("up", "one stream, up", "MiB/s", ">=1000"),
    ("down", "one stream, down", "MiB/s", ">=1000"),
    ("beside", "ping beside a full-speed stream, p99", "ms", "<=5"),
    ("small", "gossip to one subscriber, 200 bytes, flat out: delivered", "1/s", ">=1.9x"),
    ("small p50", "the same: from publish to delivery, median", "ms", ""),
    ("small p99", "the same, p99", "ms", ""),
    ("large", "gossip to one subscriber, 32 KiB, flat out: delivered", "1/s", ""),
    ("steady p50", "gossip, 200 bytes at 1,000/s: from publish to delivery, median", "ms", ""),
    ("steady p99", "the same, p99", "ms", "<=1"),
)


def run():
    ours, theirs = {}, {}
    for _ in range(ROUNDS):
        measure(True, ours)
        measure_gossip(True, ours)
        if NODE:
            measure(False, theirs)
            measure_gossip(False, theirs)
    version = "js-libp2p"
    if NODE:
        with open(f"{FOLDER}/package.json", encoding="utf-8") as file:
            version += " " + json.load(file)["dependencies"]["libp2p"]
    for name, what, unit, target in ROWS:
        rival = f"{statistics.median(theirs[name]):.6g}" if NODE else "missing"
        print("p2p", what, unit, f"{statistics.median(ours[name]):.6g}", version, rival, target, sep="\t")


try:
    run()
finally:
    for peer in Peer.everyone:
        peer.process.kill()
        peer.process.wait()
