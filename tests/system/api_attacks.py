"""The API as attackers meet it: pages, other users, proxies, ambiguous and endless requests. Usage: api_attacks.py PORT PID STATE_DIR."""
import encodings.idna, os, re, sys, threading, time  # idna: must be loaded before setuid, the interpreter's folder may be closed to others

from outside import ask, check, connect, get, memory_kib, raw, rest, status_of, wait_until

port, pid, state_dir = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
cookie = open(state_dir + "/cookie").read().strip()
SWITCH = "/api/lattice/sync/switch?mode=http"
HOST = b"Host: localhost\r\n"
NOBODY = 65534


def mode():
    return get(port, "/api/lattice/p2p/status").json()["requested_mode"]


def unchanged(sentence):
    check(sentence + ": the mode stands", mode() == "auto", mode())
    check(sentence + ": the state stands", get(port, "/api/lattice/state").json()["state"] == {})


def as_nobody(what):
    """what() in a child process that belongs to nobody; its exit code."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            code = what() or 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def statuses(*requests):
    """0 if every request gets the status that stands with it, else 1. For as_nobody."""
    for expected, method, path, headers, body in requests:
        got = ask(port, method, path, headers, body).status
        if got != expected:
            print("nobody's %s %s: %d, not %d" % (method, path, got, expected))
            return 1


# --- pages of other origins, other names, proxies ---
for headers in ({"Host": "evil.example"}, {"Host": "127.0.0.1.evil.example"}, {"Host": "localhost:8000@evil"}, {"Origin": "http://evil.example"}, {"Origin": "null"},
                {"Origin": "http://localhost.evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
    check("a page with %s may not read" % headers, get(port, "/api/lattice/state", **{n.replace("-", "_"): v for n, v in headers.items()}).status == 403)
    for more in ({}, {"Authorization": "Bearer " + cookie}):
        a = ask(port, "POST", SWITCH, dict(headers, **more))
        check("a page with %s may not change, whatever else it carries" % headers, a.status == 403, a.status)
    check("nor may it in a preflight", ask(port, "OPTIONS", SWITCH, dict(headers, **{"Access-Control-Request-Method": "POST"})).status == 403)
check("a page on another port may not change", ask(port, "POST", SWITCH, {"Sec-Fetch-Site": "same-site"}).status == 403)
a = get(port, "/health")
check("there is no CORS header where none is configured", not any(n.startswith("access-control") for n in a.headers), a.headers)
for headers in ({"Forwarded": "for=1.2.3.4"}, {"X-Forwarded-For": "127.0.0.1"}, {"X-Forwarded-Host": "localhost"}, {"Via": "1.1 proxy"}):
    check("what a proxy passes on has no user (%s)" % headers, ask(port, "POST", SWITCH, headers).status == 403)
    check("but may read", get(port, "/health", **{n.replace("-", "_"): v for n, v in headers.items()}).status == 200)
    check("and with the cookie it may change", ask(port, "DELETE", "/api/lattice/state/x", dict(headers, Authorization="Bearer " + cookie)).status == 404)
for token in ("Bearer wrong", "Bearer ", "Bearer " + cookie[:-1], "Bearer %s0" % cookie, "Basic " + cookie, "Bearer " + "0" * 64):
    a = ask(port, "POST", SWITCH, {"Authorization": token})
    check("a token that is not the cookie is 401", a.status == 401 and "www-authenticate" in a.headers, (token, a.status))
unchanged("after pages and proxies")

# --- another user of this machine ---
if os.geteuid() == 0:
    bearer = {"Authorization": "Bearer " + cookie}
    check("another user may read, and change nothing without the cookie", as_nobody(lambda: statuses(
        (200, "GET", "/api/lattice/state", {}, None), (403, "POST", SWITCH, {}, None), (403, "PUT", "/api/lattice/state/x", {}, b"1"),
        (403, "DELETE", "/api/lattice/state/x", {}, None), (404, "DELETE", "/api/lattice/state/x", bearer, None))) == 0)
    check("another user does not reach into the state directory", as_nobody(lambda: os.access(state_dir + "/cookie", os.R_OK) or os.access(state_dir, os.X_OK)) == 0)

    def closed_sockets():
        """A socket that is closed belongs to root in the kernel's books: it must not pass for root's."""
        head = b"POST " + SWITCH.encode() + b" HTTP/1.1\r\n" + HOST + b"Content-Length: 4\r\n\r\n"
        for pause in (0, 0.001, 0.01, 0.05):
            for end in ("close", "shutdown", "reset"):
                for _ in range(5):
                    s = connect(port)
                    s.sendall(head)
                    time.sleep(pause)
                    s.sendall(b"body")
                    if end == "shutdown":
                        s.shutdown(1)
                        time.sleep(pause)
                    elif end == "reset":
                        s.setsockopt(1, 13, b"\1\0\0\0\0\0\0\0")  # SOL_SOCKET, SO_LINGER: on, 0 s
                    s.close()

    check("another user's closed sockets are sent", as_nobody(closed_sockets) == 0)
    time.sleep(0.3)
    unchanged("after another user's closed sockets")
else:
    print("not root: another user is not tried")

# --- ambiguous requests: refused, closed, and what follows is no second request ---
second = b"PUT /api/lattice/state/smuggled HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\n\r\n1"
get_ = b"GET /health HTTP/1.1\r\n"
for what, data in {
    "two lengths": get_ + HOST + b"Content-Length: 0\r\nContent-Length: %d\r\n\r\n" % len(second) + second,
    "the same length twice": get_ + HOST + b"Content-Length: 0\r\nContent-Length: 0\r\n\r\n" + second,
    "a list of lengths": get_ + HOST + b"Content-Length: 0, 0\r\n\r\n" + second,
    "a signed length": get_ + HOST + b"Content-Length: +0\r\n\r\n" + second,
    "a hexadecimal length": get_ + HOST + b"Content-Length: 0x0\r\n\r\n" + second,
    "a length and chunks": b"POST " + SWITCH.encode() + b" HTTP/1.1\r\n" + HOST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + second,
    "chunks twice": get_ + HOST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" + second,
    "an encoding with a blank": get_ + HOST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + second,
    "an unknown encoding": get_ + HOST + b"Transfer-Encoding: xchunked\r\n\r\n" + second,
    "two hosts": get_ + HOST + HOST + b"\r\n" + second,
    "no host": get_ + b"\r\n" + second,
    "a folded line": get_ + HOST + b"X: a\r\n b: c\r\n\r\n" + second,
    "a bare line feed": get_ + HOST + b"X: a\nY: b\r\n\r\n" + second,
    "a zero byte": get_ + HOST + b"X: a\0b\r\n\r\n" + second,
    "a name with a blank": get_ + HOST + b"X y: a\r\n\r\n" + second,
    "a target with a host": b"GET http://localhost/health HTTP/1.1\r\n" + HOST + b"\r\n" + second,
    "bytes above 0x7f": b"GET /\xc3\xbc HTTP/1.1\r\n" + HOST + b"\r\n" + second,
    "another protocol": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n" + second,
}.items():
    data, took, closed = raw(port, data, 3)
    check("%s: refused, and the connection is closed" % what, closed and status_of(data) not in (200, 204), (took, data[:60]))
    # (of its own refusals, of a missing host or a length that is none, the library sends the head twice)
    check("%s: nothing but that refusal comes" % what, len(set(re.findall(rb"HTTP/1\.1 (\d+)", data))) <= 1, data)
unchanged("after ambiguous requests")

# --- too much of anything ---
before = memory_kib(pid, "VmRSS")
for what, data, status in (
        ("a header of 9 KiB", get_ + HOST + b"X: " + b"a" * 9000 + b"\r\n\r\n", 431),
        ("a header of 1 MiB", get_ + HOST + b"X: " + b"a" * 1048576 + b"\r\n\r\n", 431),
        ("a path of 9 KiB", b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 431),
        ("200 headers", get_ + HOST + b"".join(b"X-%d: a\r\n" % i for i in range(200)) + b"\r\n", 431)):
    data, took, closed = raw(port, data, 3)
    check("%s is %d and closed" % (what, status), closed and status_of(data) in (status, 0), (took, data[:40]))
for target in (b"PUT /api/lattice/state/big", b"POST /api/lattice/sync", b"POST " + SWITCH.encode(), b"GET /health", b"POST /nope"):
    s = connect(port)
    s.sendall(target + b" HTTP/1.1\r\n" + HOST + b"Content-Type: application/octet-stream\r\nContent-Length: %d\r\n\r\n" % (300 << 20))
    data, took, closed = rest(s, 3)
    s.close()
    check("300 MiB for %s are refused before they are sent" % target.decode(), closed and status_of(data) in (404, 413) and took < 1, (took, data[:40]))
    s = connect(port)
    sent = 0
    try:
        s.sendall(target + b" HTTP/1.1\r\n" + HOST + b"Content-Type: application/octet-stream\r\nContent-Length: %d\r\n\r\n" % (300 << 20))
        while sent < 300:
            s.sendall(b" " * (1 << 20))
            sent += 1
    except OSError:
        pass
    s.close()
    check("nor are they read where they are sent all the same", sent < 64, sent)
check("the node did not grow by it", memory_kib(pid, "VmRSS") - before < 32 * 1024, (before, memory_kib(pid, "VmRSS")))
unchanged("after too much")


# --- endless requests, at the same time: each has its limit, and others are served meanwhile ---
def drip(first, limit, sentence, failures):
    s = connect(port)
    began = time.monotonic()
    try:
        s.sendall(first)
        while time.monotonic() - began < limit:
            data, _, closed = rest(s, 0.4)
            if closed or data:
                break
            s.sendall(b"a")
    except OSError:
        pass
    if time.monotonic() - began >= limit:
        failures.append(sentence)
    s.close()


failures = []
drips = [threading.Thread(target=drip, args=(first, limit, sentence, failures)) for first, limit, sentence in (
    (b"", 7, "nothing but single bytes"), (b"GET /health HTTP/1.1\r\n" + HOST + b"X: ", 7, "a header that never ends"),
    (b"GET /", 7, "a path that never ends"), (b"PUT /api/lattice/state/k HTTP/1.1\r\n" + HOST + b"Content-Length: 5000\r\n\r\n", 12, "a body that never ends"))]
for t in drips:
    t.start()
time.sleep(0.5)
idle = [connect(port) for _ in range(600)]
wait_until("a client is served in spite of 600 idle connections", 8, lambda: get(port, "/livez").status == 200)
for t in drips:
    t.join()
check("every endless request is ended", not failures, failures)
for s in idle:
    s.close()

# --- and what is no attack ---
data, _, _ = raw(port, get_ + HOST + b"\r\n" + get_ + HOST + b"\r\n" + b"GET /nope HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n", 3)
check("pipelined requests are answered in order", re.findall(rb"HTTP/1\.1 (\d+)", data) == [b"200", b"200", b"404"], data)
data, _, closed = raw(port, b"GET /health HTTP/1.0\r\n" + HOST + b"\r\n", 3)
check("HTTP/1.0 is served and closed", status_of(data) == 200 and closed, data[:40])
s = connect(port)
s.sendall(b"GET /api/lattice/events HTTP/1.1\r\n" + HOST + b"\r\n")
data, _, closed = rest(s, 1.5)
s.close()
check("events flow", b"text/event-stream" in data and b"event: snapshot" in data and not closed, data[:200])
unchanged("at the end")
print("the API holds against pages, other users, proxies, ambiguous and endless requests")
