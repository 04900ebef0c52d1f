#!/usr/bin/env bash
# `fuzz.sh [SECONDS] [TARGET…]`: each fuzz target for so long (600) under libFuzzer and AddressSanitizer, one after the other; all of them
# if none is named. What is new in the corpus stays in target/fuzz/corpus, what fails in target/fuzz/artifacts. Exit code 1 if anything did.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=600
if [[ ${1:-} =~ ^[0-9]+$ ]]; then
    seconds=$1
    shift
fi
if ! cargo fuzz --version >/dev/null 2>&1; then
    echo "cargo-fuzz is not installed: cargo install cargo-fuzz --locked" >&2
    exit 2
fi
if ! cargo +nightly --version >/dev/null 2>&1; then
    echo "cargo-fuzz needs the nightly compiler: rustup toolchain install nightly --profile minimal" >&2
    exit 2
fi
targets=("$@")
if [ ${#targets[@]} = 0 ]; then
    for program in fuzz/fuzz_targets/*.rs; do
        targets+=("$(basename "$program" .rs)")
    done
fi

built=target/fuzz
cargo +nightly fuzz build --target-dir "$built"
table=$(printf '%-24s %8s %12s %9s %7s %8s' target seconds executions coverage corpus crashes)
failed=0
for target in "${targets[@]}"; do
    corpus=$built/corpus/$target
    artifacts=$built/artifacts/$target/
    log=$built/$target.log
    mkdir -p "$corpus" "$artifacts"
    # A finding is called by its content: one that was there before is written again.
    stamp=$(mktemp)
    began=$SECONDS
    printf '\n== %s\n' "$target"
    ended=0
    # Inputs stay as short as those of the replay, so that a finding is small; the last directory is only read.
    cargo +nightly fuzz run --target-dir "$built" "$target" "$corpus" "fuzz/corpus/$target" -- \
        -max_total_time="$seconds" -max_len=4096 -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="$artifacts" >"$log" 2>&1 || ended=$?
    # The last word of libFuzzer before it ends: `#1234 DONE cov: 56 ft: 78 corp: 9/10Kb …`.
    last=$(grep -aE '^#[0-9]+' "$log" | tail -n 1 || true)
    said() { sed -nE "s/.*$1 *([0-9]+).*/\\1/p" <<<"$last"; }
    runs=$(sed -nE 's/^stat::number_of_executed_units: *([0-9]+).*/\1/p' "$log" | tail -n 1)
    crashes=$(find "$artifacts" -type f -newer "$stamp" | wc -l)
    rm "$stamp"
    if [ "$ended" != 0 ] || [ "$crashes" -gt 0 ] || [ -z "$runs" ]; then
        failed=1
        tail -n 30 "$log"
    fi
    table+=$(printf '\n%-24s %8s %12s %9s %7s %8s' "$target" $((SECONDS - began)) "${runs:--}" "$(said cov:)" "$(said corp:)" "$crashes")
done
printf '\n%s\n' "$table"
exit $failed
