"""lattice-peer against js-libp2p and smoldot: who dials, what kinds of keys, how the muxer is agreed on, what runs over the connection, and
what must come to nothing.  cases.py LATTICE_PEER NODE FOLDER (of peer.js and smoldot.js, with what they need)"""
import os
import socket
import subprocess
import sys
import threading
import time

from peers import PATIENCE, Peer, check, main

OURS, NODE, FOLDER = sys.argv[1:4]
NOBODY = "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA"
PERF_MIB = 256
STREAMS = 5000  # each way
RSS_GROWTH_MIB = 0.5


def ours(*options):
    return Peer("lattice-peer", OURS, *options)


def js(*options):
    return Peer("js " + " ".join(options), NODE, f"{FOLDER}/peer.js", *options)


def expect_soon(text, condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        check(time.monotonic() < end, text)
        time.sleep(0.05)


def apart(one, two):
    """Both know that they are not connected any more."""
    expect_soon("a connection stays", lambda: two.id not in one.do("peers")["peers"] and one.id not in two.do("peers")["peers"])
    one.forget()
    two.forget()


# --- cases ------------------------------------------------------------------------------------------------


def dial_both_ways(our, their):
    """Either dials; each learns who the other is, and pings over the one connection."""
    for dialer, listener in ((their, our), (our, their)):
        said = dialer.do(f"dial {listener.address}")
        check(said["peer"] == listener.id and said["enc"] == "/noise" and said["mux"] == "/yamux/1.0.0", f"dialed: {said}")
        listener.wait("connection:open", peer=dialer.id, dir="inbound")
        about_us = their.wait("identify", peer=our.id)
        about_them = our.wait("identify", peer=their.id, pushed=False)
        check(about_us["agent"].startswith("lattice/"), f"our agent is {about_us['agent']}")
        check(about_us["signedRecord"] and about_them["signedRecord"], "a peer record was not accepted")
        check("/ipfs/ping/1.0.0" in about_us["protocols"], f"our protocols: {about_us['protocols']}")
        check(about_them["agent"].startswith("js-libp2p/") and "/perf/1.0.0" in about_them["protocols"], f"told: {about_them}")
        check(about_them["listen"] and their.address.startswith(about_them["listen"][0]), f"addresses: {about_them['listen']}")
        check(about_us["listen"] and our.address.startswith(about_us["listen"][0]), f"our addresses: {about_us['listen']}")
        check(about_them.get("observed", "").startswith("/ip4/127.0.0.1/tcp/"), f"observed: {about_them.get('observed')}")
        our.do(f"ping {their.id}")
        their.do(f"ping {our.id}")
        dialer.do(f"hangup {listener.id}")
        apart(our, their)


def push_both_ways(our, their):
    their.do(f"dial {our.address}")
    their.wait("identify", peer=our.id)
    our.wait("identify", peer=their.id)
    their.do("handle /lattice/interop/1")
    our.wait_for("identify", lambda line: line["pushed"] and "/lattice/interop/1" in line["protocols"])
    our.do(f"push {their.id}")
    check(their.wait("identify", peer=our.id)["signedRecord"], "the pushed record was not accepted")


def bulk(our, their):
    for one, other in ((our, their), (their, our)):
        for up, down in ((PERF_MIB, 0), (0, PERF_MIB)):
            said = one.do(f"perf {other.id} {up} {down}")
            print(f"  {one.name}: {up} MiB up, {down} MiB down: {said['mib_s']:.0f} MiB/s")


def many_streams(our, their):
    for one, other in ((their, our), (our, their)):
        one.do(f"stream-bench {other.id} 500")
    before = our.do("mem")["rss_mib"]
    for one, other in ((their, our), (our, their)):
        said = one.do(f"stream-bench {other.id} {STREAMS}")
        check(said["errors"] == 0, f"{said['errors']} streams of {one.name} failed")
        print(f"  {one.name}: {said['per_s']:.0f} streams/s")
    growth = our.do("mem")["rss_mib"] - before
    print(f"  {2 * STREAMS} streams: our memory grew by {growth:.2f} MiB")
    check(growth < RSS_GROWTH_MIB, f"{2 * STREAMS} streams leave {growth:.2f} MiB behind")


def many_connections(our, their):
    said = their.do(f"hs-bench {our.address} 100 4")
    check(said["errors"] == 0, f"{said['errors']} dials of js failed")
    said = our.do(f"hs-bench {their.address} 100 4")
    check(said["errors"] == 0, f"{said['errors']} dials of ours failed")


def smoldot_dials(our):
    """Noise, Yamux and multistream of a third hand, as dialer: it pings us, and answers our ping and identify."""
    our.forget()
    their = Peer("smoldot", NODE, f"{FOLDER}/smoldot.js", our.address)
    their.wait("handshake")
    their_id = our.wait("connection:open", dir="inbound")["peer"]
    our.do(f"ping {their_id}")
    agent = our.do(f"identify {their_id}")["agent"]
    check(agent.startswith("smoldot"), f"its agent is {agent}")
    their.wait("pong")
    their.quit()
    our.wait("peer:disconnect", peer=their_id)


def wrong_id(our, their):
    before = len(our.log)
    message = our.refuse(f"dial {their.address.rsplit('/', 1)[0]}/{NOBODY}")
    expect_soon("a wrong peer id is not logged", lambda: len(our.log) == before + 1)
    print(f"  we dial a wrong id: {message}")
    their.refuse(f"dial {our.address.rsplit('/', 1)[0]}/{NOBODY}")
    check(NOBODY not in our.do("peers")["peers"], "somebody else was taken for the peer that was dialed")


def garbage_listener(our):
    """What answers is no peer: one that speaks HTTP, one that hangs up, one that sends noise without end."""
    for answer in (b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", b"\xff" + os.urandom(65535)):
        with socket.create_server(("127.0.0.1", 0)) as server:
            def serve():
                client, _ = server.accept()
                with client:
                    try:
                        client.sendall(answer)
                        client.settimeout(PATIENCE)
                        while answer and client.recv(65536):
                            pass
                    except OSError:
                        pass  # hung up on, as it should be

            thread = threading.Thread(target=serve, daemon=True)
            thread.start()
            message = our.refuse(f"dial /ip4/127.0.0.1/tcp/{server.getsockname()[1]}/p2p/{NOBODY}")
            thread.join(PATIENCE)
            check(not thread.is_alive(), "the connection to a garbage listener stays open")
            print(f"  garbage of {len(answer)} bytes: {message}")


def garbage_dialer(our):
    host, port = our.address.split("/")[2], int(our.address.split("/")[4])
    nobodys_key = b"\x13/multistream/1.0.0\n\x07/noise\n\x00\x20" + bytes(32)
    for bytes_sent in (b"GET / HTTP/1.1\r\n\r\n", b"", b"\xff" + os.urandom(65535), nobodys_key):
        with socket.create_connection((host, port), PATIENCE) as client:
            try:
                client.sendall(bytes_sent)
                while bytes_sent and client.recv(65536):
                    pass
            except ConnectionError:
                pass
    check(len([line for line in our.log if "not let in" in line or "[WARN]" in line]) <= 2, "strangers fill the log")


def nothing_is_left(our, descriptors):
    said = {}

    def empty():
        said.update(our.do("peers"))
        return said["connections"] == said["half_open"] == said["dialing"] == 0 and our.descriptors() <= descriptors

    expect_soon(f"left behind: {said}", empty)


def refused_options():
    for options in (["--psk", "00" * 32], ["--gossip", "1.3"], ["--secure", "tls"], ["--key", "rsa"]):
        code = subprocess.run([OURS, *options], stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE).returncode
        check(code == 2, f"{options} leaves with {code}")


def case(text, function, *arguments):
    began = time.monotonic()
    print(text, flush=True)
    function(*arguments)
    print(f"  ok, {time.monotonic() - began:.1f} s", flush=True)


def run():
    our = ours()
    descriptors = our.descriptors()
    case("options of parts that are not there are refused", refused_options)
    their = js("--key", "secp256k1")
    case("secp256k1, muxer in the handshake", dial_both_ways, our, their)
    their.quit()
    their = js("--key", "rsa", "--no-early-mux")
    case("RSA, muxer by multistream, they offer no other way", dial_both_ways, our, their)
    their.quit()
    their = js("--key", "ed25519")
    case("Ed25519, muxer in the handshake", dial_both_ways, our, their)
    plain = ours("--no-early-mux")
    case("Ed25519, muxer by multistream, we offer no other way", dial_both_ways, plain, their)
    plain.quit()
    case("identify is pushed, both ways", push_both_ways, our, their)
    case("bulk, both ways", bulk, our, their)
    case("streams, both ways", many_streams, our, their)
    case("connections, both ways", many_connections, our, their)
    case("a wrong peer id", wrong_id, our, their)
    their.quit()
    case("smoldot dials", smoldot_dials, our)
    case("garbage listeners", garbage_listener, our)
    case("garbage dialers", garbage_dialer, our)
    case("nothing is left", nothing_is_left, our, descriptors)
    our.quit()


main(run)
