import { shellWord } from "../shell-words.ts";
import { count } from "../units.ts";
import { fine, risky, silent, type Judge } from "./check.ts";

/** What earlier runs of this tool left on the engine. */
export const leftovers: Judge = (facts) => {
  const found = facts.daemon?.leftovers ?? null;
  if (found === null) return silent("what earlier runs left on the engine", facts);
  if (found.length === 0) return fine("Nothing of an earlier run is on the engine");
  const evidence = found.map(
    ({ run, containers, networks, ownerGone }) =>
      `run ${run}: ${count(containers, "container")}, ${count(networks, "network")}${ownerGone ? "" : " (its process may still run)"}`,
  );
  const host = facts.host === null ? "" : ` --host ${shellWord(facts.host)}`;
  const dead = found.some(({ ownerGone }) => ownerGone);
  return risky({
    evidence,
    meaning: dead
      ? "An earlier run that was killed has left containers or networks: they hold ports and subnets"
      : "Another run is at work on this engine, or one was told to keep its failed jobs: the two would be in each other's way",
    fix: dead
      ? "let `stress clean` remove them"
      : "wait for its end, or remove them by the run's id",
    commands: [
      ...(dead
        ? [`stress clean${host}`]
        : found.map(({ run }) => `stress clean ${shellWord(run)}${host}`)),
    ],
  });
};
