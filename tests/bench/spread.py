"""Puts on one node until they can be read on the others: median and p99 in ms.  spread.py STATE_DIR COUNT PORT PORT ...

One a time, every 30 ms; each of the others is asked again and again by a thread of its own over one connection."""
import http.client
import statistics
import sys
import threading
import time

folder, count, ports = sys.argv[1], int(sys.argv[2]), [int(port) for port in sys.argv[3:]]
with open(f"{folder}/cookie", encoding="ascii") as file:
    CONTROL = {"Authorization": "Bearer " + file.read().strip(), "Content-Type": "application/json"}
seen = threading.Semaphore(0)
key = ""


def ask(connection, method, path, body=None, headers=None):
    connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    answer.read()
    return answer.status


def live(port):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", "/health")
    return b'"P2P"' in connection.getresponse().read()


class Reader(threading.Thread):
    def __init__(self, port):
        super().__init__(daemon=True)
        self.connection, self.asked = http.client.HTTPConnection("127.0.0.1", port), ""
        self.start()

    def run(self):
        while True:
            if key not in ("", self.asked) and ask(self.connection, "GET", f"/api/lattice/state/{key}") == 200:
                self.asked = key
                seen.release()
            time.sleep(0.001)


def put(connection, number):
    global key
    name, began = f"bench/{number}", time.monotonic()
    if ask(connection, "PUT", f"/api/lattice/state/{name}", str(number), CONTROL) not in (200, 201, 204):
        sys.exit("the put is refused")
    key = name
    for _ in ports[1:]:
        if not seen.acquire(timeout=30):
            sys.exit(f"{name} does not come")
    return 1000 * (time.monotonic() - began)


until = time.monotonic() + 30
while not all(map(live, ports)):
    if time.monotonic() > until:
        sys.exit("the nodes do not find each other")
    time.sleep(0.1)
time.sleep(2)
writer = http.client.HTTPConnection("127.0.0.1", ports[0])
for port in ports[1:]:
    Reader(port)
put(writer, 0)  # all warm
times = []
for number in range(1, count + 1):
    times.append(put(writer, number))
    time.sleep(0.03)
times.sort()
print(f"{statistics.median(times):.4g} {times[int(0.99 * len(times))]:.4g}")
