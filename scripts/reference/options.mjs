// Flags of both commands.

import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";

/** What keeps us from measuring; the text is for the user, the exit code is 2. */
export class Trouble extends Error {}

const SCALES = { "": 1, KiB: 1 << 10, MiB: 1 << 20 };
const MOST_BYTES = 64 << 20;

const FLAGS = {
  trials: { type: "string", default: "3" },
  time: { type: "string", default: "0.2" },
  seed: { type: "string" },
  out: { type: "string" },
  payload: { type: "string" },
  pin: { type: "string" },
  transport: { type: "string" },
  workload: { type: "string" },
  help: { type: "boolean", short: "h", default: false },
};

/** Reads the command line. `known` says which transports, workloads and pins there are, and which payloads are the default. */
export function parse(argv, known, more = {}) {
  let values;
  try {
    values = parseArgs({ args: argv, options: { ...FLAGS, ...more } }).values;
  } catch (error) {
    throw new Trouble(error.message);
  }
  return {
    ...values,
    trials: whole("--trials", values.trials, 1, 1_000),
    seconds: seconds(values.time),
    seed: values.seed === undefined ? randomInt(2 ** 47) : whole("--seed", values.seed, 0, 2 ** 48 - 1),
    payloads: (values.payload ?? known.payloads).split(",").map(size),
    pins: words("--pin", values.pin, known.pins),
    transports: words("--transport", values.transport, known.transports),
    workloads: words("--workload", values.workload, known.workloads),
  };
}

export function whole(flag, text, least, most) {
  const number = /^\d+$/.test(text) ? Number(text) : NaN;
  if (number >= least && number <= most) return number;
  throw new Trouble(`${flag} ${text}: a whole number from ${least} to ${most}`);
}

function seconds(text) {
  const number = Number(text);
  if (number > 0 && number <= 60) return number;
  throw new Trouble(`--time ${text}: seconds, more than 0 and at most 60`);
}

/** `64`, `4KiB`, `1MiB`. Payloads are compared in words, and have a head. */
function size(text) {
  const [, number, unit] = /^(\d+)(KiB|MiB)?$/.exec(text) ?? [];
  const bytes = Number(number) * SCALES[unit ?? ""];
  if (bytes >= 16 && bytes <= MOST_BYTES && bytes % 4 === 0) return bytes;
  throw new Trouble(`--payload ${text}: a multiple of 4 from 16 to 64MiB, such as 64, 4KiB or 1MiB`);
}

function words(flag, text, known) {
  const chosen = text === undefined ? known : text.split(",");
  for (const word of chosen) {
    if (!known.includes(word)) throw new Trouble(`${flag} ${word}: it can be ${known.join(", ")}`);
  }
  return [...new Set(chosen)];
}
