// The links between the two ends of a Node trial. Each has, for either end, `send(bytes)` and `listen(took)`; `close()` lets the
// end's process or thread go.

import { fork, spawn } from "node:child_process";
import { Socket } from "node:net";
import { MessageChannel, Worker, workerData } from "node:worker_threads";

/** Where the socket of the canary is among the descriptors of the renderer. */
const SOCKET_FD = 3;

const PEER = new URL("./node-peer.mjs", import.meta.url);

/** The main end: starts the renderer and answers with the link to it. */
export function toRenderer(plan) {
  switch (plan.transport) {
    case "node-fork-json":
      return forked(plan, "json");
    case "node-fork-advanced":
      return forked(plan, "advanced");
    case "node-worker":
      return worked(plan);
    case "node-socket-canary":
      return socketed(plan);
    default:
      throw new Error(`no such transport: ${plan.transport}`);
  }
}

/** The renderer's end. */
export function toMain(plan) {
  switch (plan.transport) {
    case "node-fork-json":
    case "node-fork-advanced":
      process.once("disconnect", () => process.exit(1)); // main has died
      return byChannel(process, () => process.disconnect());
    case "node-worker":
      return byPort(workerData.port);
    case "node-socket-canary":
      return bySocket(new Socket({ fd: SOCKET_FD }), plan.payload);
    default:
      throw new Error(`no such transport: ${plan.transport}`);
  }
}

/** The command that starts a process on one CPU, or anywhere if that is null. */
export function onCpu(cpu, command) {
  return cpu === null ? command : ["taskset", "-c", String(cpu), ...command];
}

function forked(plan, serialization) {
  const [execPath, ...execArgv] = onCpu(plan.pins.renderer, [process.execPath]);
  const options = { serialization, execPath, execArgv, stdio: ["ignore", "inherit", "inherit", "ipc"] };
  const child = fork(PEER, ["renderer", JSON.stringify(plan)], options);
  endWith(child);
  return byChannel(child, () => child.connected && child.disconnect());
}

/** JSON makes `{"type":"Buffer","data":[…]}` of a buffer; the other serialisation keeps it one. */
function byChannel(end, close) {
  return {
    send: (bytes) => void end.send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)),
    listen: (took) => end.on("message", (message) => took(message.type === "Buffer" ? Buffer.from(message.data) : message)),
    close,
  };
}

function worked(plan) {
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(PEER, {
    argv: ["renderer", JSON.stringify(plan)],
    workerData: { port: port2 },
    transferList: [port2],
  });
  worker.once("error", fail);
  return byPort(port1);
}

/** Structured clone copies the bytes, as it would between processes: nothing is transferred. */
function byPort(port) {
  return {
    send: (bytes) => port.postMessage(bytes),
    listen: (took) => port.on("message", took),
    close: () => port.close(),
  };
}

function socketed(plan) {
  const [program, ...flags] = onCpu(plan.pins.renderer, [process.execPath]);
  // What Node calls a pipe here is a pair of Unix sockets.
  const stdio = ["ignore", "inherit", "inherit", "pipe"];
  const child = spawn(program, [...flags, PEER.pathname, "renderer", JSON.stringify(plan)], { stdio });
  endWith(child);
  return bySocket(child.stdio[SOCKET_FD], plan.payload);
}

/** Both know the length of a message: there is no frame around it. */
function bySocket(socket, length) {
  const message = new Uint8Array(length);
  let filled = 0;
  return {
    send: (bytes) => void socket.write(bytes),
    listen: (took) =>
      socket.on("data", (data) => {
        for (let from = 0; from < data.length; ) {
          const piece = data.subarray(from, from + length - filled);
          message.set(piece, filled);
          from += piece.length;
          filled = (filled + piece.length) % length;
          if (filled === 0) took(message);
        }
      }),
    close: () => socket.destroy(),
  };
}

/** Without its renderer main has nothing to do. */
function endWith(child) {
  child.once("error", fail);
  child.once("exit", (code, signal) => {
    if (code !== 0) fail(new Error(`the renderer ended with ${signal ?? code}`));
  });
}

function fail(error) {
  console.error(error.message);
  process.exit(1);
}
