// The pages of a Chromium trial, from this directory and for this host alone.
//
// Their headers make them cross-origin isolated: performance.now() then has steps of 5 µs, and of 100 µs otherwise.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const SCRIPTS = ["page.mjs", "loops.mjs", "payload.mjs"];
const HEADERS = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "cross-origin",
};
const PAGE = '<!doctype html><meta charset="utf-8"><title>ipcmark</title><script type="module" src="/page.mjs"></script>';

export async function serve() {
  const files = new Map(SCRIPTS.map((name) => [`/${name}`, readFileSync(new URL(`./${name}`, import.meta.url))]));
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    const script = files.get(pathname);
    const body = script ?? (pathname === "/" ? PAGE : "there is no such page");
    const type = script ? "text/javascript" : "text/html";
    response.writeHead(script || pathname === "/" ? 200 : 404, { ...HEADERS, "Content-Type": type }).end(body);
  });
  await new Promise((done, fail) => server.once("error", fail).listen(0, "127.0.0.1", done));
  const { port } = server.address();
  return {
    // Two names of one host are two sites, and so two processes.
    origins: [`http://127.0.0.1:${port}`, `http://localhost:${port}`],
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
