# Shared by the measuring scripts: a folder on disk, nodes, lines for the table. Sourced; needs $LATTICE and
# $BENCH_PROGRAMS (the folder of the built programs), and measures in $BENCH_FOLDER.
set -eu
[ -x "${LATTICE:-}" ] || { echo "LATTICE does not name the built program" >&2; exit 1; }
[ -x "${BENCH_PROGRAMS:-}/puts" ] || { echo "BENCH_PROGRAMS does not name the built programs" >&2; exit 1; }
here=$(cd "$(dirname "$0")" && pwd)
tab=$(printf '\t')
work=$(mktemp -d "${BENCH_FOLDER:-.}/bench.XXXXXX")
work=$(cd "$work" && pwd)
pids=
finish() {
    code=$?
    for pid in $pids; do kill "$pid" 2>/dev/null || :; done
    for pid in $pids; do wait "$pid" 2>/dev/null || :; done
    [ $code -eq 0 ] || tail -n 20 "$work"/*.log >&2 2>/dev/null || :
    rm -rf "$work"
    exit $code
}
trap finish EXIT
trap 'exit 1' INT TERM

# Settings of the caller's own node must not leak in.
for name in $(env | sed -n 's/^\(\(LATTICE\|DIOTEC360\|AETHEL\)_[A-Z0-9_]*\)=.*/\1/p'); do unset "$name"; done
unset PORT 2>/dev/null || :

say() { echo "bench: $*" >&2; }
have() { command -v "$1" >/dev/null 2>&1; }

# line SECTION WHAT UNIT OURS [RIVAL THEIRS [TARGET]] - see bench.h.
line() { printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" "${5:-}" "${6:-}" "${7:-}"; }

# median - of the numbers on standard input, one a line.
median() { sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

# wait_for SECONDS COMMAND... - until it succeeds.
wait_for() {
    left=$(($1 * 20)); shift
    until "$@" >/dev/null 2>&1; do
        left=$((left - 1))
        [ $left -gt 0 ] || { say "does not come: $*"; return 1; }
        sleep 0.05
    done
}

# start NAME ARGUMENTS... - a node without a console in $work/NAME; its pid in $pid.
start() {
    node=$1; shift
    mkdir -p "$work/$node"
    "$LATTICE" node --name "$node" --state-dir "$work/$node" --listen /ip4/127.0.0.1/tcp/0 "$@" >>"$work/$node.log" 2>&1 &
    pid=$!
    pids="$pids $pid"
}
