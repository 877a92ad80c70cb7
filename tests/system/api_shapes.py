"""The routes as a client of v3.0.3 meets them, with the corrections of this node, and conditional requests. Usage: api_shapes.py PORT."""
import json, os, re, sys

from outside import ask, check, get

port = int(sys.argv[1])
HEX64 = re.compile(r"[0-9a-f]{64}\Z")

# Members and types of v3.0.3, from what it answered; more members are welcome.
recorded = json.load(open(os.path.join(os.environ["srcdir"], "tests/vectors/predecessor/fresh-node-p2p-disabled.json")))
seen = set()
for exchange in recorded["exchanges"]:
    request = exchange["request"]
    if request["method"] != "GET" or exchange["status"] != 200 or not isinstance(exchange.get("json"), dict):
        continue
    mine = get(port, request["path"])
    check("%s answers 200" % request["path"], mine.status == 200, mine.status)
    check("%s is JSON" % request["path"], mine.headers["content-type"] == "application/json", mine.headers)
    doc = mine.json()
    for name, value in exchange["json"].items():
        check("%s has the member %s" % (request["path"], name), name in doc, sorted(doc))
        check("%s: %s has the type that v3.0.3 gives it" % (request["path"], name),
              type(doc[name]) is type(value) or value is None or doc[name] is None or
              (isinstance(value, (int, float)) and isinstance(doc[name], (int, float))), doc[name])
    seen.add(request["path"])
for path in ("/", "/health", "/api/status", "/api/lattice/nodes", "/api/lattice/state", "/api/lattice/p2p/status",
             "/api/lattice/p2p/identity", "/api/persistence/integrity"):
    check("the recorded answers cover " + path, path in seen, sorted(seen))

# What is changed on purpose.
p2p = get(port, "/api/lattice/p2p/status").json()
check("the P2P status has requested_mode, message and lung", p2p["requested_mode"] == "auto" and p2p["message"] and p2p["lung"]["state"], p2p)
check("sync_mode is one of three words", p2p["sync_mode"] in ("P2P", "HTTP", "NONE"), p2p["sync_mode"])
state = get(port, "/api/lattice/state").json()
check("merkle_root is never null", HEX64.match(state["merkle_root"]) and HEX64.match(state["root"]), state)
check("the state counts its entries under both names", state["state_size"] == state["entry_count"] == len(state["state"]), state)
check("the state is signed", state["signed"] and re.match(r"[0-9a-f]{128}\Z", state["signature"]) and isinstance(state["timestamp"], int), state)
summary = get(port, "/api/lattice/state?summary=1").json()
check("a summary has no state, but counts, HLC and sync", "state" not in summary and summary["sync"] == 1 and
      summary["state_size"] == state["state_size"] and re.match(r"[0-9a-f]{16}\Z", summary["hlc"]), summary)
check("the peer id is there from the start", get(port, "/api/lattice/p2p/identity").json()["peer_id"].startswith("12D3KooW"))
check("/api/lattice/health exists", get(port, "/api/lattice/health").json()["status"] == "healthy")

# Unknown, wrong, redirected, ignored.
for path in ("/nope", "//api/lattice/state", "/api/lattice", "/sync/peers", "/api/gossip", "/API/STATUS", "/api/lattice/p2p/status/more", "/api%2fstatus"):
    a = get(port, path)
    check("%s is an unknown route" % path, (a.status, a.json()) == (404, {"detail": "Not Found"}), (a.status, a.body))
for method, path, allow in (("GET", "/api/lattice/sync/switch?mode=http", "POST"), ("PUT", "/api/lattice/sync/switch?mode=http", "POST"),
                            ("DELETE", "/health", "GET"), ("PATCH", "/api/lattice/state/k", "PUT"), ("POST", "/api/lattice/state", "GET"),
                            ("TRACE", "/health", "GET"), ("PROPFIND", "/", "GET")):
    a = ask(port, method, path)
    check("%s %s is the wrong method" % (method, path), (a.status, a.json()) == (405, {"detail": "Method Not Allowed"}), (a.status, a.body))
    check("405 names what is allowed", allow in a.headers.get("allow", "").split(", "), a.headers)
for path, to in (("/health/", "/health"), ("/api/lattice/state/?summary=1", "/api/lattice/state?summary=1")):
    a = get(port, path)
    check("a slash too many is a 307", a.status == 307 and a.headers["location"].endswith(to) and not a.body, (a.status, a.headers))
    check("the way there stays on this server", a.headers["location"].startswith("/") and not a.headers["location"].startswith("//"), a.headers)
check("no redirect leads off the server", get(port, "//evil.example/health/").status == 404)
check("unexpected parameters are ignored", get(port, "/health?x=1&x=2").status == 200)
check("a limit that is no number is 422", get(port, "/api/persistence/executions?limit=abc").status == 422)
check("an unknown bundle is 404", get(port, "/api/persistence/bundle/x").json() == {"detail": "Bundle not found"})
check("a time of which nothing is kept is 404", get(port, "/api/lattice/snapshot?at=2026-01-01T00:00:00Z").status == 404)
check("a time that is none is 400", get(port, "/api/lattice/snapshot?at=yesterday").status == 400)
proof = get(port, "/api/lattice/state/k?proof=1")
check("that there is no such entry is proved as well", proof.status == 200 and proof.json()["found"] is False, proof)

# HEAD wherever GET is, OPTIONS everywhere.
for path in sorted(seen) + ["/livez", "/readyz", "/api/lattice/health", "/api/lattice/peers", "/api/lattice/divergence", "/api/lattice/snapshot", "/nope"]:
    head, whole = ask(port, "HEAD", path), get(port, path)
    check("HEAD %s has the status of GET and no body" % path, head.status == whole.status and not head.body, (head.status, whole.status))
    check("HEAD %s announces a length" % path, int(head.headers["content-length"]) > 0, head.headers)
    a = ask(port, "OPTIONS", path)
    check("OPTIONS %s is answered" % path, (a.status, path == "/nope") in ((204, False), (404, True)), a.status)

# The switch.
for query, status in (("?mode=fax", 400), ("?mode=", 400), ("?mode=HTTP", 400), ("?mode=http&for=0", 400), ("?mode=http&for=86401", 400),
                      ("?mode=http&for=1.5", 400), ("?mode=http&for=-1", 400), ("?mode=auto&for=5", 400), ("?mode=%1b%5b31m", 400)):
    a = ask(port, "POST", "/api/lattice/sync/switch" + query)
    check("switch%s is refused" % query, a.status == status and a.json()["success"] is False and a.json()["message"], (a.status, a.body))
    check("no control character comes back", all(c >= 0x20 for c in a.body), a.body)
a = ask(port, "POST", "/api/lattice/sync/switch?mode=http&mode=p2p", body=b"ignored").json()
check("the last of two modes counts, a body is ignored", a["success"] and a["mode"] == "P2P" and a["requested_mode"] == "p2p", a)
check("requested and effective mode are told apart", a["sync_mode"] == "NONE" and a["state"] == "FP2P_DOWN" and a["for_s"] is None, a)
a = ask(port, "POST", "/api/lattice/sync/switch").json()
check("no mode is auto", a["success"] and a["requested_mode"] == "auto", a)

# Entries: tags, conditions, keys.
put = ask(port, "PUT", "/api/lattice/state/a%2Fb%20%C3%BC%3F%00", body=b'{"x": 1e2, "y": "\\u00fc"}')
check("a PUT is taken", put.status in (200, 201), (put.status, put.body))
root = put.json()["root"]
check("it answers with the new root", HEX64.match(root) and get(port, "/api/lattice/state?summary=1").json()["root"] == root, put.body)
key = "/api/lattice/state/a%2Fb%20%C3%BC%3F%00"
one = get(port, key)
check("a value comes back as Python prints it", one.body == b'{"x": 100.0, "y": "\\u00fc"}', one.body)
tag = one.headers["etag"]
check("If-None-Match with the tag is 304 and empty", (lambda a: a.status == 304 and not a.body)(get(port, key, If_None_Match=tag)))
check("If-None-Match with another tag is 200", get(port, key, If_None_Match='"0"').status == 200)
check("If-Match with another tag is 412", ask(port, "PUT", key, {"If-Match": '"%s"' % ("0" * 64)}, b"1").status == 412)
check("If-None-Match: * on what exists is 412", ask(port, "PUT", key, {"If-None-Match": "*"}, b"1").status == 412)
check("a malformed condition is no write", ask(port, "PUT", key, {"If-Match": "nonsense"}, b"1").status in (400, 412))
check("If-Match with the tag is taken", ask(port, "PUT", key, {"If-Match": tag}, b"2").status == 200)
check("a DELETE with the old tag is 412", ask(port, "DELETE", key, {"If-Match": tag}).status == 412)
whole = get(port, "/api/lattice/state")
check("the state's tag is its root", whole.headers["etag"] == '"%s"' % whole.json()["root"], whole.headers)
check("the state with its tag is 304 and empty", (lambda a: a.status == 304 and not a.body)(get(port, "/api/lattice/state", If_None_Match=whole.headers["etag"])))
check("a DELETE is taken", ask(port, "DELETE", key).status == 200)
check("what is deleted is 404", get(port, key).status == 404)
check("deleting what is not there is 404", ask(port, "DELETE", key).status == 404)
check("the state's tag has changed", get(port, "/api/lattice/state", If_None_Match=whole.headers["etag"]).status == 200)
for bad, status in ((b"", 400), (b"NaN", 400), (b"{", 400), (b'{"a":1,}', 400), (b"1 2", 400), (b'"\\ud800"', 400), (b"1e400", 400), (b'"\xff"', 400),
                    (b"[" * 65 + b"]" * 65, 413), (b"9" * 4301, 413), (b'"' + b"v" * 65535 + b'"', 413), (b"0" * 1048577, 413)):
    a = ask(port, "PUT", "/api/lattice/state/bad", body=bad)
    check("the value %.20r is refused with %d" % (bad, status), a.status == status and a.json()["detail"], (a.status, a.body))
for bad in ("%", "%zz", "%ff", "%ed%a0%80", "k" * 1025, "%00"):
    a = ask(port, "PUT", "/api/lattice/state/" + bad, body=b"1")
    check("the key %.12s is refused" % bad, a.status in (400, 413), (a.status, a.body))
check("nothing of all that was written", get(port, "/api/lattice/state").json()["state"] == {})
for path in ("/api/lattice/sync",):
    check("sync takes octets alone", ask(port, "POST", path, {"Content-Type": "application/json"}, b"{}").status == 415)
    a = ask(port, "POST", path, {"Content-Type": "application/octet-stream"}, os.urandom(300))
    check("noise gets an ERROR message, not a 500", a.status == 200 and a.body[:1] == b"\xff", (a.status, a.body[:9]))
print("the API has the shapes of v3.0.3 and its corrections")
