// Records on disk as `src/record/store.rs` keeps them: a line as each trial ends, in a file whose name says that the run is not
// over, until it is.

import fs from "node:fs";
import { join } from "node:path";
import { nowUtc } from "./environment.mjs";
import { Trouble } from "./options.mjs";

const WHOLE = "records.jsonl";
const PARTIAL = "records.partial.jsonl";

export class Store {
  constructor(directory, environment) {
    Object.assign(this, { directory, environment });
    try {
      fs.mkdirSync(directory, { recursive: true });
      if ([WHOLE, PARTIAL].some((name) => fs.existsSync(join(directory, name)))) {
        throw new Trouble(`${directory}: it holds a run already; name another`);
      }
      this.file = fs.openSync(join(directory, PARTIAL), "wx");
      this.writeEnvironment();
    } catch (error) {
      if (error instanceof Trouble) throw error;
      throw new Trouble(`${directory}: ${error.message}`);
    }
  }

  append(record) {
    fs.writeSync(this.file, JSON.stringify(record) + "\n");
  }

  /** Ends the run; `partial` if trials are missing. */
  finish(partial) {
    fs.fsyncSync(this.file);
    fs.closeSync(this.file);
    Object.assign(this.environment, { finished: nowUtc(), partial });
    this.writeEnvironment();
    fs.renameSync(join(this.directory, PARTIAL), join(this.directory, WHOLE));
  }

  writeEnvironment() {
    const next = join(this.directory, "environment.json.next");
    fs.writeFileSync(next, JSON.stringify(this.environment, null, 2) + "\n", { flush: true });
    fs.renameSync(next, join(this.directory, "environment.json"));
  }
}
