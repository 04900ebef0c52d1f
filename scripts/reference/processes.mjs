// What the kernel says about processes that are not ours to ask: which there are, and what they have consumed.

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

const TICK_NS = 1e7;

/** Fields of /proc/PID/stat behind the name, which may hold anything; null if the process has gone. */
function stat(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [, parent, ...rest] = text.slice(text.lastIndexOf(")") + 2).split(" ").map(Number);
    return { parent, minorFaults: rest[5], user: rest[9], sys: rest[10] };
  } catch {
    return null;
  }
}

/** A process and all that came of it. */
export function treeOf(root) {
  const all = readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number);
  const parents = new Map(all.map((pid) => [pid, stat(pid)?.parent]));
  const belongs = (pid) => pid === root || (parents.get(pid) > 1 && belongs(parents.get(pid)));
  return all.filter(belongs);
}

/** Numbers of its threads; none if it has ended. */
function threadsOf(pid) {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/**
 * Consumption of all threads so far. The scheduler counts time to the nanosecond but not where it was spent; that comes from the
 * clock's ticks and is as coarse as those.
 */
export function usageOf(pid) {
  const usage = { user_ns: 0, sys_ns: 0, voluntary_switches: 0, involuntary_switches: 0, minor_faults: 0, ns: 0 };
  const process = stat(pid);
  if (!process) return usage;
  for (const thread of threadsOf(pid)) {
    try {
      usage.ns += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]);
      const status = readFileSync(`/proc/${pid}/task/${thread}/status`, "utf8");
      const [wanted, unwanted] = [...status.matchAll(/ctxt_switches:\s*(\d+)/g)].map((match) => Number(match[1]));
      usage.voluntary_switches += wanted;
      usage.involuntary_switches += unwanted;
    } catch {
      // the thread has ended since it was listed
    }
  }
  return { ...usage, user_ns: process.user * TICK_NS, sys_ns: process.sys * TICK_NS, minor_faults: process.minorFaults };
}

/** What some processes consumed between two readings of each; one that has ended in between has no second one. */
export function consumedBy(pids, before, after) {
  const sum = { user_ns: 0, sys_ns: 0, voluntary_switches: 0, involuntary_switches: 0, minor_faults: 0, ns: 0 };
  for (const pid of pids.filter((pid) => after.get(pid)?.ns >= before.get(pid)?.ns)) {
    for (const name of Object.keys(sum)) sum[name] += after.get(pid)[name] - before.get(pid)[name];
  }
  const { ns, ...usage } = sum;
  const ticks = usage.user_ns + usage.sys_ns;
  const sys = ticks ? Math.round((ns * usage.sys_ns) / ticks) : 0;
  return { ...usage, user_ns: ns - sys, sys_ns: sys };
}

export function usageOfAll(pids) {
  return new Map(pids.map((pid) => [pid, usageOf(pid)]));
}

/** Pins all threads of a process, and what it starts later. */
export function pinProcess(pid, cpu) {
  execFileSync("taskset", ["-a", "-p", "-c", String(cpu), String(pid)], { stdio: "ignore" });
}
