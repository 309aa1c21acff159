/**
 * What the daemon's process is doing.
 */
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { SightOf } from "../../harness/core/evidence.ts";
import { isAlive, type ProcessIdentity } from "../managed/processes.ts";
import { unixGet } from "../unix-get.ts";

type State = SightOf<"daemon">["state"];

/** A dump names every goroutine, thousands under load: it takes long, and the daemon stands still for it. */
const DUMP_DEADLINE_MS = 5000;
const DUMPS_PER_RUN = 3;

const LETTERS: Readonly<Record<string, State>> = {
  R: "R",
  S: "S",
  D: "D",
  T: "T",
  // Stopped by a debugger: stopped, as far as the engine is concerned.
  t: "T",
  Z: "Z",
  X: "gone",
  I: "I",
};

/** Of a process that was seen before: its state's letter, or that it is gone; null where that is hidden. */
export const processState = (process: ProcessIdentity): State => {
  try {
    const stat = readFileSync(`/proc/${String(process.pid)}/stat`, "utf8");
    const letter = stat.charAt(stat.lastIndexOf(")") + 2);
    // Dead and not waited for is dead; anything else must still be the same process.
    return letter === "Z" || isAlive(process) ? (LETTERS[letter] ?? null) : "gone";
  } catch {
    return "gone";
  }
};

/** Writes what all goroutines of the daemon are doing into a directory, a few times a run. */
export class GoroutineDumps {
  readonly #socketPath: string;
  readonly #directory: string;
  #written = 0;
  #current: Promise<string | null> | null = null;

  constructor(socketPath: string, directory: string) {
    this.#socketPath = socketPath;
    this.#directory = directory;
  }

  /**
   * The file's name, relative to the directory. Null when the daemon does not answer, is not in debug mode, or has
   * been dumped often enough. Who asks while one is being written gets that one.
   */
  async dump(): Promise<string | null> {
    if (this.#current === null && this.#written < DUMPS_PER_RUN) {
      this.#current = this.#write().finally(() => {
        this.#current = null;
      });
    }
    return await this.#current;
  }

  async #write(): Promise<string | null> {
    try {
      const signal = AbortSignal.timeout(DUMP_DEADLINE_MS);
      // Without a version: with one, some engines do not know it.
      const path = "/debug/pprof/goroutine?debug=2";
      const { status, body } = await unixGet(this.#socketPath, path, signal);
      if (status !== 200 || !body.startsWith("goroutine ")) return null;
      this.#written += 1;
      const name = `goroutines-${String(this.#written)}.txt`;
      await writeFile(join(this.#directory, name), body);
      return name;
    } catch {
      return null;
    }
  }
}
