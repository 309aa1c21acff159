import { setMaxListeners } from "node:events";
import type Dockerode from "dockerode";
import { classifyAnswer } from "../../harness/core/classify.ts";
import { StressError } from "../../harness/core/errors.ts";
import type { Operation } from "../../harness/core/model.ts";
import { toAnswer } from "../client/answer.ts";
import { toCall } from "../client/calls.ts";
import { exchange, Refusal } from "../client/exchange.ts";
import { removeAll } from "../client/labelled.ts";
import { labelsOf, NEMESIS_JOB, type Marks } from "./marks.ts";
import type { InTime, TroublePart } from "./trouble.ts";

/** A pool of /12 cut into /24s has 4096; whoever has more of them does not run out of them either. */
const MOST_NETWORKS = 5000;

/** For removing them again, in milliseconds: a loaded daemon takes a second for each. */
const LIFT_MS = 600_000;

/** What was refused was neither cancelled nor late. */
const NEVER = new AbortController().signal;

type Create = Extract<Operation, { kind: "network.create" }>;

/** Creates networks until the daemon refuses one for want of a subnet. */
export const exhaustSubnets = (docker: Dockerode, marks: Marks): TroublePart => {
  const made = new Set<string>();

  /** @returns the daemon's words when there was no subnet for it, null when there was */
  const create = async (network: string, inTime: InTime): Promise<string | null> => {
    const operation: Create = { kind: "network.create", network, labels: labelsOf(marks) };
    made.add(network);
    try {
      await inTime(async (signal) => {
        await exchange(docker, toCall(operation), { signal });
      });
      return null;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const answer = toAnswer(error, NEVER);
      const words = answer.kind === "done" ? "" : answer.message;
      if (classifyAnswer(answer, operation.kind)?.class !== "network.subnet_exhausted") {
        throw new StressError("environment", `the subnets cannot be exhausted: ${words}`, {
          cause: error,
        });
      }
      made.delete(network);
      return words;
    }
  };

  return {
    strike: async ({ report, inTime }) => {
      for (let count = 0; count < MOST_NETWORKS; count += 1) {
        const network = `stress-${marks.run}-${NEMESIS_JOB}-${String(count + 1)}`;
        const words = await create(network, inTime);
        if (words === null) continue;
        report({
          kind: "exhaust-subnets",
          target: { of: "subnets" },
          truth: "subnets_taken",
          note: `${String(count)} networks, and no subnet for another: ${words}`,
        });
        return;
      }
      throw new StressError(
        "environment",
        `the subnets cannot be exhausted: there are more than ${String(MOST_NETWORKS)}`,
      );
    },
    lift: async () => {
      const networks = [...made];
      made.clear();
      if (networks.length === 0) return;
      const signal = AbortSignal.timeout(LIFT_MS);
      // As many calls at once as a sweep makes; Node warns from eleven listeners on.
      setMaxListeners(0, signal);
      // What cannot be removed is labelled: the wave counts it as left behind, and sweeps it.
      const what = { containers: [], networks, volumes: [] };
      await removeAll(docker, { run: marks.run, what }, signal);
    },
  };
};
