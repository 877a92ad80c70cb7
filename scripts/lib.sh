# Shared by scripts/build, run and check: packages and the out-of-tree build. Sourced from the top folder.

# install_packages SECTION... - apt-get what dpkg does not know as installed; sudo where we are not root.
install_packages() {
    missing=
    for section in "$@"; do
        for package in $(sed -n "/^# $section:/,/^# /p" scripts/packages | grep -v '^#'); do
            dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
        done
    done
    [ -n "$missing" ] || return 0
    echo "installing:$missing" >&2
    as_root=
    [ "$(id -u)" = 0 ] || as_root=sudo
    export DEBIAN_FRONTEND=noninteractive
    $as_root apt-get update -qq
    $as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
}

# build_in FOLDER [CONFIGURE ARGS] - configure once, then make; safe to repeat.
build_in() {
    folder=$1
    shift
    [ -x configure ] && [ ! configure.ac -nt configure ] || autoreconf -i
    mkdir -p "$folder"
    if [ ! -f "$folder/Makefile" ] || [ configure -nt "$folder/Makefile" ]; then
        (cd "$folder" && ../configure -q "$@")
    fi
    make -C "$folder" -j"$(nproc)" --no-print-directory -s
}

# step NAME COMMAND... - a heading, the command, and how long it took. Not a condition, so that `set -e` holds inside; the
# trap says which step ended the script.
step() {
    step_name=$1 step_began=$(date +%s)
    shift
    printf '\n== %s\n' "$step_name"
    "$@"
    printf '== %s: %s s\n' "$step_name" $(($(date +%s) - step_began))
    step_name=
}
step_name=
trap '[ -z "$step_name" ] || printf "== FAILED: %s, after %s s\n" "$step_name" $(($(date +%s) - step_began)) >&2' EXIT
