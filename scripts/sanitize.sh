#!/usr/bin/env bash
# `sanitize.sh thread`: the ring's soak under a race detector. `sanitize.sh address`: the ring's tests, the soak, the
# contract of the transports over shared memory and a hostile renderer (for IPCMARK_HOSTILE seconds), each access checked. The installed stable compiler does both when told so.
set -euo pipefail
cd "$(dirname "$0")/.."

kind=${1:-}
case $kind in
thread | address) ;;
*)
    echo "usage: scripts/sanitize.sh thread|address" >&2
    exit 2
    ;;
esac
triple=$(rustc -vV | sed -n 's/^host: //p')

# The standard library is not instrumented, which the compiler refuses unless it is told that we know. What it orders by
# itself (a thread's start and end) the sanitizer sees all the same, since it goes through the C library.
export RUSTC_BOOTSTRAP=1
export RUSTFLAGS="-Zsanitizer=$kind -Cunsafe-allow-abi-mismatch=sanitizer"
export CARGO_TARGET_DIR="target/sanitize-$kind"
export TSAN_OPTIONS="halt_on_error=1 suppressions=$PWD/scripts/tsan.supp"
# A leak check at exit would stop children that are killed on purpose.
export ASAN_OPTIONS=detect_leaks=0
test() { cargo test --locked --target "$triple" "$@"; }

test --test soak
if [ "$kind" = address ]; then
    test --lib ring
    test --test it -- conformance::shm
    test --test it -- "a hostile window"
    # A hostile renderer's words, at rest and live; both ends of every link are instrumented.
    cargo run --locked --target "$triple" -- verify --hostile "${IPCMARK_HOSTILE:-5}" --no-progress
fi
