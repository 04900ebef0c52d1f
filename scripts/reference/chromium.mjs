#!/usr/bin/env node
// Measures how Chromium moves messages between its renderer processes, and keeps it as records that ipcmark reads.
//
// Exit codes: 0 all well, 2 a mistake in what was asked for or something is missing, 4 a trial failed, 130/143 interrupted.

import { spawnSync } from "node:child_process";
import { findBrowser } from "./browser.mjs";
import { CANARY, canary, makeCase } from "./case.mjs";
import { chromiumTrial } from "./chromium-trial.mjs";
import { allowedCpus, capture } from "./environment.mjs";
import { nodeTrial } from "./node-trial.mjs";
import { parse, Trouble, whole } from "./options.mjs";
import { run } from "./run.mjs";

const HELP = `usage: node scripts/reference/chromium.mjs --out DIR [flags]
  --trials N          trials of each case [3]
  --time S            seconds of the measured part of a trial [0.2]
  --payload A,B       64, 4KiB, 1MiB … [64,4KiB,64KiB,1MiB]
  --pin A,B           free, same, cross [free,same,cross]
  --transport A,B     chromium-port, chromium-broadcast [both]
  --workload A,B      invoke (of the port), broadcast [both]
  --windows N         tabs that a broadcast reaches [4]
  --browser PROGRAM   [chromium, chromium-browser or google-chrome]
  --seed N            for orders and CPUs [a fresh one]
The canary, ${CANARY}, is measured in every block.`;

const KNOWN = {
  transports: ["chromium-port", "chromium-broadcast"],
  workloads: ["invoke", "broadcast"],
  pins: ["free", "same", "cross"],
  payloads: "64,4KiB,64KiB,1MiB",
};

/** A port carries calls, a channel carries broadcasts. */
const WORKLOADS = { "chromium-port": "invoke", "chromium-broadcast": "broadcast" };

function casesOf({ transports, workloads, payloads, pins }, windows, cpus) {
  const cases = (cpus.length > 1 ? ["same", "cross"] : ["same"]).map(canary);
  for (const transport of transports) {
    const workload = WORKLOADS[transport];
    if (!workloads.includes(workload)) continue;
    const changes = workload === "broadcast" ? { windows } : {};
    for (const [payload, pin] of payloads.flatMap((p) => pins.map((pin) => [p, pin]))) {
      cases.push(makeCase(transport, workload, { codec: "structured-clone", ...changes, payload, pin }));
    }
  }
  return cases;
}

function requireTools(pins, cpus, program) {
  const browser = findBrowser(program);
  if (!browser) {
    throw new Trouble(`there is no ${program ?? "Chromium"}: install it (Debian: apt-get install chromium) or name one with --browser`);
  }
  // The canary is pinned in every run.
  if (spawnSync("taskset", ["--version"]).error) throw new Trouble("there is no taskset: install util-linux");
  if (pins.includes("cross") && cpus.length < 2) throw new Trouble("pin=cross needs two CPUs; choose --pin free,same");
  return browser;
}

async function main(argv) {
  const options = parse(argv, KNOWN, { windows: { type: "string", default: "4" }, browser: { type: "string" } });
  if (options.help) return console.log(HELP);
  if (!options.out) throw new Trouble("name a directory for the records with --out DIR");
  const windows = whole("--windows", options.windows, 1, 64);
  const cpus = allowedCpus();
  const { program, version } = requireTools(options.pins, cpus, options.browser);
  const engine = { node: process.version, browser: version };
  const environment = capture("scripts/reference/chromium.mjs", argv, options.seed, engine);
  const setting = { seconds: options.seconds, cpus, program, step: environment.host.clock.cost_ns };
  const trial = (of, random, signal) => {
    return (of.transport === CANARY ? nodeTrial : chromiumTrial)(of, setting, random, signal);
  };
  process.exitCode = await run(options, environment, casesOf(options, windows, cpus), trial);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Trouble)) throw error;
  console.error(`chromium.mjs: ${error.message}`);
  process.exitCode = 2;
}
