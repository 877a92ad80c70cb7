"""A server that answers a poll wrongly, one way a port: it hangs, drips, floods, redirects, lies, and writes to terminals. Usage:
hostile.py PORTS.json [KIND...] - writes the port of each kind, then serves until it is ended."""
import gzip, json, os, socket, sys, threading, time

ROOT = b"ab" * 32
MIB = 1 << 20


def head(length, more=b"", status=b"200 OK"):
    return b"HTTP/1.1 " + status + b"\r\nContent-Type: application/json\r\n" + more + \
        (b"Connection: close\r\n" if length is None else b"Content-Length: %d\r\n" % length) + b"\r\n"


def whole(body, more=b"", status=b"200 OK"):
    return lambda c: c.sendall(head(len(body), more, status) + body)


def state(entries, root=ROOT, more=b""):
    return whole(b'{"success": true, "merkle_root": "' + root + b'", "state": ' + entries + more + b', "signed": false}')


def endlessly(first, piece, pause=0.0, times=1 << 30):
    def serve(c):
        c.sendall(first)
        for _ in range(times):
            c.sendall(piece)
            if pause:
                time.sleep(pause)
    return serve


def redirect(to):
    return lambda c: c.sendall(b"HTTP/1.1 302 Found\r\nLocation: " + to + b"\r\nContent-Length: 0\r\n\r\n")


ESCAPES = b"\x1b]0;owned\x07\x1b[2J\x9b31m\r\n2026-01-01T00:00:00.000Z notice [STARTUP] forged\n"
KINDS = {
    # it takes its time
    "hangs": lambda c: time.sleep(600),
    "stops_in_the_middle": lambda c: (c.sendall(head(100) + b'{"succ'), time.sleep(600)),
    "drips": endlessly(head(MIB), b" ", 0.5),
    "drips_its_header": endlessly(b"HTTP/1.1 200 OK\r\nX: ", b"a", 0.5),
    # too much
    "floods": endlessly(head(300 * MIB), b" " * MIB, times=300),
    "floods_unannounced": endlessly(head(None), b" " * MIB, times=300),
    "floods_with_a_state": endlessly(head(None) + b'{"merkle_root": "' + ROOT + b'", "state": {"a": "', b"v" * MIB, times=300),
    "floods_with_headers": endlessly(b"HTTP/1.1 200 OK\r\n", b"X-Flood: " + b"a" * 1000 + b"\r\n"),
    "floods_with_interim_answers": endlessly(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
    "bombs": whole(gzip.compress(b" " * 64 * MIB), b"Content-Encoding: gzip\r\n"),
    # leads elsewhere
    "redirects_elsewhere": redirect(b"http://example.invalid/api/lattice/state"),
    "redirects_in_circles": redirect(b"/api/lattice/state"),
    "redirects_to_a_file": redirect(b"file:///etc/passwd"),
    "redirects_to_a_port": redirect(b"http://127.0.0.1:1/api/lattice/state"),
    # what is no JSON, or not here
    "nan": state(b'{"a": NaN}'),
    "infinite": state(b'{"a": 1e400}'),
    "lone_surrogate_in_a_key": state(b'{"\\ud800": 1}'),
    "lone_surrogate_in_a_value": state(b'{"a": "\\udfff"}'),
    "not_utf8": state(b'{"a\xff": 1}'),
    "twice": state(b'{}', more=b', "merkle_root": "' + b"cd" * 32 + b'"'),
    "deep": whole(b"[" * 300000),
    "deep_in_a_value": state(b'{"a": ' + b"[" * 100000 + b"]" * 100000 + b"}"),
    "empty": whole(b""),
    "no_root": whole(b'{"success": true, "merkle_root": null, "state": {"a": 1}, "signed": false}'),
    "noise": lambda c: c.sendall(os.urandom(4096)),
    # for terminals and logs
    "writes_to_terminals": whole(ESCAPES),
    "writes_in_a_root": state(b"{}", root=ESCAPES),
    "writes_in_a_reason": lambda c: c.sendall(b"HTTP/1.1 500 \x1b[31mred\x07 [STARTUP] forged\r\nContent-Length: 0\r\n\r\n"),
    "writes_in_a_type": lambda c: c.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: \x1b[31mtext\x07\r\nContent-Length: 2\r\n\r\n{}"),
    "writes_in_a_redirect": redirect(b"http://\x1b[31mexample.invalid/\x07"),
}


def serve(kind):
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(16)

    def answer(c):
        try:
            c.settimeout(60)
            c.recv(65536)
            KINDS[kind](c)
        except OSError:
            pass
        finally:
            c.close()

    def accept():
        while True:
            threading.Thread(target=answer, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()[1]


if __name__ == "__main__":
    ports = {kind: serve(kind) for kind in (sys.argv[2:] or KINDS)}
    with open(sys.argv[1] + ".new", "w") as out:
        json.dump(ports, out)
    os.rename(sys.argv[1] + ".new", sys.argv[1])
    time.sleep(600)
