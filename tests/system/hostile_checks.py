"""What a node among the servers of hostile.py says of each. Usage: hostile_checks.py PORT PID PORTS.json GOOD_PORT."""
import json, re, sys, time

from outside import check, get, memory_kib, wait_until

port, pid, kinds, good = int(sys.argv[1]), int(sys.argv[2]), json.load(open(sys.argv[3])), int(sys.argv[4])
kind_of = {number: kind for kind, number in kinds.items()}
EXPECTED = {  # a word of the sentence
    "hangs": "slow|time", "stops_in_the_middle": "slow|time", "drips": "slow|time", "drips_its_header": "slow|time",
    "floods": "cut off", "floods_unannounced": "cut off", "floods_with_a_state": "cut off", "floods_with_headers": "headers.*cut off",
    "floods_with_interim_answers": "cut off|slow|time", "bombs": "compressed",
    "redirects_elsewhere": "another host", "redirects_in_circles": "redirects", "redirects_to_a_file": "redirects", "redirects_to_a_port": "another port",
    "nan": "not JSON", "infinite": "not JSON", "lone_surrogate_in_a_key": "surrogate", "lone_surrogate_in_a_value": "surrogate", "not_utf8": "UTF-8",
    "twice": "twice", "deep": "JSON|nested", "deep_in_a_value": "nested", "empty": "JSON", "no_root": "no root",
    "writes_in_a_reason": "500",
}
slowest = 0.0


def sources():
    """All sources by kind, once each has an error; how long the node takes to answer meanwhile."""
    global slowest
    began = time.monotonic()
    doc = get(port, "/api/lattice/nodes").json()["sources"]
    slowest = max(slowest, time.monotonic() - began)
    by_kind = {kind_of.get(int(re.search(r":(\d+)", s["url"]).group(1)), "good"): s for s in doc}
    return by_kind if all(s["error"] for kind, s in by_kind.items() if kind != "good") else None


found = wait_until("every hostile source has an error", 20, sources)
check("all sources are there", len(found) == len(kinds) + 1, len(found))
for kind, source in sorted(found.items()):
    if kind == "good":
        continue
    check("%s is not usable and agrees with nobody" % kind, not source["usable"] and source["agreement"] == "unknown" and source["failures"] > 0, source)
    check("%s: the sentence says what is wrong" % kind, re.search(EXPECTED.get(kind, "."), source["error"]), source["error"])
    check("%s: the sentence is short and plain" % kind, len(source["error"]) < 300 and source["error"].isprintable(), source["error"])
check("the honest source is usable and equal", found["good"]["usable"] and found["good"]["agreement"] == "equal" and not found["good"]["error"], found["good"])
until = time.monotonic() + 5  # another round of it
while time.monotonic() < until:
    sources()
    time.sleep(0.1)
most = memory_kib(pid)
check("three floods of 300 MiB leave memory below 400 MiB", most < 400 * 1024, most)
check("the API answers within a second all the while", slowest < 1, slowest)
print("largest memory %d MiB, slowest answer %.0f ms" % (most // 1024, slowest * 1000))
