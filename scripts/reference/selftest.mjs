#!/usr/bin/env node
// Checks what a figure depends on and no engine says: the histogram's layout and text, the patterns and the books.
//
//     node scripts/reference/selftest.mjs            # checks
//     node scripts/reference/selftest.mjs --write    # and writes tests/vectors/hdr-js.jsonl anew
//
// A line of that file is {"name", "values", "histogram", "expected"}: what any reader of HDR V2 must find in the text.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { canary, makeCase } from "./case.mjs";
import { Histogram } from "./histogram.mjs";
import { DOWN, equalWords, FLAGS, Ledger, Pattern, UP } from "./payload.mjs";
import { randomFrom } from "./run.mjs";

const FIXTURE = new URL("../../tests/vectors/hdr-js.jsonl", import.meta.url);
const GOLDEN = new URL("../../tests/golden/records-v1.jsonl", import.meta.url);

/** Sets of values [value, times]: edges of the layout, and a long tail. */
function sets() {
  const random = randomFrom(7);
  const tail = Array.from({ length: 400 }, () => [Math.round(4_000 + 1e8 * random() ** 8), 30]);
  return {
    empty: [],
    "one of 1 ns": [[1, 1]],
    "below and above the first step of 2": [[2047, 3], [2048, 2], [2049, 2], [2050, 1]],
    "powers of two": Array.from({ length: 36 }, (_, n) => [2 ** n, n + 1]),
    "just below powers of two": Array.from({ length: 35 }, (_, n) => [2 ** (n + 1) - 1, 1]),
    "counts of many bytes": [[10, 127], [20, 128], [30, 16_384], [40, 3_000_000]],
    "beyond the bounds": [[0, 1], [61e9, 1]],
    "a long tail": tail,
  };
}

function histogramOf(values) {
  const histogram = new Histogram();
  for (const [value, times] of values) {
    for (let n = 0; n < times; n += 1) histogram.record(value);
  }
  return histogram;
}

function lines() {
  return Object.entries(sets()).map(([name, values]) => {
    const found = histogramOf(values);
    const { histogram, ...summary } = found.summary();
    return JSON.stringify({ name, values, histogram, expected: { count: found.count, ...summary } });
  });
}

/** Counters of an HDR V2 text, by a reader that shares nothing with the writer. */
function counters(text) {
  const bytes = Buffer.from(text, "base64");
  assert.equal(bytes.readUInt32BE(4), bytes.length - 40, "the length in the head");
  const counts = [];
  for (let at = 40; at < bytes.length; ) {
    let [number, shift, byte] = [0n, 0n, 0];
    do {
      byte = bytes[at++];
      number |= BigInt(byte & 127) << shift;
      shift += 7n;
    } while (byte & 128);
    const value = Number((number >> 1n) ^ -(number & 1n));
    value < 0 ? counts.push(...new Array(-value).fill(0)) : counts.push(value);
  }
  return counts;
}

/** What Rust wrote, read here and written again: the same text, and the same quantiles as Rust found in it. */
function agreesWithRust() {
  const records = readFileSync(GOLDEN, "utf8").trim().split("\n").map((line) => JSON.parse(line));
  const written = records.filter((record) => record.latency_ns);
  assert(written.length > 0, "the golden file has latencies");
  for (const { latency_ns: latency } of written) {
    const histogram = new Histogram();
    const counts = counters(latency.histogram);
    histogram.counts.set(counts);
    histogram.count = counts.reduce((sum, count) => sum + count, 0);
    // The mean depends on nothing else; extremes come from the values themselves.
    [histogram.least, histogram.most] = [latency.min, latency.max];
    const { mean, ...rest } = histogram.summary();
    assert.deepEqual({ count: histogram.count, ...rest }, pick(latency, ["count", ...Object.keys(rest)]));
    assert(Math.abs(mean - latency.mean) < 1e-6 * mean, `mean ${mean}, not ${latency.mean}`);
  }
}

function pick(object, names) {
  return Object.fromEntries(names.map((name) => [name, object[name]]));
}

function keepsThreeDigits() {
  for (let value = 1; value < 60e9; value = Math.ceil(value * 1.0007) + 1) {
    const found = histogramOf([[value, 1]]).quantile(0.5);
    assert(found >= value && found - value <= value / 1_000, `${value} is found as ${found}`);
  }
}

function seesEveryByte() {
  for (const equal of [(a, b) => Buffer.compare(a, b) === 0, equalWords]) {
    const pattern = new Pattern(68, UP, equal);
    const bytes = new Uint8Array(68);
    for (const sequence of [0, 1, 1020, 1021, 70_000]) {
      pattern.fill(bytes, sequence, FLAGS.BEGIN, 3);
      assert.deepEqual(pattern.open(bytes), { sequence, flag: FLAGS.BEGIN, every: 3 });
      assert.equal(new Pattern(68, DOWN, equal).open(bytes), null, "a request is no reply");
      for (let at = 0; at < bytes.length; at += 1) {
        bytes[at] ^= 1;
        assert.equal(pattern.open(bytes), null, `byte ${at} is not looked at`);
        bytes[at] ^= 1;
      }
    }
    assert.equal(pattern.open(bytes.subarray(0, 64)), null, "a short message");
  }
}

/** The cases of `src/workload/ledger.rs`. */
function callsFaultsByTheirNames() {
  const pattern = new Pattern(64, UP, equalWords);
  const book = (order, sent) => {
    const ledger = new Ledger(pattern);
    for (const sequence of order) {
      const bytes = new Uint8Array(64);
      pattern.fill(bytes, sequence, FLAGS.NONE, 0);
      ledger.enter(bytes);
    }
    return Object.values(ledger.close(sent)); // received, lost, duplicated, reordered, corrupt
  };
  assert.deepEqual(book([0, 1, 2, 3], 4), [4, 0, 0, 0, 0]);
  assert.deepEqual(book([0, 2, 3], 4), [3, 1, 0, 0, 0]);
  assert.deepEqual(book([0, 1], 4), [2, 2, 0, 0, 0]);
  assert.deepEqual(book([0, 1, 1, 2], 3), [3, 0, 1, 0, 0]);
  assert.deepEqual(book([0, 2, 1, 3], 4), [4, 0, 0, 1, 0]);
  assert.deepEqual(book([0, 2 ** 31, 2], 3), [2, 0, 0, 0, 1]);
}

function namesCases() {
  assert.equal(canary("same").id, "node-socket-canary/invoke/payload=64/wait=block/pin=same");
  const changed = makeCase("x", "send", { codec: "json", in_flight: 64, placement: "thread" });
  assert.equal(changed.id, "x/send/payload=64/wait=block/pin=cross/placement=thread/in_flight=64/codec=json");
}

const text = lines().join("\n") + "\n";
if (process.argv.includes("--write")) writeFileSync(FIXTURE, text);
for (const check of [agreesWithRust, keepsThreeDigits, seesEveryByte, callsFaultsByTheirNames, namesCases]) {
  check();
  console.log(`ok  ${check.name}`);
}
assert.equal(readFileSync(FIXTURE, "utf8"), text, "tests/vectors/hdr-js.jsonl is not what is written now; see --write");
console.log("ok  tests/vectors/hdr-js.jsonl");
