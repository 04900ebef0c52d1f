// One trial in Chromium: a fresh browser, whose documents are each in a process of their own.

import { Browser } from "./browser.mjs";
import { pinsFor } from "./node-trial.mjs";
import { consumedBy, pinProcess, treeOf, usageOf, usageOfAll } from "./processes.mjs";
import { joinChecks } from "./record.mjs";
import { serve } from "./server.mjs";

const PATIENCE_MS = 90_000;
const MOST_PADDING = 4_096;
const BURN_MS = 80;

export async function chromiumTrial(of, { seconds, cpus, program }, random, signal) {
  const server = await serve();
  const env = { ...process.env, IPCMARK_PADDING: "x".repeat(Math.floor(random() * MOST_PADDING)) };
  const browser = new Browser(program, env);
  const end = () => browser.kill();
  const timer = setTimeout(end, PATIENCE_MS + 20_000 * seconds);
  signal.addEventListener("abort", end);
  try {
    const plan = { payload: of.model.payload, seconds, origin: Date.now() };
    const open = of.workload === "broadcast" ? openTabs : openFrames;
    const ends = await open(browser, server.origins, plan, of.model);
    for (const end of ends) end.pid = await processOf(browser, end.session);
    const pids = [...new Set(ends.map((end) => end.pid))];
    if (pids.length < ends.length) throw new Error(`${ends.length} documents are in only ${pids.length} processes`);
    pin(ends, pinsFor(of.model.pin, cpus, random));
    const [first, ...others] = ends;
    await browser.evaluate(first.session, "trial.warmUp()");
    const all = treeOf(browser.pid);
    const before = usageOfAll(all);
    const result = await browser.evaluate(first.session, "trial.measure()");
    const after = usageOfAll(all);
    const results = [];
    for (const other of others) results.push(await browser.evaluate(other.session, "trial.result()"));
    const clock = await browser.evaluate(first.session, "trial.timer");
    const join = of.workload === "broadcast" ? lastDelivery : roundTrip;
    const { renderers, ...found } = join(result, results, first, others, clock);
    const rest = all.filter((pid) => !renderers.includes(pid));
    return {
      ...found,
      main: consumedBy(rest, before, after),
      renderers: consumedBy(renderers, before, after),
      processes: pids.length,
    };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
    await browser.close();
    server.close();
  }
}

function address(origin, plan) {
  return `${origin}/?plan=${encodeURIComponent(JSON.stringify(plan))}`;
}

/** A page that asks, and in it a frame of another site that answers. */
async function openFrames(browser, [origin, other], plan) {
  const frame = address(other, { ...plan, role: "answer" });
  const session = await browser.open("about:blank");
  const attached = browser.event("Target.attachedToTarget", ({ targetInfo, sessionId }, parent) => {
    return parent === session && targetInfo.type === "iframe" && sessionId;
  });
  await browser.call("Target.setAutoAttach", { autoAttach: true, waitForDebuggerOnStart: false, flatten: true }, session);
  await browser.call("Page.enable", {}, session);
  await navigate(browser, session, address(origin, { ...plan, frame, role: "ask" }));
  await browser.evaluate(session, "trial.ready");
  return [{ session }, { session: await attached }];
}

/** A tab that sends, and tabs that read. */
async function openTabs(browser, [origin], plan, { windows, in_flight: window }) {
  const common = { ...plan, window, readers: windows };
  const tabs = [{ role: "cast" }, ...Array.from({ length: windows }, (_, reader) => ({ role: "read", reader }))];
  const ends = [];
  for (const tab of tabs) {
    const session = await browser.open("about:blank");
    await browser.call("Page.enable", {}, session);
    await navigate(browser, session, address(origin, { ...common, ...tab }));
    ends.push({ session });
  }
  return ends;
}

/** Scripts of a page have run when it is loaded. */
async function navigate(browser, session, url) {
  const loaded = browser.event("Page.loadEventFired", (_, from) => from === session);
  await browser.call("Page.navigate", { url }, session);
  await loaded;
}

/** The process that a document is in: the one that works while the document does. */
async function processOf(browser, session) {
  const pids = treeOf(browser.pid);
  const before = usageOfAll(pids);
  await browser.evaluate(session, `trial.burn(${BURN_MS})`);
  const spent = pids.map((pid) => [usageOf(pid).ns - before.get(pid).ns, pid]);
  return spent.sort(([a], [b]) => b - a)[0][1];
}

function pin([first, ...others], pins) {
  if (pins.main === null) return;
  pinProcess(first.pid, pins.renderer);
  for (const other of others) pinProcess(other.pid, pins.main);
}

/** The asking document is the renderer; the answering one stands for main, and the browser with it. */
function roundTrip(asked, [answered], first, others, timer) {
  const { messages, every, elapsed, samples, checks, untimed } = asked;
  return {
    messages,
    transfers: 2 * messages,
    elapsed,
    every,
    latencies: samples,
    checks: joinChecks([checks, answered.checks], messages, checks.received - untimed),
    renderers: [first.pid],
    beside: { timer },
  };
}

/**
 * From before a message is sent until the last window has read it. Documents of different processes derive their clocks from the
 * host's, each for itself; half the difference of the quickest ways there and back is an upper estimate of how much they disagree.
 */
function lastDelivery(sent, read, first, others, timer) {
  const { messages, every, stamps, quickestCredit, untimed } = sent;
  const latencies = stamps.map((stamp, n) => Math.max(...read.map((window) => window.stamps[n])) - stamp);
  const disagreements = read.map((window, reader) => {
    const quickest = Math.min(...window.stamps.map((stamp, n) => stamp - stamps[n]));
    return Math.abs(quickest - quickestCredit[reader]) / 2;
  });
  const books = read.map(({ checks }) => ({ ...checks, lost: Math.max(0, sent.sent - checks.received - checks.corrupt) }));
  const received = books.reduce((sum, book) => sum + book.received - untimed, 0);
  return {
    messages,
    transfers: messages * read.length,
    elapsed: Math.max(...read.map((window) => window.lastRead)) - stamps[0],
    every,
    latencies,
    checks: joinChecks(books, messages * read.length, received),
    renderers: others.map((other) => other.pid),
    beside: { timer: { ...timer, clocks_disagree_ns: Math.round(Math.max(...disagreements)) } },
  };
}
