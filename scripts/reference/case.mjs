// A case as it stands in a record: the variables of `src/plan/variable.rs`, all of them, and the name that follows from them.

const DEFAULTS = {
  placement: "process",
  windows: 1,
  pin: "cross",
  wait: "block",
  payload: 64,
  in_flight: 1,
  batch: 1,
  copy: "auto",
  access: "copy",
  load: "closed",
  active: 0,
  background: 0,
  shape: "bytes",
  codec: "raw",
  isolation: "off",
  policy: "none",
  hops: 0,
  copies: "one",
  broadcast: "per-window",
  topology: "direct",
  main_busy: 0,
  sandbox: "off",
};
const ALWAYS = ["payload", "wait", "pin"];

/** The canary: the same small call over a plain socket in every block of every run. */
export const CANARY = "node-socket-canary";
export const CANARY_PAYLOAD = 64;

export function makeCase(transport, workload, changes) {
  const model = { ...DEFAULTS, ...changes };
  const changed = Object.keys(DEFAULTS).filter((name) => !ALWAYS.includes(name) && model[name] !== DEFAULTS[name]);
  const parts = [...ALWAYS, ...changed].map((name) => `${name}=${model[name]}`);
  return { id: [transport, workload, ...parts].join("/"), transport, workload, model };
}

export function canary(pin) {
  return makeCase(CANARY, "invoke", { pin, payload: CANARY_PAYLOAD });
}
