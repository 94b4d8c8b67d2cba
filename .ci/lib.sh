# What the scripts of .ci share.  Source it; the caller sets -euo pipefail.

# The administrator's rights, for installing what the machine lacks.
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# need COMMAND PACKAGE: install a Debian package unless the command is there.
need() {
    if command -v "$1" >/dev/null; then return; fi
    echo "Installing $2"
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$2" >/dev/null
}

# step TITLE COMMAND...: run a command under a heading, and say how long it took.
step() {
    local title=$1 begun=$SECONDS
    shift
    printf '\n=== %s\n' "$title"
    "$@"
    printf -- '--- %s: %d s\n' "$title" "$((SECONDS - begun))"
}

# without_skips COMMAND...: run tests; a skipped one is a failure here.
without_skips() {
    local log
    log=$(mktemp)
    "$@" 2>&1 | tee "$log"
    if tail -n 3 "$log" | grep -E '[0-9]+ (skipped|xfailed|xpassed)'; then
        echo "Nothing may be skipped here." >&2
        return 1
    fi
    rm -f "$log"
}
