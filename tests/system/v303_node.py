"""A v3.0.3 node's state route, as its clients see it, written from COMPAT-v3.0.3: Python's own JSON dump and hashlib give the flat root,
openssl signs. Usage: v303_node.py PORT KEY.pem STATE.json - the state is read anew at each request; members of the
object `_lie` in it change the answer: unsigned, old, root, extra."""
import hashlib, http.server, json, subprocess, sys, tempfile, time

port, key, state_file = int(sys.argv[1]), sys.argv[2], sys.argv[3]


def flat_root(state):
    if not state:
        return hashlib.sha256(b"empty").hexdigest()
    leaves = [hashlib.sha256(f"{k}:{json.dumps(state[k])}".encode()).hexdigest() for k in sorted(state)]
    return hashlib.sha256("".join(leaves).encode()).hexdigest()


def sign(text):
    with tempfile.NamedTemporaryFile() as f:
        f.write(text.encode())
        f.flush()
        return subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", key, "-in", f.name],
                              check=True, capture_output=True).stdout.hex()


def answer():
    state = json.load(open(state_file))
    lie = state.pop("_lie", {})
    root = lie.get("root", flat_root(state))
    doc = {"success": True, "merkle_root": root, "state": dict(state, **lie.get("extra", {})), "state_size": len(state)}
    if lie.get("unsigned"):
        return dict(doc, signed=False)
    stamp = int(time.time()) - lie.get("old", 0)
    return dict(doc, timestamp=stamp, signature=sign(f"{root}:{stamp}"), signed=True)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        known = self.path.split("?")[0] == "/api/lattice/state"
        body = json.dumps(answer() if known else {"detail": "Not Found"}).encode()
        self.send_response(200 if known else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = b'{"detail":"Not Found"}'
        self.send_response(404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, *args):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
