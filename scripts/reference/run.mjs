// A run: blocks of one trial of each case in a fresh random order, each trial between two looks at the host.

import { readFileSync } from "node:fs";
import { now } from "./node-tools.mjs";
import { failedRecord, noiseOf, okRecord } from "./record.mjs";
import { Store } from "./store.mjs";
import { table } from "./table.mjs";

const INTERRUPTS = { SIGINT: 130, SIGTERM: 143 };

/** Random numbers that a seed repeats (mulberry32). */
export function randomFrom(seed) {
  let state = (seed ^ Math.floor(seed / 2 ** 32)) | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function shuffled(list, random) {
  const order = [...list];
  for (let last = order.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [order[last], order[other]] = [order[other], order[last]];
  }
  return order;
}

/** A fixed loop of a few milliseconds: a host that has other work takes longer for it. */
function sentinel() {
  const begun = now();
  let word = 1;
  for (let n = 0; n < 3_000_000; n += 1) word = Math.imul(word ^ (word >>> 7), 0x2545f491);
  return word === 0 ? Infinity : now() - begun; // the word is looked at, so that the loop is not dropped
}

/** Clock ticks that the hypervisor has taken so far, over all CPUs. */
function stolen() {
  return Number(readFileSync("/proc/stat", "utf8").split("\n")[0].trim().split(/\s+/)[8] ?? 0);
}

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return sorted.length ? (low + high) / 2 : null;
}

/**
 * Measures all cases. `runTrial(case, random, signal)` answers what a trial found, or throws; when the signal is aborted it ends
 * what it has started. Answers the exit code.
 */
export async function run(options, environment, cases, runTrial) {
  const store = new Store(options.out, environment);
  const interrupt = new AbortController();
  const stop = (name) => interrupt.abort(name);
  for (const name of Object.keys(INTERRUPTS)) process.on(name, stop);
  const random = randomFrom(options.seed);
  for (let n = 0; n < 20; n += 1) sentinel(); // until the compiler has done with it
  const [records, sentinels] = [[], []];
  const total = options.trials * cases.length;
  for (let trial = 0; trial < options.trials; trial += 1) {
    for (const of of shuffled(cases, random)) {
      if (interrupt.signal.aborted) break;
      const place = { run: environment.run, trial, order: records.length, seed: options.seed, case: of };
      progress(`${records.length + 1}/${total} ${of.id}`);
      const before = { sentinel: sentinel(), stolen: stolen(), at: now() };
      const found = await runTrial(of, random, interrupt.signal).catch((error) => error);
      if (interrupt.signal.aborted) break;
      const wall = now() - before.at;
      const both = [before.sentinel, sentinel()];
      const noise = noiseOf(both, median(sentinels), stolen() - before.stolen, wall);
      sentinels.push((both[0] + both[1]) / 2);
      const failed = found instanceof Error;
      records.push(failed ? failedRecord(place, found.message) : okRecord(place, found, noise));
      store.append(records.at(-1));
    }
  }
  progress("");
  store.finish(records.length < total);
  for (const { case: of, reason } of records.filter((record) => record.status === "failed")) {
    console.error(`failed: ${of.id}: ${reason}`);
  }
  process.stdout.write(table(records));
  console.error(`${records.length} of ${total} trials in ${options.out}; ipcmark report ${options.out} --markdown - shows them`);
  if (interrupt.signal.aborted) return INTERRUPTS[interrupt.signal.reason];
  return records.some((record) => record.status === "failed") ? 4 : 0;
}

function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}
