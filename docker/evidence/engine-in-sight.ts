import { identify, type ProcessIdentity } from "../managed/processes.ts";
import { processState } from "./daemon-state.ts";
import { engineUnder, type EngineUnder } from "./engine-under.ts";
import { sharedReading } from "./shared-reading.ts";

/** The engine under test; looked for again after its daemon has ended, as it may have been started anew. */
export class EngineInSight {
  #engine: EngineUnder | null = null;
  #daemon: ProcessIdentity | null = null;
  readonly #find: () => Promise<EngineUnder>;

  constructor(socketPath: string | null) {
    this.#find = sharedReading(async () => {
      const found = await engineUnder(socketPath);
      // Of an engine that has died, what it left behind is still known by what it was.
      if (this.#engine === null || found.daemonPid !== null) {
        this.#engine = found;
        this.#daemon = found.daemonPid === null ? null : identify(found.daemonPid);
      }
      return this.#engine;
    });
    void this.#find();
  }

  async current(): Promise<EngineUnder> {
    const isGone = this.#daemon !== null && processState(this.#daemon) === "gone";
    return this.#engine === null || isGone ? await this.#find() : this.#engine;
  }

  /** As it was when it was last seen; null while it is being looked for. */
  get known(): EngineUnder | null {
    return this.#engine;
  }

  /** As it was last seen alive; null where it is not visible. */
  get daemon(): ProcessIdentity | null {
    return this.#daemon;
  }
}
