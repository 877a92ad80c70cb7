"""Real nodes for cases with peers of other implementations; what is imported is run with LATTICE NODE FOLDER (of peer.js with what it needs)."""
import json
import os
import subprocess
import sys
import tempfile
import time

from peers import PATIENCE, Failure, check, main

LATTICE, NODE, FOLDER = sys.argv[1:4]


def expect_soon(text, condition):
    end = time.monotonic() + PATIENCE
    while True:
        try:
            if condition():
                return
        except OSError:
            pass  # its API is not there yet
        check(time.monotonic() < end, text)
        time.sleep(0.1)


class Node:
    """`lattice node` on ports of the system's choice."""

    everyone = []

    def __init__(self, work, number):
        self.dir = os.path.join(work, str(number))
        os.mkdir(self.dir, 0o700)
        said = subprocess.run([LATTICE, "id", "--new", "--json", "--state-dir", self.dir], check=True, capture_output=True, text=True)
        self.key = json.loads(said.stdout)["public_key"]
        self.process = None

    def start(self, keys, *more, listen="127.0.0.1", **settings):
        environment = dict(os.environ, LATTICE_TRUSTED_KEYS=",".join(keys), **settings)
        command = [LATTICE, "node", "--state-dir", self.dir, "--api", "127.0.0.1:0", "--listen", f"/ip4/{listen}/tcp/0", *more]
        self.log = open(os.path.join(self.dir, "log"), "w+")
        self.process = subprocess.Popen(command, env=environment, stdout=self.log, stderr=self.log)
        Node.everyone.append(self)

    def run(self, *words):
        done = subprocess.run([LATTICE, *words, "--state-dir", self.dir], capture_output=True, text=True)
        return done.stdout if done.returncode in (0, 1, 2) else ""

    def status(self):
        text = self.run("status", "--json")
        return json.loads(text) if text else None

    def lung(self):
        status = self.status()
        return status["lung"] if status else {"state": "", "peers_live": 0, "peers_connected": 0}


def run_cases(cases):
    """cases(work): a folder for state directories. Ends all nodes; where one failed, says what their logs end with."""
    def run():
        with tempfile.TemporaryDirectory(prefix="lattice-test.") as work:
            try:
                cases(work)
            except Failure:
                for node in Node.everyone:
                    node.log.seek(0)
                    print(node.log.read()[-3000:])
                raise
            finally:
                for node in Node.everyone:
                    node.process.terminate()
                    node.process.wait()

    main(run)
