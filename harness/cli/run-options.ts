import type { Mode } from "../core/model.ts";
import type { Nemesis } from "../core/nemesis.ts";
import type { Millis } from "../core/units.ts";
import type { EngineChoice } from "./engine-choice.ts";

export interface RunOptions {
  /** Jobs released at once; each number is an arm of each mode. */
  readonly ns: readonly number[];
  readonly modes: readonly Mode[];
  readonly waves: number;
  readonly ports: "all" | "minimal";
  /** Empty: all of the scenario's. */
  readonly services: readonly string[];
  readonly scenario: string;
  readonly engine: EngineChoice;
  readonly sharedEngine: boolean;
  /** Null: `debian` on an engine of our own, `hub` elsewhere. */
  readonly images: string | null;
  readonly daemonJson: string | null;
  readonly seed: string | null;
  readonly timeout: Millis;
  readonly out: string;
  readonly json: boolean;
  readonly dryRun: boolean;
  readonly keepFailed: boolean;
  /** Trouble to be made in every wave. */
  readonly nemeses: readonly Nemesis[];
}
