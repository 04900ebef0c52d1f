// A ping-pong through shared memory between two threads: the payload is in a SharedArrayBuffer, and a thread sleeps in
// Atomics.wait until the other one has written.

import { Worker, workerData } from "node:worker_threads";

/** A peer that says nothing for so long has died. */
const SILENCE_MS = 10_000;
const HEAD_BYTES = 128;
/** Words that count the requests and the replies, each in a cache line of its own. */
const REQUESTS = 0;
const REPLIES = 16;

/** Memory for one request and one reply at a time. */
function memory(payload) {
  return new SharedArrayBuffer(HEAD_BYTES + 2 * payload);
}

/** One end: `send(bytes)` writes a message, `receive()` sleeps until one has come and copies it out. */
function endOf(shared, payload, [out, into]) {
  const words = new Int32Array(shared, 0, HEAD_BYTES / 4);
  const room = (which) => new Uint8Array(shared, HEAD_BYTES + (which === REQUESTS ? 0 : payload), payload);
  const [outgoing, incoming] = [room(out), room(into)];
  const copy = new Uint8Array(payload); // what the peer can no longer change while it is looked at
  let seen = 0;
  return {
    send(bytes) {
      outgoing.set(bytes);
      Atomics.add(words, out, 1);
      Atomics.notify(words, out, 1);
    },
    receive() {
      // A notify may come after its message was seen without it, and then wakes a later wait for nothing.
      while (Atomics.load(words, into) === seen) {
        if (Atomics.wait(words, into, seen, SILENCE_MS) === "timed-out") throw new Error("the other thread says nothing");
      }
      seen = Atomics.load(words, into);
      copy.set(incoming);
      return copy;
    },
  };
}

/** Main's whole life: starts the thread and answers it. Starting one needs the event loop, so the first wait comes after. */
export function answer(plan, answerer, peer, done) {
  const shared = memory(plan.payload);
  const argv = ["renderer", JSON.stringify(plan)];
  const worker = new Worker(peer, { argv, workerData: { shared } });
  worker.once("error", (error) => {
    console.error(error.message);
    process.exit(1);
  });
  worker.once("online", () => {
    const end = endOf(shared, plan.payload, [REPLIES, REQUESTS]);
    while (!answerer.done) end.send(answerer.took(end.receive()));
    done();
  });
}

/** The thread's whole life: asks until it is done. */
export function ask(plan, asker) {
  const end = endOf(workerData.shared, plan.payload, [REQUESTS, REPLIES]);
  while (!asker.done) {
    end.send(asker.next());
    asker.took(end.receive());
  }
}
