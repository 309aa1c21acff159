import type Dockerode from "dockerode";
import { removeContainer } from "../client/calls.ts";
import { createdAnswer, decode } from "../client/daemon-schemas.ts";
import { exchange, Refusal } from "../client/exchange.ts";
import { StressError } from "../../harness/core/errors.ts";
import { labelsOf, type Marks } from "./marks.ts";
import type { TroublePart } from "./trouble.ts";

/** For removing it again, in milliseconds. */
const LIFT_MS = 60_000;

/** Creates a container, never started, that has the name of one that a job is about to create. */
export const nameClash = (docker: Dockerode, marks: Marks): TroublePart => {
  let made: string | null = null;
  return {
    strike: async ({ nextContainer, targets, report, inTime }) => {
      const name = nextContainer();
      if (name === null || targets.image === null) return;
      const body = { Image: targets.image, Labels: labelsOf(marks) };
      const path = `/containers/create?name=${encodeURIComponent(name)}`;
      try {
        const answer = await inTime((signal) =>
          exchange(docker, { method: "POST", path, body }, { signal }),
        );
        made = decode(createdAnswer, answer, "container.create").Id;
      } catch (cause) {
        if (!(cause instanceof Refusal)) throw cause;
        const words = `the name ${name} cannot be taken: ${cause.message}`;
        throw new StressError("environment", words, { cause });
      }
      report({
        kind: "name-clash",
        target: { of: "name", name },
        truth: "name_taken",
        note: `container ${name}, created and never started`,
      });
    },
    lift: async () => {
      if (made === null) return;
      const call = removeContainer(made);
      made = null;
      // What cannot be removed is labelled: the wave counts it as left behind, and sweeps it.
      await exchange(docker, call, { signal: AbortSignal.timeout(LIFT_MS) }).catch(() => null);
    },
  };
};
