#!/usr/bin/env bash
# Measures the published results anew: results/<date>-<host>/ with raw records, environment, charts, one page and a README, whose
# figures all come from those records. `--quick` takes about eight minutes, the full set about half an hour. Node.js and Chromium are
# measured beside the model where they are installed.
set -euo pipefail
cd "$(dirname "$0")/.."

effort=()
references=(--pin same,free --payload 64,4KiB,64KiB,1MiB)
loads=(--trials 5)
layers=(--trials 15)
case "${1:-}" in
--quick)
    effort=(--quick)
    references+=(--trials 2 --time 0.1)
    loads=(--trials 2 --time 0.2)
    layers=(--trials 6 --time 0.1)
    ;;
"") references+=(--trials 5) ;;
*)
    echo "usage: scripts/reproduce.sh [--quick]" >&2
    exit 2
    ;;
esac

# Results are never overwritten: a second set of a day has a number.
out=results/$(date -u +%F)-$(uname -n)${1:+-quick}
number=2
while [ -e "$out" ]; do
    out=${out%_*}_$number
    number=$((number + 1))
done

cargo build --release --locked
ipcmark=target/release/ipcmark

# A trial that fails (4) is a row of the results, and no reason to throw away the others.
measure() {
    local code=0
    "$@" || code=$?
    [ "$code" -eq 0 ] || [ "$code" -eq 4 ] || exit "$code"
}

measure "$ipcmark" run suites/published.toml "${effort[@]}" --out "$out/suite" --format csv >/dev/null
measure "$ipcmark" explain --transport mojo-like --preset electron-default --set pin=same "${layers[@]}" --out "$out/layers" >/dev/null
measure "$ipcmark" load --transport shm,uds-seqpacket --workload send --set pin=cross --rate 10k..640k/7 "${loads[@]}" --out "$out/load" >/dev/null
if command -v node >/dev/null; then
    measure node scripts/reference/node.mjs --workload invoke "${references[@]}" --out "$out/node"
    if command -v chromium >/dev/null; then
        measure node scripts/reference/chromium.mjs "${references[@]}" --out "$out/chromium"
    else
        echo "no Chromium: its rows are left out (Debian: apt-get install chromium)"
    fi
else
    echo "no Node.js: the rows of Node.js and Chromium are left out"
fi

"$ipcmark" report "$out" --html "$out/report.html" --svg "$out/charts" --csv "$out/trials.csv" --markdown "$out/tables.md"
{
    echo "# Results of $(basename "$out")"
    echo
    echo "Made by \`scripts/reproduce.sh${1:+ $1}\` from the records beside it. [report.html](report.html) is the same for a browser, without a"
    echo "network; [trials.csv](trials.csv) has a line for each trial; [charts](charts) holds each chart as a file."
    echo
    for chart in latency-1 heat-1 percentiles-1 cpu-1 windows-1 load-1 waterfall-1 timeline-1; do
        [ ! -e "$out/charts/$chart.svg" ] || printf '![%s](charts/%s.svg)\n\n' "$chart" "$chart"
    done
    # What the run says; its tables are in a file of their own.
    sed '/^### /,$d' "$out/tables.md"
    echo "All tables: [tables.md](tables.md)."
} >"$out/README.md"
echo "written: $out"
