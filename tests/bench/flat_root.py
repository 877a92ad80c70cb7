#!/usr/bin/env python3
"""The flat root of a state document, as a v3.0.3 node works it out: prints seconds and root."""
import hashlib
import json
import sys
import time

with open(sys.argv[1], encoding="utf-8") as document:
    state = json.load(document)
started = time.perf_counter()
leaves = []
for key in sorted(state):
    leaves.append(hashlib.sha256(f"{key}:{json.dumps(state[key])}".encode()).hexdigest())
root = hashlib.sha256("".join(leaves).encode()).hexdigest()
print(f"{time.perf_counter() - started:.4f} {root}")
