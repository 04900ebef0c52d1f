// One trial as one line of `records.jsonl`: the schema is that of `src/record/row.rs`.

import { SCHEMA } from "./environment.mjs";
import { Histogram } from "./histogram.mjs";

const KINDS = { invoke: "round-trip", port: "round-trip", send: "one-way", broadcast: "last-delivery" };
const FAULTS = ["lost", "duplicated", "reordered", "corrupt"];
const NOTHING = { user_ns: 0, sys_ns: 0, voluntary_switches: 0, involuntary_switches: 0, minor_faults: 0 };
/** Beyond these a trial is marked as disturbed, as by ipcmark. */
const SENTINEL_OFF = 0.05;
const MOST_STEAL = 0.01;

/**
 * `place` is the trial's run, numbers and seed; `found` what it found:
 * messages, transfers (payloads that passed), elapsed, every, latencies, usage of both sides, checks, processes, and `beside`
 * what only this script knows.
 */
export function okRecord(place, found, noise) {
  const { messages, elapsed, every, latencies, main, renderers, checks, processes } = found;
  const histogram = new Histogram();
  for (const latency of latencies) histogram.record(latency);
  const bytes = found.transfers * place.case.model.payload;
  const perSecond = (count) => (count * 1e9) / Math.max(1, elapsed);
  const faults = FAULTS.filter((fault) => checks[fault] !== 0).map((fault) => `${fault}: ${checks[fault]}`);
  const wrong = faults.length ? `not every message arrived once, in order and unchanged (${faults.join(", ")})` : undefined;
  const cpu = [main, renderers].reduce((sum, usage) => sum + usage.user_ns + usage.sys_ns, 0);
  return {
    ...bare(place, wrong ? "failed" : "ok", wrong),
    messages,
    bytes,
    elapsed_ns: Math.round(elapsed),
    latency_ns: { kind: KINDS[place.case.workload], count: histogram.count, every, ...histogram.summary() },
    throughput: { messages_per_s: perSecond(messages), bytes_per_s: perSecond(bytes) },
    cpu: { main, renderers, ns_per_message: cpu / Math.max(1, messages) },
    checks: { ...checks, processes },
    noise,
    ...found.beside,
  };
}

export function failedRecord(place, reason) {
  return bare(place, "failed", reason);
}

function bare({ run, trial, order, seed, case: of }, status, reason) {
  return { schema: SCHEMA, run, trial, order, seed, status, ...(reason && { reason }), case: of };
}

/** What was consumed between two readings; nothing where an end has no reading of its own. */
export function consumed(readings) {
  if (!readings) return NOTHING;
  const [before, after] = readings;
  return Object.fromEntries(Object.keys(NOTHING).map((name) => [name, after[name] - before[name]]));
}

/** Faults of all books together; what was sent and received in the measured phase. */
export function joinChecks(books, sent, received) {
  const sum = (fault) => books.reduce((all, book) => all + book[fault], 0);
  return { sent, received, ...Object.fromEntries(FAULTS.map((fault) => [fault, sum(fault)])) };
}

export function noiseOf(sentinels, usual, stealTicks, wallNs) {
  const ratio = usual === null ? 1 : (sentinels[0] + sentinels[1]) / 2 / usual;
  const steal = (stealTicks * 1e7) / wallNs; // a tick is 10 ms
  const dirty = Math.abs(ratio - 1) > SENTINEL_OFF || steal > MOST_STEAL;
  return { dirty, steal_ticks: stealTicks, sentinel_ratio: ratio, distance: null };
}
