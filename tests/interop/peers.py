"""Processes that take commands on standard input and print JSON lines: lattice-peer, peer.js, smoldot.js."""
import json
import os
import queue
import subprocess
import sys
import threading
import time

PATIENCE = 30  # seconds for anything that is awaited


class Failure(Exception):
    pass


def check(condition, text):
    if not condition:
        raise Failure(text)


class Peer:
    """A process that takes commands and prints JSON lines."""

    everyone = []

    def __init__(self, name, *command):
        self.name = name
        self.lines = queue.Queue()
        self.log = []
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        Peer.everyone.append(self)
        threading.Thread(target=self._read, daemon=True).start()
        threading.Thread(target=self._read_log, daemon=True).start()
        listening = self.wait("listening")
        self.id = listening["peerId"]
        self.address = listening["addrs"][0] if listening["addrs"] else None

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(json.loads(line))
        self.lines.put(None)

    def _read_log(self):
        for line in self.process.stderr:
            self.log.append(line.rstrip())

    def wait(self, event, **fields):
        """The next line of this kind with these values; what comes before it is passed over."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                line = self.lines.get(timeout=max(0, end - time.monotonic()))
            except queue.Empty:
                raise Failure(f"{self.name}: no {event} {fields} within {PATIENCE} s") from None
            check(line is not None, f"{self.name} has ended")
            if line["ev"] == event and all(line.get(name) == value for name, value in fields.items()):
                return line

    def wait_for(self, event, condition):
        while not condition(line := self.wait(event)):
            pass
        return line

    def say(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def answer(self):
        end = time.monotonic() + PATIENCE
        skipped = []
        try:
            while True:
                line = self.lines.get(timeout=max(0, end - time.monotonic()))
                check(line is not None, f"{self.name} has ended")
                if line["ev"] in ("ok", "error"):
                    return line
                skipped.append(line)
        except queue.Empty:
            raise Failure(f"{self.name} does not answer") from None
        finally:
            for line in skipped:  # events that came before the answer can still be awaited
                self.lines.put(line)

    def do(self, command):
        self.say(command)
        line = self.answer()
        check(line["ev"] == "ok", f"{self.name}: {command}: {line.get('message')}")
        return line

    def refuse(self, command):
        self.say(command)
        line = self.answer()
        check(line["ev"] == "error", f"{self.name}: {command} succeeded")
        return line["message"]

    def forget(self):
        while not self.lines.empty():
            self.lines.get()

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def quit(self):
        self.say("quit")
        self.wait("bye")
        check(self.process.wait(PATIENCE) == 0, f"{self.name} left with {self.process.returncode}")


def main(run):
    """Run the cases; say what failed, with the last lines of everyone's log; leave nobody behind."""
    try:
        run()
    except Failure as failure:
        print(f"FAILED: {failure}")
        for peer in Peer.everyone:
            print("\n".join(f"{peer.name}: {line}" for line in peer.log[-20:]))
        sys.exit(1)
    finally:
        for peer in Peer.everyone:
            peer.process.kill()
            peer.process.wait()
