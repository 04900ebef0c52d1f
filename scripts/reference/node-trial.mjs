// One trial in Node: fresh processes, on their CPUs, with a random amount of environment.

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { onCpu } from "./node-links.mjs";
import { REPORT_FDS } from "./node-tools.mjs";
import { consumed, joinChecks } from "./record.mjs";

const PEER = fileURLToPath(new URL("./node-peer.mjs", import.meta.url));
/** Warm-up, start and a slow host; the measured part comes on top. */
const PATIENCE_MS = 60_000;
const MOST_PADDING = 4_096;

/** Which CPU each end has: a random one of the first two, the same for both, or none in particular. */
export function pinsFor(pin, cpus, random) {
  const [first, second = first] = random() < 0.5 ? cpus.slice(0, 2) : cpus.slice(0, 2).reverse();
  return { free: { main: null, renderer: null }, same: { main: first, renderer: first }, cross: { main: first, renderer: second } }[pin];
}

export async function nodeTrial(of, { seconds, cpus, step }, random, signal) {
  const { payload, pin, placement, in_flight: window } = of.model;
  const threads = placement === "thread";
  const pins = pinsFor(pin, cpus, random);
  const plan = { transport: of.transport, workload: of.workload, payload, window, seconds, step, threads, pins };
  // Threads on one CPU: the whole process is, with all that helps it. On two: each of the ends pins itself.
  const whole = threads && pin === "cross" ? null : pins.main;
  const [program, ...flags] = onCpu(whole, [process.execPath, PEER, "main", JSON.stringify(plan)]);
  const env = { ...process.env, IPCMARK_PADDING: "x".repeat(Math.floor(random() * MOST_PADDING)) };
  const reports = await reportsOf(spawn(program, flags, { env, detached: true, stdio: ["pipe", "pipe", "inherit", "pipe"] }), {
    patience: PATIENCE_MS + 20_000 * seconds,
    signal,
  });
  return of.workload === "send" ? oneWay(reports) : roundTrip(reports, threads);
}

/** What both ends report. The process leads a group of its own, so that whatever it has started can be ended with it. */
async function reportsOf(child, { patience, signal }) {
  const end = () => {
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {
      // it has gone by itself
    }
  };
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    end();
  }, patience);
  signal.addEventListener("abort", end);
  try {
    const [renderer, main, code] = await Promise.all([
      textOf(child.stdio[REPORT_FDS.renderer]),
      textOf(child.stdio[REPORT_FDS.main]),
      new Promise((ended, fail) => child.once("error", fail).once("close", (code, name) => ended(name ?? code))),
    ]);
    if (late) throw new Error(`it took longer than ${patience / 1000} s`);
    if (code !== 0 || !main || !renderer) throw new Error(`an end broke off (${code})`);
    return { main: JSON.parse(main), renderer: JSON.parse(renderer) };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
    end();
  }
}

async function textOf(stream) {
  const pieces = [];
  for await (const piece of stream) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

/** Threads share a process: what it consumed is counted once, as main's. */
function roundTrip({ main, renderer }, threads) {
  const { messages, every, elapsed, samples, checks } = renderer;
  return {
    messages,
    transfers: 2 * messages,
    elapsed,
    every,
    latencies: samples,
    main: consumed(main.usage),
    renderers: consumed(threads ? null : renderer.usage),
    checks: joinChecks([checks, main.checks], messages, checks.received - renderer.untimed),
    processes: new Set([main.pid, renderer.pid]).size,
  };
}

/** Both clocks are the host's. */
function oneWay({ main, renderer }) {
  const { messages, every, stamps, sent, untimed } = renderer;
  const threads = main.pid === renderer.pid;
  const lost = Math.max(0, sent - main.checks.received - main.checks.corrupt);
  return {
    messages,
    transfers: messages,
    elapsed: main.lastRead - stamps[0],
    every,
    latencies: main.stamps.map((read, n) => Math.max(1, read - stamps[n])),
    main: consumed(main.usage),
    renderers: consumed(threads ? null : renderer.usage),
    checks: joinChecks([{ ...main.checks, lost }], messages, main.checks.received - untimed),
    processes: new Set([main.pid, renderer.pid]).size,
  };
}
