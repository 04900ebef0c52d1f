#!/usr/bin/env node
// Measures how Node.js moves messages between processes and threads, and keeps it as records that ipcmark reads.
//
// Exit codes: 0 all well, 2 a mistake in what was asked for or something is missing, 4 a trial failed, 130/143 interrupted.

import { spawnSync } from "node:child_process";
import { CANARY, canary, makeCase } from "./case.mjs";
import { allowedCpus, capture } from "./environment.mjs";
import { nodeTrial } from "./node-trial.mjs";
import { parse, Trouble } from "./options.mjs";
import { run } from "./run.mjs";

const HELP = `usage: node scripts/reference/node.mjs --out DIR [flags]
  --trials N          trials of each case [3]
  --time S            seconds of the measured part of a trial [0.2]
  --payload A,B       64, 4KiB, 1MiB … [64,4KiB,64KiB,1MiB]
  --pin A,B           same, cross, free [same,cross]
  --transport A,B     node-fork-json, node-fork-advanced, node-worker, node-atomics [all]
  --workload A,B      invoke, send [both]
  --seed N            for orders and CPUs [a fresh one]
The canary, ${CANARY}, is measured in every block.`;

/** What each transport is in terms of ipcmark's variables. */
const TRANSPORTS = {
  "node-fork-json": { codec: "json" },
  "node-fork-advanced": { codec: "structured-clone" },
  "node-worker": { codec: "structured-clone", placement: "thread" },
  "node-atomics": { placement: "thread" },
};
const KNOWN = {
  transports: Object.keys(TRANSPORTS),
  workloads: ["invoke", "send"],
  pins: ["same", "cross", "free"],
  payloads: "64,4KiB,64KiB,1MiB",
};
/** Messages that a stream may be ahead: enough to hide a credit's way back, and 64 MiB of the largest. */
const WINDOW = 64;
const OLDEST_NODE = 20;

function casesOf({ transports, workloads, payloads, pins }) {
  const cases = pins.map(canary);
  for (const [transport, workload] of transports.flatMap((t) => workloads.map((w) => [t, w]))) {
    // One request and one reply at a time are in its memory: a stream would need a ring, which Node does not have.
    if (transport === "node-atomics" && workload === "send") continue;
    const stream = workload === "send" ? { in_flight: WINDOW } : {};
    for (const [payload, pin] of payloads.flatMap((p) => pins.map((pin) => [p, pin]))) {
      cases.push(makeCase(transport, workload, { ...TRANSPORTS[transport], ...stream, payload, pin }));
    }
  }
  return cases;
}

function requireTools(pins, cpus) {
  if (Number(process.versions.node.split(".")[0]) < OLDEST_NODE) {
    throw new Trouble(`this is Node ${process.version}; it needs ${OLDEST_NODE} or newer (https://nodejs.org)`);
  }
  if (pins.some((pin) => pin !== "free") && spawnSync("taskset", ["--version"]).error) {
    throw new Trouble("there is no taskset: install util-linux, or choose --pin free");
  }
  if (pins.includes("cross") && cpus.length < 2) throw new Trouble("pin=cross needs two CPUs; choose --pin same");
}

async function main(argv) {
  const options = parse(argv, KNOWN);
  if (options.help) return console.log(HELP);
  if (!options.out) throw new Trouble("name a directory for the records with --out DIR");
  if (!argv.some((word) => word.startsWith("--pin"))) options.pins = ["same", "cross"];
  const cpus = allowedCpus();
  requireTools(options.pins, cpus);
  const environment = capture("scripts/reference/node.mjs", argv, options.seed, { node: process.version, v8: process.versions.v8 });
  const setting = { seconds: options.seconds, cpus, step: environment.host.clock.cost_ns };
  const trial = (of, random, signal) => nodeTrial(of, setting, random, signal);
  process.exitCode = await run(options, environment, casesOf(options), trial);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Trouble)) throw error;
  console.error(`node.mjs: ${error.message}`);
  process.exitCode = 2;
}
