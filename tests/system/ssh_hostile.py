"""Servers that are none, or break off in the middle: the program says so within its deadlines and ends with 3."""
import os
import random
import socket
import subprocess
import sys
import threading
import time

program, config = sys.argv[1:]
BANNER = b"SSH-2.0-OpenSSH_9.2p1\r\n"


def kexinit(rng):
    """A KEXINIT packet that names what is asked for, in the form of RFC 4253 section 7.1."""
    lists = [b"curve25519-sha256", b"ssh-ed25519", b"aes256-ctr", b"aes256-ctr", b"hmac-sha2-256", b"hmac-sha2-256", b"none", b"none", b"", b""]
    payload = b"\x14" + rng.randbytes(16) + b"".join(len(x).to_bytes(4, "big") + x for x in lists) + b"\x00" * 5
    pad = 8 - (len(payload) + 5) % 8 + 8
    return (len(payload) + pad + 1).to_bytes(4, "big") + bytes([pad]) + payload + b"\x00" * pad


def cases(rng):
    yield "closes at once", [b""]
    yield "speaks HTTP", [b"HTTP/1.1 400 Bad Request\r\n\r\n"]
    yield "a banner without end", [b"SSH-2.0-" + b"x" * 100000]
    yield "noise", [rng.randbytes(5000)]
    yield "noise after the banner", [BANNER, rng.randbytes(5000)]
    yield "a packet too long", [BANNER, b"\xff\xff\xff\xff" + rng.randbytes(100)]
    yield "a packet of nothing", [BANNER, b"\x00" * 64]
    yield "noise in the key exchange", [BANNER, kexinit(rng), rng.randbytes(2000)]
    yield "a reply that is no key", [BANNER, kexinit(rng), b"\x00\x00\x00\x2c\x06\x1f" + rng.randbytes(42)]
    for cut in (1, 5, 30, 100):
        yield f"a key exchange cut at {cut}", [BANNER, kexinit(rng)[:cut]]
    for _ in range(12):
        packet = bytearray(kexinit(rng))
        for _ in range(rng.randrange(1, 6)):
            packet[rng.randrange(len(packet))] = rng.randrange(256)
        yield "a key exchange with wrong bytes", [BANNER, bytes(packet), rng.randbytes(300)]


def serve(listener, pieces):
    conn, _ = listener.accept()
    with conn:
        conn.settimeout(3)
        try:
            for piece in pieces:
                conn.sendall(piece)
                time.sleep(0.02)
            conn.shutdown(socket.SHUT_WR)
            while conn.recv(65536):
                pass
        except OSError:
            pass


rng = random.Random(20261127)
for name, pieces in cases(rng):
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    thread = threading.Thread(target=serve, args=(listener, pieces), daemon=True)
    thread.start()
    began = time.monotonic()
    done = subprocess.run([program, "status", "--json", "--ssh-config", config, f"ssh://127.0.0.1:{port}"], stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=40, env=os.environ)
    took = time.monotonic() - began
    listener.close()
    if done.returncode != 3 or took > 30 or b"lattice: " not in done.stderr or any(c < 32 and c != 10 for c in done.stderr):
        sys.exit(f"{name}: exit {done.returncode} after {took:.1f} s: {done.stderr!r}")
print("hostile servers are refused")
