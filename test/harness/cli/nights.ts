/**
 * Nights for tests: journals of runs on one arm, told by how many of their jobs failed.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { EngineFacts, Event, EventOf } from "../../../harness/core/events.ts";
import { arm, journalOf, portTaken, refused, type Wrong } from "../core/history.ts";

export interface NightScript {
  /** The 1st … of the month. */
  readonly night: number;
  readonly failed: number;
  readonly jobs?: number;
  readonly slowness?: number;
  readonly ended?: EventOf<"run.ended">["reason"] | null;
  readonly engine?: Partial<EngineFacts>;
  readonly command?: readonly string[];
}

export const runOf = ({ night }: Pick<NightScript, "night">): string =>
  `202611${String(night).padStart(2, "0")}-040000-abcd`;

/** One wave on `ports`. */
export const nightJournal = (script: NightScript): readonly Event[] => {
  const { night, failed, jobs = 8, slowness = 1, ended, engine = {}, command } = script;
  const wrong: Record<number, readonly Wrong[]> = {};
  for (let job = 1; job <= failed; job += 1) {
    wrong[job] = [refused("container.start", "redis", portTaken(32768 + job))];
  }
  const events = journalOf({
    arms: [arm("ports", jobs)],
    waves: [{ arm: "ports", wrong, slowness }],
    engine,
    ...(ended === undefined ? {} : { ended }),
  });
  const day = String(night).padStart(2, "0");
  return events.map((event) =>
    event.event === "run.started"
      ? {
          ...event,
          run: runOf(script),
          startedAt: `2026-11-${day}T04:00:00.000Z`,
          ...(command === undefined ? {} : { command }),
        }
      : event,
  );
};

/** A directory for runs, removed with the test. */
export const runsDirectory = (): string => {
  const out = mkdtempSync(join(tmpdir(), "stress-nights-"));
  onTestFinished(() => {
    rmSync(out, { recursive: true, force: true });
  });
  return out;
};

/** Leaves the night's run in the directory, as `stress run` would. */
export const addNight = (out: string, script: NightScript): string => {
  const directory = join(out, runOf(script));
  mkdirSync(directory, { recursive: true });
  const lines = nightJournal(script).map((event) => `${JSON.stringify(event)}\n`);
  writeFileSync(join(directory, "events.ndjson"), lines.join(""));
  return directory;
};
