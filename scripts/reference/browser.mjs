// A headless Chromium of our own, spoken to over a pair of pipes: the DevTools protocol as JSON, each message ended by a zero byte.

import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];
const FLAGS = [
  "--headless",
  "--no-sandbox", // containers and root have no other way
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-breakpad",
  "--disable-extensions",
  "--site-per-process",
  // Tabs in the background are as quick as the one in front.
  "--disable-background-timer-throttling",
  "--disable-backgrounding-occluded-windows",
  "--disable-renderer-backgrounding",
  "--remote-debugging-pipe",
];
const TO_BROWSER = 3;
const FROM_BROWSER = 4;
/** Longest time that killed processes take to be gone. */
const GOODBYE_MS = 10_000;

/** The program and its version, or null if there is none. */
export function findBrowser(program) {
  for (const name of program ? [program] : NAMES) {
    const { status, stdout } = spawnSync(name, ["--version"], { encoding: "utf8" });
    if (status === 0) return { program: name, version: stdout.trim() };
  }
  return null;
}

export class Browser {
  constructor(program, env) {
    this.directory = mkdtempSync(join(tmpdir(), "ipcmark-chromium-"));
    const stdio = ["ignore", "ignore", "ignore", "pipe", "pipe"];
    // A group of its own, so that whatever it has started can be ended with it.
    this.child = spawn(program, [...FLAGS, `--user-data-dir=${this.directory}`, "about:blank"], {
      // All that it writes goes where we take it away.
      env: { ...env, TMPDIR: this.directory, XDG_CONFIG_HOME: this.directory, XDG_CACHE_HOME: this.directory },
      stdio,
      detached: true,
    });
    this.ended = new Promise((done) => this.child.once("error", done).once("close", done));
    this.death = this.ended.then(() => {
      throw new Error("the browser has ended");
    });
    this.death.catch(() => {}); // told to whoever waits for something else, and otherwise wanted
    this.waiting = new Map();
    this.listeners = new Set();
    this.last = 0;
    this.text = "";
    this.child.stdio[FROM_BROWSER].setEncoding("utf8").on("data", (text) => this.read(text));
    this.child.stdio[TO_BROWSER].on("error", () => {}); // it has died: `ended` says so to those who wait
  }

  get pid() {
    return this.child.pid;
  }

  read(text) {
    const messages = (this.text + text).split("\0");
    this.text = messages.pop();
    for (const message of messages.map((json) => JSON.parse(json))) {
      const call = this.waiting.get(message.id);
      if (!call) {
        for (const listener of this.listeners) listener(message);
        continue;
      }
      this.waiting.delete(message.id);
      message.error ? call.fail(new Error(`${call.method}: ${message.error.message}`)) : call.done(message.result);
    }
  }

  /** One command; `session` is of a page or frame, none of the browser. */
  call(method, params = {}, session = undefined) {
    this.last += 1;
    const id = this.last;
    const answer = new Promise((done, fail) => this.waiting.set(id, { method, done, fail }));
    this.child.stdio[TO_BROWSER].write(JSON.stringify({ id, method, params, sessionId: session }) + "\0");
    return Promise.race([answer, this.death]);
  }

  /** The first event of this name that `wanted` answers something for, and that answer. */
  event(method, wanted) {
    const event = new Promise((done) => {
      const listener = (message) => {
        const found = message.method === method && wanted(message.params, message.sessionId);
        if (!found) return;
        this.listeners.delete(listener);
        done(found);
      };
      this.listeners.add(listener);
    });
    const either = Promise.race([event, this.death]);
    either.catch(() => {}); // whoever asked may have given up by then
    return either;
  }

  /** Opens a tab and answers its session. */
  async open(url) {
    const { targetId } = await this.call("Target.createTarget", { url });
    const { sessionId } = await this.call("Target.attachToTarget", { targetId, flatten: true });
    return sessionId;
  }

  /** The value of an expression in a page, of a promise what it comes to. */
  async evaluate(session, expression) {
    const params = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails: thrown } = await this.call("Runtime.evaluate", params, session);
    if (thrown) throw new Error(thrown.exception?.description ?? thrown.text);
    return result.value;
  }

  /** Sends a signal to all of its processes; 0 only looks. Answers whether there were any. */
  signal(name) {
    try {
      return process.kill(-this.pid, name);
    } catch {
      return false;
    }
  }

  kill() {
    this.signal("SIGKILL");
  }

  /** Ends all of it and takes its files away. */
  async close() {
    this.kill();
    await this.ended;
    const until = Date.now() + GOODBYE_MS;
    while (this.signal(0) && Date.now() < until) await sleep(10);
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }
}
