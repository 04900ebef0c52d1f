// `environment.json`: the host as ipcmark describes it, so that it takes these records for measured where its own were.

import { readFileSync } from "node:fs";
import os from "node:os";
import { measureClock } from "./node-tools.mjs";
import { Trouble } from "./options.mjs";

export const SCHEMA = 1;
const CARGO = new URL("../../Cargo.toml", import.meta.url);

function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null; // the file is not on every host, and what it says is then unknown
  }
}

/** RFC 3339 in UTC, to the second. */
export function nowUtc() {
  return new Date().toISOString().replace(/\.\d+Z$/, "Z");
}

function runId() {
  const host = os.hostname().replace(/[^A-Za-z0-9]/g, "-").toLowerCase().slice(0, 24);
  const four = Math.floor(Math.random() * 0x10000).toString(16).padStart(4, "0");
  return `${nowUtc().slice(0, 10)}-${host}-${four}`;
}

/** CPUs that we may use, ascending: `0-2,5` in words of the kernel. */
export function allowedCpus() {
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(read("/proc/self/status") ?? "")?.[1];
  if (!list) throw new Trouble("there is no /proc/self/status: this needs Linux");
  return list.split(",").flatMap((range) => {
    const [first, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, n) => first + n);
  });
}

/** Of a run that begins now. `engine` says with what it is made; ipcmark passes over it. */
export function capture(script, argv, seed, engine) {
  const cpuinfo = read("/proc/cpuinfo") ?? "";
  const field = (name) => new RegExp(`^${name}\\s*:\\s*(.*)$`, "m").exec(cpuinfo)?.[1].trim();
  const kib = /^MemTotal:\s*(\d+)/m.exec(read("/proc/meminfo") ?? "")?.[1] ?? 0;
  const clocksource = read("/sys/devices/system/clocksource/clocksource0/current_clocksource");
  return {
    schema: SCHEMA,
    run: runId(),
    command: ["node", script, ...argv],
    started: nowUtc(),
    finished: null,
    partial: true,
    seed,
    version: /^version\s*=\s*"(.*)"/m.exec(readFileSync(CARGO, "utf8"))[1],
    profile: "release",
    host: {
      name: os.hostname(),
      kernel: `${os.type()} ${os.release()} ${os.machine()}`,
      cpu: field("model name") ?? "unknown",
      cpus: allowedCpus(),
      virtual_machine: (field("flags") ?? "").split(" ").includes("hypervisor"),
      governor: read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")?.trim() ?? null,
      clocksource: clocksource?.trim() ?? "",
      clock: measureClock(),
      memory_bytes: Number(kib) * 1024,
      no_counters: "scripts/reference reads none",
    },
    engine,
  };
}
