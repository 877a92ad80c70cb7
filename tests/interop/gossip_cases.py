"""Gossip of lattice-peer with js-libp2p's gossipsub: versions, signatures, sizes, restarts, double connections, churn, relays.
gossip_cases.py LATTICE_PEER NODE FOLDER (of peer.js with what it needs)"""
import hashlib
import itertools
import sys
import threading
import time

from peers import PATIENCE, Failure, Peer, check, main

OURS, NODE, FOLDER = sys.argv[1:4]
TOPIC = "interop"
LARGE = 900 * 1024
CHURN = 100
serial = itertools.count()


def ours(*options):
    return Peer("lattice-peer", OURS, "--topic", TOPIC, *options)


def js(*options):
    return Peer("js", NODE, f"{FOLDER}/peer.js", "--topic", TOPIC, *options)


def expect_soon(text, condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        check(time.monotonic() < end, text)
        time.sleep(0.05)


def in_mesh(one, other):
    return other.id in one.do("mesh")["mesh"]


def meet(one, other):
    """Connected, and each in the other's mesh."""
    one.do(f"dial {other.address}")
    expect_soon("no mesh", lambda: in_mesh(one, other) and in_mesh(other, one))


def pass_on(author, *readers):
    """A message of the author reaches the readers, signed and once."""
    text = f"message-{next(serial)}"
    author.do(f"publish {text}")
    for reader in readers:
        said = reader.wait_for("message", lambda line: line.get("text") == text)
        check(said["from"] == author.id and said["signed"] and said["topic"] == TOPIC, f"{reader.name} was told {said}")


def comes_through(author, reader):
    """Sooner or later: what is sent while streams change may be lost."""
    end = time.monotonic() + PATIENCE
    sent = set()
    while time.monotonic() < end:
        text = f"message-{next(serial)}"
        sent.add(text)
        author.do(f"publish {text}")
        time.sleep(0.3)
        while not reader.lines.empty():
            line = reader.lines.get()
            if line["ev"] == "message" and line.get("text") in sent:
                return
    raise Failure(f"nothing comes from {author.name} to {reader.name}")


def flows(one, other):
    pass_on(one, other)
    pass_on(other, one)


def quit_all(*peers):
    for peer in peers:
        peer.quit()


# --- cases ------------------------------------------------------------------------------------------------


def versions():
    """Of the versions that both speak the newest is found, whoever dials."""
    for mine, theirs in (("1.2", "1.2"), ("1.2", "1.1"), ("1.1", "1.2"), ("1.2", "1.0"), ("1.0", "1.2")):
        our, their = ours("--gossip", mine), js("--gossip", theirs)
        dialer, listener = (our, their) if mine >= theirs else (their, our)
        meet(dialer, listener)
        flows(our, their)
        quit_all(our, their)


def only_signed():
    """A peer that does not sign is not heard; it costs nobody else anything."""
    our, their, other = ours(), js("--unsigned"), js()
    our.do(f"dial {their.address}")
    meet(our, other)
    expect_soon("not subscribed", lambda: our.id in their.do("mesh")["subscribers"])
    check(their.do("publish unsigned")["recipients"] == [our.id], "an unsigned message did not go")
    flows(our, other)
    while not our.lines.empty():
        line = our.lines.get()
        check(line["ev"] != "message" or line.get("text") != "unsigned", "an unsigned message was taken")
    quit_all(our, their, other)


def large(our, their):
    digest = hashlib.sha256(b"x" * LARGE).hexdigest()
    for author, reader in ((our, their), (their, our)):
        author.do(f"publish-size {LARGE}")
        check(reader.wait("message", len=LARGE)["sha256"] == digest, "a large message was damaged")


def churn(our, their):
    """However often subscriptions change, what holds in the end is what was said last."""
    for one, other in ((our, their), (their, our)):
        for _ in range(CHURN):
            one.do("subscribe other")
            one.do("unsubscribe other")
        one.do("subscribe other")
        expect_soon("not subscribed", lambda: one.id in other.do("mesh other")["subscribers"])
        one.do("unsubscribe other")
        expect_soon("still subscribed", lambda: one.id not in other.do("mesh other")["subscribers"])
    flows(our, their)


def restart(make_first, make_second):
    """The second one comes back with the identity that it had; the first one need not have noticed that it was gone."""
    seed = f"{next(serial) + 1:064x}"
    first = make_first()
    second = make_second("--seed", seed)
    meet(second, first)
    flows(first, second)
    for _ in range(2):
        second.process.kill()
        second = make_second("--seed", seed)
        second.do(f"dial {first.address}")
        comes_through(first, second)
        comes_through(second, first)
        flows(first, second)
    expect_soon("no mesh after a restart", lambda: in_mesh(first, second) and in_mesh(second, first))
    quit_all(first, second)


def both_dial(our, their):
    """Two connections at once; one stays, and gossip flows both ways over it."""
    dials = [threading.Thread(target=one.do, args=(f"dial {other.address}",)) for one, other in ((our, their), (their, our))]
    for dial in dials:
        dial.start()
    for dial in dials:
        dial.join(PATIENCE)
    expect_soon("two connections stay", lambda: our.do("peers")["connections"] == their.do("peers")["connections"] == 1)
    comes_through(our, their)
    comes_through(their, our)
    flows(our, their)


def double_connections():
    for _ in range(5):
        our, their = ours(), js()
        both_dial(our, their)
        quit_all(our, their)


def relay(make_middle, make_end):
    """Three that know only the one in the middle hear each other, each message once."""
    middle = make_middle()
    ends = [make_end() for _ in range(3)]
    for end in ends:
        meet(end, middle)
    for end in ends:
        pass_on(end, *(other for other in ends if other is not end), middle)
    quit_all(*ends, middle)


def case(text, function, *arguments):
    began = time.monotonic()
    print(text, flush=True)
    function(*arguments)
    print(f"  ok, {time.monotonic() - began:.1f} s", flush=True)


def run():
    case("gossipsub 1.0, 1.1, 1.2", versions)
    case("only signed messages", only_signed)
    our, their = ours(), js()
    meet(our, their)
    case("900 KiB both ways", large, our, their)
    case("subscriptions that come and go", churn, our, their)
    quit_all(our, their)
    case("we come back with the same identity", restart, js, ours)
    case("they come back with the same identity", restart, ours, js)
    case("both dial at once", double_connections)
    case("js in the middle of ours", relay, js, ours)
    case("ours in the middle of js", relay, ours, js)


main(run)
