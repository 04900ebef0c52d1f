// One document of a Chromium trial. Its address says which end it is; whoever drives it calls `trial`.

import { Answerer, Asker, Reader, Sender } from "./loops.mjs";
import { equalWords, FLAGS } from "./payload.mjs";

const plan = JSON.parse(new URLSearchParams(location.search).get("plan"));

/**
 * Nanoseconds since a moment that all documents of the trial share. The wall clock itself would not do: a nanosecond of it is less
 * than what a double can tell.
 */
const now = () => (performance.timeOrigin - plan.origin + performance.now()) * 1e6;
/** What is consumed is read from outside. */
const tools = { now, usage: () => null, equal: equalWords };

/** The smallest step between two readings that differ. */
function stepOfClock() {
  let step = Infinity;
  for (let n = 0; n < 200; n += 1) {
    const first = performance.now();
    let second = performance.now();
    while (second === first) second = performance.now();
    step = Math.min(step, second - first);
  }
  return Math.round(step * 1e6);
}

const step = stepOfClock();

/** A promise and what fulfils it. */
function later() {
  let done;
  const promise = new Promise((fulfil) => (done = fulfil));
  return { promise, done };
}

const warmed = later();
const finished = later();

/** Asks over a port, whose other end a frame of another site gets. */
function ask() {
  const frame = document.createElement("iframe");
  frame.allow = "cross-origin-isolated";
  frame.src = plan.frame;
  const loaded = later();
  frame.onload = loaded.done;
  document.documentElement.append(frame);
  const { port1: port, port2 } = new MessageChannel();
  const asker = new Asker({ ...plan, step }, tools);
  let go = null;
  port.onmessage = ({ data }) => {
    asker.took(data);
    if (asker.done) return finished.done(asker.result());
    if (asker.flag === FLAGS.BEGIN && !go) {
      go = () => port.postMessage(asker.next());
      return warmed.done();
    }
    port.postMessage(asker.next());
  };
  return {
    ready: loaded.promise,
    warmUp() {
      frame.contentWindow.postMessage(null, new URL(plan.frame).origin, [port2]);
      port.postMessage(asker.next());
      return warmed.promise;
    },
    measure() {
      go();
      return finished.promise;
    },
  };
}

function answer() {
  const answerer = new Answerer(plan, tools);
  window.onmessage = ({ ports: [port] }) => {
    port.onmessage = ({ data }) => port.postMessage(answerer.took(data));
  };
  return { ready: true, result: () => answerer.result() };
}

/** Sends to all windows on one channel; their credits come on another, to which nobody else listens. */
function cast() {
  const [messages, credits] = [new BroadcastChannel("messages"), new BroadcastChannel("credits")];
  let begin;
  const pause = (go) => {
    begin = go;
    warmed.done();
  };
  const sender = new Sender({ ...plan, step }, { ...tools, pause }, (bytes) => messages.postMessage(bytes));
  credits.onmessage = ({ data: { reader, credit } }) => {
    sender.took(credit, reader);
    if (sender.done) finished.done(sender.result());
  };
  return {
    ready: true,
    warmUp() {
      sender.pump();
      return warmed.promise;
    },
    measure() {
      begin();
      return finished.promise;
    },
  };
}

function read() {
  const [messages, credits] = [new BroadcastChannel("messages"), new BroadcastChannel("credits")];
  const reader = new Reader(plan, tools);
  messages.onmessage = ({ data }) => {
    const credit = reader.took(data);
    if (credit) credits.postMessage({ reader: plan.reader, credit });
  };
  return { ready: true, result: () => reader.result() };
}

const roles = { ask, answer, cast, read };
globalThis.trial = {
  ...roles[plan.role](),
  timer: { step_ns: step, cross_origin_isolated: crossOriginIsolated },
  /** Keeps this document's process busy, so that it can be told from the others. */
  burn(milliseconds) {
    const until = performance.now() + milliseconds;
    while (performance.now() < until);
  },
};
