// One end of a Node trial: `node node-peer.mjs main|renderer PLAN`. Main starts the renderer; either prints what it found.

import { Asker, Answerer, Reader, Sender } from "./loops.mjs";
import * as atomics from "./node-atomics.mjs";
import { onCpu, toMain, toRenderer } from "./node-links.mjs";
import { pinThread, report, tools } from "./node-tools.mjs";

const [role, text] = process.argv.slice(2);
const plan = JSON.parse(text);
const here = new URL(import.meta.url);

if (plan.threads) pinThread(plan.pins[role]);

if (plan.transport === "node-atomics") {
  role === "main" ? answerByAtomics() : askByAtomics();
} else {
  role === "main" ? main() : renderer();
}

function answerByAtomics() {
  const answerer = new Answerer(plan, tools);
  atomics.answer(plan, answerer, here, () => report("main", answerer.result()));
}

function askByAtomics() {
  const asker = new Asker(plan, tools);
  atomics.ask(plan, asker);
  report("renderer", asker.result());
}

function main() {
  const link = toRenderer(plan);
  endWithPlanner();
  const end = plan.workload === "send" ? new Reader(plan, tools) : new Answerer(plan, tools);
  link.listen((bytes) => {
    const reply = end.took(bytes);
    if (reply) link.send(reply);
    if (!end.done) return;
    report("main", end.result());
    process.stdin.destroy();
  });
}

/** The renderer goes first, so that its last reply is not cut off; then nothing keeps main. */
function renderer() {
  const link = toMain(plan);
  const stream = plan.workload === "send";
  const end = stream ? new Sender(plan, tools, link.send) : new Asker(plan, tools);
  link.listen((bytes) => {
    end.took(bytes);
    if (end.done) {
      report("renderer", end.result());
      process.removeAllListeners("disconnect");
      link.close();
    } else if (!stream) {
      link.send(end.next());
    }
  });
  stream ? end.pump() : link.send(end.next());
}

/** Whoever started main holds its standard input open for as long as it lives. */
function endWithPlanner() {
  process.stdin.on("end", () => process.exit(1)).resume();
}
