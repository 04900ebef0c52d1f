// What Node lends the loops, and where the ends of a Node trial run.

import { execFileSync } from "node:child_process";
import { readlinkSync, writeSync } from "node:fs";

/** Nanoseconds of CLOCK_MONOTONIC, which all processes of a host share. Below 2^53 for a hundred days of uptime. */
export const now = () => Number(process.hrtime.bigint());

/** What the process has consumed so far, as a record has it. */
export function usage() {
  const raw = process.resourceUsage();
  return {
    user_ns: raw.userCPUTime * 1_000,
    sys_ns: raw.systemCPUTime * 1_000,
    voluntary_switches: raw.voluntaryContextSwitches,
    involuntary_switches: raw.involuntaryContextSwitches,
    minor_faults: raw.minorPageFault,
  };
}

export const tools = { now, usage, equal: (a, b) => Buffer.compare(a, b) === 0 };

/** Pins the calling thread alone: its number is in the name of a link that the kernel makes for whoever reads it. */
export function pinThread(cpu) {
  if (cpu === null) return;
  const thread = readlinkSync("/proc/thread-self").split("/").at(-1);
  execFileSync("taskset", ["-p", "-c", String(cpu), thread], { stdio: "ignore" });
}

/** Descriptors by which the ends report: each has its own, since two writers of one pipe would mix their lines. */
export const REPORT_FDS = { renderer: 1, main: 3 };

/** Tells the process that plans what an end found: at once, also from a worker, whose streams go through the main thread. */
export function report(end, result) {
  const bytes = Buffer.from(JSON.stringify({ pid: process.pid, ...result }));
  for (let written = 0; written < bytes.length; ) {
    try {
      written += writeSync(REPORT_FDS[end], bytes, written);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error; // the pipe is full: whoever reads it is awake
    }
  }
}

/** Smallest step between two readings that differ, and the mean cost of one. */
export function measureClock() {
  let step = Infinity;
  for (let n = 0; n < 2_000; n += 1) {
    const first = now();
    let second = now();
    while (second === first) second = now();
    step = Math.min(step, second - first);
  }
  const readings = 20_000;
  const begun = now();
  for (let n = 0; n < readings; n += 1) now();
  return { source: "monotonic", step_ns: step, cost_ns: (now() - begun) / readings };
}
