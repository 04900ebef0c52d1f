#!/usr/bin/env bash
# Measures the published results anew: results/<date>-<host>/ with raw records, environment, charts, one page and a README, whose
# figures all come from those records. `--quick` takes about five minutes, the full set about half an hour. Node.js and Chromium are
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

cargo build --release --locked
ipcmark=target/release/ipcmark
out=results/$(date -u +%F)-$(uname -n)
if [ -e "$out" ]; then
    echo "$out is there already: move it away, results are not overwritten" >&2
    exit 2
fi

"$ipcmark" run suites/published.toml "${effort[@]}" --out "$out/suite" --format csv >/dev/null
"$ipcmark" explain --transport mojo-like --preset electron-default --set pin=same "${layers[@]}" --out "$out/layers" >/dev/null
"$ipcmark" load --transport shm,uds-seqpacket --workload send --set pin=cross --rate 10k..640k/7 "${loads[@]}" --out "$out/load" >/dev/null
if command -v node >/dev/null; then
    node scripts/reference/node.mjs --workload invoke "${references[@]}" --out "$out/node"
    if command -v chromium >/dev/null; then
        node scripts/reference/chromium.mjs "${references[@]}" --out "$out/chromium"
    else
        echo "no Chromium: its rows are left out (Debian: apt-get install chromium)"
    fi
else
    echo "no Node.js: the rows of Node.js and Chromium are left out"
fi

"$ipcmark" report "$out" --html "$out/report.html" --svg "$out/charts" --csv "$out/trials.csv" --markdown "$out/summary.md"
{
    echo "# Results of $(basename "$out")"
    echo
    echo "Made by \`scripts/reproduce.sh${1:+ $1}\` from the records beside it. [report.html](report.html) is the same for a browser, without a"
    echo "network; [trials.csv](trials.csv) has a line for each trial; [charts](charts) holds each chart as a file."
    echo
    for chart in latency-1 heat-1 percentiles-1 cpu-1 windows-1 load-1 waterfall-1 timeline-1; do
        [ ! -e "$out/charts/$chart.svg" ] || printf '![%s](charts/%s.svg)\n\n' "$chart" "$chart"
    done
    cat "$out/summary.md"
} >"$out/README.md"
rm "$out/summary.md"
echo "written: $out"
