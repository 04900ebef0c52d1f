// The ends of a link as machines that say what to send and are told what came, so that one loop serves links that call back
// (processes, workers, pages) and one that waits (Atomics). The same code runs in Node and in a page.
//
// A trial is a warm-up, a BEGIN, the measured messages and an END, all on the link under test. BEGIN and END are answered and not
// timed. `tools` are what an engine lends: `now()` in nanoseconds, `usage()` of the end, and `equal(a, b)` for bytes.

import { DOWN, FLAGS, HEAD, Ledger, Pattern, UP } from "./payload.mjs";

const WARM_UP_NS = 200e6;
const WARM_UP_MESSAGES = 5_000;
const LEAST_MESSAGES = 8;
const MOST_SAMPLES = 1 << 20;
/** A sample is at least so many steps of the clock long, or readings of it. */
const STEPS = 20;

/** When the warm-up is over, and at which pace it ended. As ipcmark's: 0.2 s and 5,000 messages, at most three times as long. */
class WarmUp {
  constructor(now) {
    this.now = now;
    this.count = 0;
    this.begun = null;
    this.half = null;
  }

  /** Asked once for each message. The clock starts with the first: the end may have been made long before. */
  isOver() {
    this.count += 1;
    this.begun ??= this.now();
    const passed = this.now() - this.begun;
    if (!this.half && passed >= WARM_UP_NS / 2) this.half = { passed, count: this.count };
    const enough = passed >= WARM_UP_NS && (this.count >= WARM_UP_MESSAGES || passed >= 3 * WARM_UP_NS);
    if (!enough) return false;
    // The first half of it is the compiler's; a single slow message has no other half.
    const first = this.half.count < this.count ? this.half : { passed: 0, count: 1 };
    this.pace = (passed - first.passed) / Math.max(1, this.count - first.count);
    return true;
  }

  /** How many messages fill the measured part, and how many share a sample. */
  phase(seconds, step) {
    const wanted = Math.max(LEAST_MESSAGES, Math.ceil((seconds * 1e9) / this.pace));
    const every = Math.max(1, Math.ceil((STEPS * step) / this.pace), Math.ceil(wanted / MOST_SAMPLES));
    return { every, messages: Math.ceil(wanted / every) * every };
  }
}

/** Written once before it is used: no page fault is left for the loop. */
function roomFor(samples) {
  return new Float64Array(samples).fill(-1);
}

/** Who calls, one call at a time. `next()` is the message to send; `took(bytes)` enters the reply. */
export class Asker {
  constructor({ payload, seconds, step }, tools) {
    Object.assign(this, { seconds, step, tools });
    this.up = new Pattern(payload, UP, tools.equal);
    this.replies = new Ledger(new Pattern(payload, DOWN, tools.equal));
    this.bytes = new Uint8Array(payload);
    this.sequence = 0;
    this.flag = FLAGS.NONE;
    this.warmUp = new WarmUp(tools.now);
    this.took = this.warm;
    this.done = false;
  }

  next() {
    this.up.fill(this.bytes, this.sequence, this.flag, 0);
    this.sequence += 1;
    return this.bytes;
  }

  warm(bytes) {
    this.replies.enter(bytes);
    if (!this.warmUp.isOver()) return;
    Object.assign(this, this.warmUp.phase(this.seconds, this.step));
    this.samples = roomFor(this.messages / this.every);
    this.flag = FLAGS.BEGIN;
    this.took = this.begin;
  }

  begin(bytes) {
    this.replies.enter(bytes);
    this.flag = FLAGS.NONE;
    this.passed = 0;
    this.took = this.timed;
    this.before = this.tools.usage();
    this.groupBegun = this.firstBegun = this.tools.now();
  }

  // The end of one group is the begin of the next: one reading of the clock for each.
  timed(bytes) {
    this.replies.enter(bytes);
    this.passed += 1;
    if (this.passed % this.every !== 0) return;
    const now = this.tools.now();
    this.samples[this.passed / this.every - 1] = (now - this.groupBegun) / this.every;
    this.groupBegun = now;
    if (this.passed < this.messages) return;
    this.after = this.tools.usage();
    this.flag = FLAGS.END;
    this.took = this.end;
  }

  end(bytes) {
    this.replies.enter(bytes);
    this.done = true;
  }

  result() {
    const { messages, every, samples, before, after, warmUp } = this;
    const elapsed = this.groupBegun - this.firstBegun;
    const checks = this.replies.close(this.sequence);
    return { messages, every, elapsed, samples: Array.from(samples), usage: [before, after], checks, untimed: warmUp.count + 2 };
  }
}

/** Who answers each call with as many bytes. `took(bytes)` enters the request and answers with the reply. */
export class Answerer {
  constructor({ payload }, tools) {
    this.tools = tools;
    this.requests = new Ledger(new Pattern(payload, UP, tools.equal));
    this.down = new Pattern(payload, DOWN, tools.equal);
    this.bytes = new Uint8Array(payload);
    this.done = false;
  }

  took(bytes) {
    const head = this.requests.enter(bytes);
    if (head?.flag === FLAGS.BEGIN) this.before = this.tools.usage();
    if (head?.flag === FLAGS.END) {
      this.after = this.tools.usage();
      this.done = true;
    }
    // A reply has the number of the call that it is the reply to, as far as that could be read.
    this.down.fill(this.bytes, head ? head.sequence : this.requests.next - 1, FLAGS.NONE, 0);
    return this.bytes;
  }

  result() {
    return { usage: [this.before, this.after], checks: this.requests.close(this.requests.next) };
  }
}

/**
 * Who sends one way, to one reader or to several, at most `window` messages ahead of what each has read. `send(bytes)` hands a
 * message to the link. `tools.pause(go)`, if there is one, decides when the measured phase begins.
 */
export class Sender {
  constructor({ payload, seconds, step, window, readers = 1 }, tools, send) {
    Object.assign(this, { seconds, step, window, tools, send });
    this.reads = new Array(readers).fill(0);
    this.quickestCredit = new Array(readers).fill(Infinity);
    this.up = new Pattern(payload, UP, tools.equal);
    this.bytes = new Uint8Array(payload);
    this.sequence = 0;
    this.read = 0;
    this.until = Infinity;
    this.warmUp = new WarmUp(tools.now);
    this.state = "warm";
    this.stamps = [];
  }

  get done() {
    return this.state === "done";
  }

  /** Sends as much as the window and the phase allow. */
  pump() {
    while (this.sequence - this.read < this.window && this.sequence < this.until) {
      if (this.state === "warm" && this.warmUp.isOver()) return this.warmed();
      if (this.state === "timed" && (this.sequence - this.first) % this.every === 0) {
        this.stamps.push(this.tools.now());
      }
      this.post(FLAGS.NONE);
    }
    if (this.state === "timed" && this.sequence === this.until) {
      this.state = "end";
      this.post(FLAGS.END);
    }
  }

  post(flag) {
    this.up.fill(this.bytes, this.sequence, flag, flag === FLAGS.BEGIN ? this.every : 0);
    this.sequence += 1;
    this.send(this.bytes);
  }

  warmed() {
    Object.assign(this, this.warmUp.phase(this.seconds, this.step));
    this.state = "warmed";
    this.tools.pause ? this.tools.pause(() => this.begin()) : this.begin();
  }

  begin() {
    this.state = "begin";
    this.post(FLAGS.BEGIN);
    this.until = this.sequence; // nothing more until all of it has been read
  }

  /** A credit came: how many messages a reader has read, and when it wrote so. */
  took(bytes, reader = 0) {
    const credit = new DataView(bytes.buffer, bytes.byteOffset);
    this.reads[reader] = credit.getUint32(0, true);
    this.read = Math.min(...this.reads);
    const way = this.tools.now() - credit.getFloat64(8, true);
    this.quickestCredit[reader] = Math.min(this.quickestCredit[reader], way);
    if (this.read === this.sequence && this.state === "begin") {
      this.state = "timed";
      this.first = this.sequence;
      this.until = this.first + this.messages;
      this.before = this.tools.usage();
    } else if (this.read === this.sequence && this.state === "end") {
      this.after = this.tools.usage();
      this.state = "done";
    }
    if (!this.done && this.state !== "warmed") this.pump();
  }

  result() {
    const { messages, every, stamps, before, after, sequence, quickestCredit } = this;
    const untimed = this.warmUp.count + 1;
    return { messages, every, stamps, quickestCredit, usage: [before, after], sent: sequence, untimed };
  }
}

/** Who reads them, and returns a credit for every half window. `took(bytes)` answers with the credit that is due, or null. */
export class Reader {
  constructor({ payload, window }, tools) {
    Object.assign(this, { tools, half: window / 2 });
    this.ledger = new Ledger(new Pattern(payload, UP, tools.equal));
    this.every = 0;
    this.stamps = [];
    this.done = false;
  }

  took(bytes) {
    const head = this.ledger.enter(bytes);
    const read = this.ledger.next;
    if (head?.flag === FLAGS.BEGIN) {
      this.every = head.every;
      this.first = read;
      this.before = this.tools.usage();
    } else if (head?.flag === FLAGS.END) {
      this.after = this.tools.usage();
      this.done = true;
    } else if (this.every) {
      this.lastRead = this.tools.now();
      if ((read - 1 - this.first) % this.every === 0) this.stamps.push(this.lastRead);
    }
    if (!head?.flag && read % this.half !== 0) return null;
    const credit = new Uint8Array(HEAD);
    const view = new DataView(credit.buffer);
    view.setUint32(0, read, true);
    view.setFloat64(8, this.tools.now(), true);
    return credit;
  }

  result() {
    const { stamps, lastRead, before, after, ledger } = this;
    return { stamps, lastRead, usage: [before, after], checks: ledger.close(ledger.next) };
  }
}
