/**
 * A run as each of its engines lived it: what is said of an engine (its version, its log, what grows in it) must
 * not be said of another.
 */
import type { RunHistory } from "./history.ts";
import type { Arm } from "./model.ts";

/** In the order of the arms; one that is the run itself, where there is no profile. */
export const perProfile = (run: RunHistory): readonly RunHistory[] => {
  const { started } = run;
  const names = [...new Set(started.arms.map(({ profile }) => profile))];
  if (names.length < 2) return [ofProfile(run, names[0])];
  return names.map((name) => ofProfile(run, name));
};

const ofProfile = (run: RunHistory, name: Arm["profile"]): RunHistory => {
  const { started } = run;
  const arms = started.arms.filter(({ profile }) => profile === name);
  const ids = new Set(arms.map(({ id }) => id));
  const engines = run.engines.filter(({ profile }) => profile === (name ?? null));
  return {
    ...run,
    started: {
      ...started,
      arms,
      engine: engines[0]?.engine ?? started.engine,
      // Blocks have one wave of each arm.
      waves: Math.max(1, Math.ceil((started.waves / started.arms.length) * arms.length)),
    },
    engines,
    waves: run.waves.filter((wave) => ids.has(wave.started.arm)),
  };
};

/** The part of a run that a job belongs to. */
export const profileOfArm = (run: RunHistory, arm: string): RunHistory =>
  perProfile(run).find(({ started }) => started.arms.some(({ id }) => id === arm)) ?? run;
