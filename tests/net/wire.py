"""Two network namespaces joined by a wire, and a filter on it. Needs to be root in a namespace of its own (tests/net/lungs)."""
import ctypes
import json
import os
import subprocess
import time

libc = ctypes.CDLL(None, use_errno=True)


def run(*words, inside=None):
    enter = [] if inside is None else ["nsenter", "--net=/proc/%d/ns/net" % inside]
    subprocess.run([*enter, *words], check=True)


class Place:
    """A network namespace, kept by a process that sleeps."""

    def __init__(self, name, address):
        self.name, self.address = name, address
        self.keeper = subprocess.Popen(["unshare", "--net", "sleep", "3600"])
        own = os.readlink("/proc/self/ns/net")
        while os.readlink("/proc/%d/ns/net" % self.keeper.pid) == own:
            time.sleep(0.01)
        self.file = os.open("/proc/%d/ns/net" % self.keeper.pid, os.O_RDONLY)

    def run(self, *words):
        run(*words, inside=self.keeper.pid)

    def enter(self):
        """The calling thread, or a process about to begin, is there from now on."""
        if libc.setns(self.file, 0) != 0:
            raise OSError(ctypes.get_errno(), "setns")

    def start(self, words, log, **environment):
        return subprocess.Popen(words, stdout=log, stderr=subprocess.STDOUT, preexec_fn=self.enter,
                                env={**os.environ, **environment})


class Wire:
    """a and b, with addresses of a documentation network; ports are blocked by name."""

    def __init__(self, ports):
        self.ports = ports
        self.a, self.b = Place("a", "192.0.2.1"), Place("b", "192.0.2.2")
        run("ip", "link", "add", "name", "wire0", "type", "veth", "peer", "name", "wire1")
        for place, link in ((self.a, "wire0"), (self.b, "wire1")):
            run("ip", "link", "set", link, "netns", str(place.keeper.pid))
            place.run("ip", "address", "add", place.address + "/24", "dev", link)
            place.run("ip", "link", "set", link, "up")
            place.run("ip", "link", "set", "lo", "up")
            place.run("nft", "add table inet wire; add chain inet wire input { type filter hook input priority 0; };"
                             "add chain inet wire output { type filter hook output priority 0; }")
            for port in ports.values():
                place.run("nft", "add rule inet wire output tcp dport %d tcp flags & (syn | ack) == syn counter" % port)

    def block(self, **how):
        """
        block(p2p="reject", http="drop"): what comes in at either end for these ports, or from them; all else passes. A reset that
        answers a rejected packet comes through. Returns the instant before (Unix).
        """
        rules = ["flush chain inet wire input"]
        if "reject" in how.values():
            rules.append("add rule inet wire input tcp flags & rst == rst accept")
        for name, verdict in how.items():
            verdict = "reject with tcp reset" if verdict == "reject" else verdict
            for end in ("sport", "dport"):
                rules.append("add rule inet wire input iif != lo tcp %s %d %s" % (end, self.ports[name], verdict))
        began = time.time()
        for place in (self.a, self.b):
            place.run("nft", "; ".join(rules))
        return began

    def sent(self, place, name):
        """
        How many times a connection to that port was begun there so far. What a kernel still sends of one that was given up while
        packets were lost does not count.
        """
        said = subprocess.run(["nsenter", "--net=/proc/%d/ns/net" % place.keeper.pid, "nft", "-j", "list", "chain", "inet", "wire", "output"],
                              check=True, capture_output=True).stdout
        for entry in json.loads(said)["nftables"]:
            match, *rest = entry.get("rule", {}).get("expr", [{}])
            if match.get("match", {}).get("right") == self.ports[name]:
                return rest[-1]["counter"]["packets"]

    def connections(self, place, name, ends="sport = :{0} or dport = :{0}"):
        """Established ones of that port, either end's; with ends="dport = :{0}" those that were begun there."""
        words = ["ss", "-Htn", "state", "established", "( %s )" % ends.format(self.ports[name])]
        return subprocess.run(["nsenter", "--net=/proc/%d/ns/net" % place.keeper.pid, *words], check=True,
                              capture_output=True, text=True).stdout.splitlines()

    def close(self):
        for place in (self.a, self.b):
            place.keeper.kill()
            place.keeper.wait()
