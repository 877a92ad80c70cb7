"""Shared by the system tests in Python: a node seen over its sockets alone. check() says what fails and ends the test."""
import http.client, json, socket, sys, time


def check(sentence, ok, got=None):
    if not ok:
        print("FAILED:", sentence, "" if got is None else "- got %r" % (got,))
        sys.exit(1)


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.body = status, body
        self.headers = {name.lower(): value for name, value in headers}

    def json(self):
        return json.loads(self.body)


def ask(port, method, path, headers=None, body=None, timeout=10):
    """One request on a connection of its own; http.client adds Host and Content-Length."""
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        c.request(method, path, body=body, headers=headers or {})
        r = c.getresponse()
        return Answer(r.status, r.getheaders(), r.read())
    finally:
        c.close()


def get(port, path, **headers):
    return ask(port, "GET", path, {name.replace("_", "-"): value for name, value in headers.items()})


def connect(port):
    """Without name resolution, so that it works after setuid too."""
    s = socket.socket()
    s.settimeout(10)
    s.connect(("127.0.0.1", port))
    return s


def rest(s, seconds):
    """(bytes, seconds it took, whether the other end closed) - all that comes within that time."""
    began, data, closed = time.monotonic(), b"", False
    while not closed and time.monotonic() - began < seconds:
        s.settimeout(max(0.01, seconds - (time.monotonic() - began)))
        try:
            piece = s.recv(65536)
            data += piece
            closed = not piece
        except socket.timeout:
            break
        except OSError:
            closed = True
    return data, time.monotonic() - began, closed


def raw(port, data, seconds=3):
    s = connect(port)
    try:
        s.sendall(data)
        return rest(s, seconds)
    finally:
        s.close()


def status_of(data):
    return int(data.split(b" ", 2)[1]) if data.startswith(b"HTTP/1.") else 0


def memory_kib(pid, name="VmHWM"):
    for line in open("/proc/%d/status" % pid):
        if line.startswith(name + ":"):
            return int(line.split()[1])


def wait_until(sentence, seconds, what):
    """what() is asked ten times a second until it is true, and returned."""
    until = time.monotonic() + seconds
    while True:
        got = what()
        if got:
            return got
        check(sentence, time.monotonic() < until, got)
        time.sleep(0.1)
