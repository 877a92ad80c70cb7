"""A v3.0.3 node's state, P2P status and root, as its clients see them, written from COMPAT-v3.0.3: Python's own JSON dump and hashlib give the flat root,
openssl signs. Usage: v303_node.py PORT KEY.pem STATE.json - the state is read anew at each request; members of the
object `_lie` in it change the answer: unsigned, old, root, extra; those of `_p2p` the P2P status."""
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


def look():
    """The state, what it lies about, and what its P2P status says."""
    state = json.load(open(state_file))
    return state, state.pop("_lie", {}), state.pop("_p2p", {})


def p2p_status():
    said = dict({"enabled": True, "started": True, "libp2p_available": True, "error": None, "topic": "aethel/lattice/v1",
                 "listen_multiaddrs": ["/ip4/0.0.0.0/tcp/9000"], "bootstrap_peers": [], "peer_count": 0, "http_sync_enabled": False,
                 "heartbeat_active": True}, **look()[2])
    mode = "P2P" if said["started"] and said["peer_count"] > 0 else "HTTP" if said["http_sync_enabled"] else "NONE"
    return dict(said, success=True, has_peers=said["peer_count"] > 0, sync_mode=mode)


def root_answer():
    state = look()[0]
    return {"success": True, "merkle_root": flat_root(state), "total_accounts": len(state), "message": "Current state root"}


def answer():
    state, lie, _ = look()
    root = lie.get("root", flat_root(state))
    doc = {"success": True, "merkle_root": root, "state": dict(state, **lie.get("extra", {})), "state_size": len(state)}
    if lie.get("unsigned"):
        return dict(doc, signed=False)
    stamp = int(time.time()) - lie.get("old", 0)
    return dict(doc, timestamp=stamp, signature=sign(f"{root}:{stamp}"), signed=True)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        routes = {"/api/lattice/state": answer, "/api/lattice/p2p/status": p2p_status, "/api/persistence/merkle-root": root_answer}
        known = routes.get(self.path.split("?")[0])
        body = json.dumps(known() if known else {"detail": "Not Found"}).encode()
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
