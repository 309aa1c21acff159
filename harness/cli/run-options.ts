import type { Expectation } from "../core/expectations/expectation.ts";
import type { Mitigation } from "../core/mitigations.ts";
import type { Mode } from "../core/model.ts";
import type { Nemesis } from "../core/nemesis.ts";
import type { ArmSpec } from "../core/plan-request.ts";
import type { RunnerName } from "../core/runners/runner-names.ts";
import type { Millis } from "../core/units.ts";
import type { EngineChoice } from "./engine-choice.ts";
import type { Freshness } from "./freshness.ts";
import type { Outputs } from "./outputs.ts";

export interface RunOptions {
  /** Jobs released at once; each number is an arm of each mode. */
  readonly ns: readonly number[];
  readonly modes: readonly Mode[];
  /** Whose calls the jobs make; none: ours alone. */
  readonly runners: readonly RunnerName[];
  /** Of the scenario; none: all that it has. */
  readonly variants: readonly string[];
  /** How long each measurement of the scenario takes; null: as it says itself. */
  readonly measureFor: Millis | null;
  /** Null is doing nothing; none at all is the same. */
  readonly mitigations: readonly (Mitigation | null)[];
  /** What is compared instead of each of these with each; null: each with each. */
  readonly arms: readonly ArmSpec[] | null;
  readonly waves: number;
  /** Rounds of warm-up before the first block; null: one where engines or mitigations are compared, else none. */
  readonly warmups: number | null;
  readonly ports: "all" | "minimal";
  /** Empty: all of the scenario's. */
  readonly services: readonly string[];
  readonly scenario: string;
  readonly engine: EngineChoice;
  readonly sharedEngine: boolean;
  /** Names or files; with none, and not several `daemonJsons`, there is one engine. */
  readonly profiles: readonly string[];
  /** Files: one is the engine's own, several are a profile each. */
  readonly daemonJsons: readonly string[];
  readonly freshEngine: Freshness;
  /** Null: `debian` on an engine of our own, `hub` elsewhere. */
  readonly images: string | null;
  /** What the verdict goes by; none: by each failure. */
  readonly expectations: readonly Expectation[];
  /** The run that expectations compare with: its id, its directory or `latest`; null: none. */
  readonly baseline: string | null;
  /** `verdict`: as soon as everything is decided, `waves` at most. */
  readonly until: "waves" | "verdict";
  readonly seed: string | null;
  readonly timeout: Millis;
  readonly out: string;
  readonly json: boolean;
  /** What else is written of it, and where. */
  readonly outputs: Outputs;
  readonly dryRun: boolean;
  readonly keepFailed: boolean;
  /** Trouble to be made in every wave. */
  readonly nemeses: readonly Nemesis[];
  /** The arguments that ask for the same again, with the seed that was drawn; absent: those of `run`. */
  readonly command?: (seed: string) => readonly string[];
}
