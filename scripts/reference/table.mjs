// A short table of a run, one line a case. `ipcmark report` has the long ones.

import { median } from "./run.mjs";

const UNITS = [
  ["s", 1e9],
  ["ms", 1e6],
  ["µs", 1e3],
  ["ns", 1],
];

function time(ns) {
  const [unit, scale] = UNITS.find(([, scale]) => ns >= scale) ?? UNITS.at(-1);
  return `${digits(ns / scale)} ${unit}`;
}

function digits(number) {
  return number >= 1_000 ? number.toFixed(0) : String(Number(number.toPrecision(3)));
}

export function table(records) {
  const cases = new Map();
  for (const record of records.filter((record) => record.status === "ok")) {
    cases.set(record.case.id, [...(cases.get(record.case.id) ?? []), record]);
  }
  if (cases.size === 0) return "";
  const lines = [
    "| transport | workload | payload | pin | p50 (range of trials) | messages/s | CPU/msg | trials |",
    "|---|---|--:|---|--:|--:|--:|--:|",
  ];
  for (const id of [...cases.keys()].sort(byNumbers)) {
    const trials = cases.get(id);
    const { transport, workload, model } = trials[0].case;
    const medians = trials.map((record) => record.latency_ns.p50);
    const range = `${time(median(medians))} (${time(Math.min(...medians))} – ${time(Math.max(...medians))})`;
    const rate = digits(median(trials.map((record) => record.throughput.messages_per_s)));
    const cpu = time(median(trials.map((record) => record.cpu.ns_per_message)));
    const dirty = trials.filter((record) => record.noise.dirty).length;
    const count = dirty ? `${trials.length} (${dirty} dirty)` : `${trials.length}`;
    const what = model.windows > 1 ? `${workload}, ${model.windows} windows` : workload;
    lines.push(`| ${transport} | ${what} | ${model.payload} B | ${model.pin} | ${range} | ${rate} | ${cpu} | ${count} |`);
  }
  return lines.join("\n") + "\n";
}

/** So that 4096 comes before 65536. */
function byNumbers(a, b) {
  return a.localeCompare(b, "en", { numeric: true });
}
