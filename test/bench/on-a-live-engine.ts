import { inventoryOf, removeAll } from "../../docker/client/labelled.ts";
import { findProgram } from "../../docker/managed/program.ts";
import type { Plan } from "../../harness/core/model.ts";
import { seeded, shuffled } from "../../harness/core/random.ts";
import { seconds } from "../../harness/core/units.ts";
import { runtimeOf } from "../../harness/cli/engine-session.ts";
import { CleanupStack } from "../../harness/run/cleanup.ts";
import { systemClock } from "../../harness/run/clock.ts";
import { openManaged } from "../live/managed-session.ts";
import { burstPlan } from "./burst-plan.ts";
import { harnessBurst } from "./harness-burst.ts";
import { bareBurst, cliBurst } from "./peers.ts";
import type { Row } from "./table.ts";

const N = 16;

type Peer = "harness" | "cli" | "bare";

/** The same name-only burst by the harness, the docker CLI in shells, and a bare HTTP client. */
export const liveRows = async ({
  rounds,
  say,
}: {
  readonly rounds: number;
  readonly say: (line: string) => void;
}): Promise<readonly Row[]> => {
  const { signal } = new AbortController();
  await using cleanup = new CleanupStack();
  const { session, set, ids } = await openManaged({ say, signal }, cleanup);
  const { docker, address } = session;
  const clock = systemClock();
  const runtime = await runtimeOf(session, {
    clock,
    images: ids,
    readyDeadline: seconds(120),
    shared: false,
  });
  const socketPath = address.target.kind === "socket" ? address.target.path : "";
  const cli = findProgram("docker", session.programs ?? "");
  if (cli === null) throw new Error("this engine's programs have no docker CLI to compare with");

  const times: Record<Peer, number[]> = { harness: [], cli: [], bare: [] };
  const shares: number[] = [];
  const perform: Record<Peer, (plan: Plan) => Promise<number>> = {
    harness: async (plan) => {
      const arm = await harnessBurst(plan, { clock, runtime });
      shares.push(arm.harnessShare ?? Number.NaN);
      return arm.burst?.median ?? Number.NaN;
    },
    cli: (plan) => cliBurst(plan, { docker: cli, host: `unix://${socketPath}` }),
    bare: (plan) => bareBurst(plan, socketPath),
  };
  const random = seeded("live");
  for (let round = 0; round <= rounds; round += 1) {
    for (const peer of shuffled<Peer>(["harness", "cli", "bare"], random)) {
      const plan = burstPlan({ n: N, mode: "noports", images: set });
      const took = await perform[peer](plan);
      const what = await inventoryOf(docker, plan.run, signal);
      await removeAll(docker, { run: plan.run, what }, signal);
      say(`round ${String(round)} of ${String(rounds)}: ${peer} ${(took / 1000).toFixed(1)} s`);
      // Round 0 warms caches and is not counted.
      if (round > 0) times[peer].push(took);
    }
  }
  const ratio = (peer: Peer): readonly number[] =>
    times.harness.map((took, round) => took / (times[peer][round] ?? Number.NaN));
  const inSeconds = (peer: Peer): readonly number[] => times[peer].map((took) => took / 1000);
  return [
    { what: "burst, harness", unit: "s", samples: inSeconds("harness"), atMost: null },
    { what: "burst, docker CLI in shells", unit: "s", samples: inSeconds("cli"), atMost: null },
    { what: "burst, bare node:http", unit: "s", samples: inSeconds("bare"), atMost: null },
    { what: "harness over docker CLI", unit: "×", samples: ratio("cli"), atMost: 0.9 },
    { what: "harness over bare node:http", unit: "×", samples: ratio("bare"), atMost: 1.1 },
    {
      what: "harness's processor time over burst time × cores",
      unit: "%",
      samples: shares.slice(1).map((share) => share * 100),
      atMost: 5,
    },
  ];
};
