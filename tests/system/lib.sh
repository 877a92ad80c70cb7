# Shared by the system tests: nodes of the built program on loopback, in a folder of their own, ended at the end.
# Sourced; needs $LATTICE. What fails says so and ends the test.
set -eu
[ -x "${LATTICE:-}" ] || { echo "LATTICE does not name the built program"; exit 1; }
work=$(mktemp -d "${TMPDIR:-/tmp}/lattice-test.XXXXXX")
pids=
finish() {
    code=$?
    for pid in $pids; do kill -KILL "$pid" 2>/dev/null || :; done
    if [ $code -ne 0 ] && [ $code -ne 77 ]; then tail -n 40 "$work"/*/log 2>/dev/null || :; fi
    rm -rf "$work"
    exit $code
}
trap finish EXIT
trap 'exit 1' INT TERM

# Settings of the caller's own node must not leak in.
for name in $(env | sed -n 's/^\(\(LATTICE\|DIOTEC360\|AETHEL\)_[A-Z0-9_]*\)=.*/\1/p'); do unset "$name"; done
unset PORT 2>/dev/null || :
export PYTHONDONTWRITEBYTECODE=1 # the sources may be read-only
cd "$work"

fail() { echo "FAILED: $*"; exit 1; }
need() { command -v "$1" >/dev/null || { echo "skipped: no $1 here"; exit 77; }; }

# free_port - a loopback port that was free a moment ago.
free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# wait_for SECONDS COMMAND... - until it succeeds, asked ten times a second.
wait_for() {
    left=$(($1 * 10)); shift
    until "$@" >/dev/null 2>&1; do
        left=$((left - 1))
        [ $left -gt 0 ] || return 1
        sleep 0.1
    done
}

# key_of NODE - its public key, made when missing.
key_of() {
    [ -f "$work/$1/node.key" ] || "$LATTICE" id new --state-dir "$work/$1" >/dev/null
    "$LATTICE" id --json --state-dir "$work/$1" | sed 's/.*"public_key": "\([0-9a-f]*\)".*/\1/'
}

# start NODE PORT [OPTIONS] - a headless node; its pid in $pid, its log in NODE/log.
start() {
    node=$1 port=$2
    shift 2
    mkdir -p "$work/$node"
    "$LATTICE" node --name "$node" --state-dir "$work/$node" --api "127.0.0.1:$port" --listen /ip4/127.0.0.1/tcp/0 \
        "$@" >>"$work/$node/log" 2>&1 &
    pid=$!
    pids="$pids $pid"
    wait_for 10 curl -sf "http://127.0.0.1:$port/livez" || fail "$node does not answer"
}

# at NODE PORT COMMAND... - a command of the program against that node.
at() {
    node=$1 port=$2 command=$3
    shift 3
    "$LATTICE" "$command" --state-dir "$work/$node" --api "127.0.0.1:$port" "$@"
}

# member NAME - of a JSON document on standard input, by a path with dots.
member() {
    python3 -c 'import json, sys
value = json.load(sys.stdin)
for name in sys.argv[1].split("."):
    value = value[int(name)] if isinstance(value, list) else value[name]
print(json.dumps(value) if isinstance(value, (dict, list, bool)) or value is None else value)' "$1"
}

# status_member PORT NAME - of the P2P status document.
status_member() { curl -sf "http://127.0.0.1:$1/api/lattice/p2p/status" | member "$2"; }
root_of() { curl -sf "http://127.0.0.1:$1/api/lattice/state?summary=1" | member root; }
has_member() { [ "$(status_member "$1" "$2")" = "$3" ]; }
