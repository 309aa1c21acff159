import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { connect } from "../../docker/client/connect.ts";
import { parseHost } from "../../docker/client/find-engine.ts";
import { createRuntime } from "../../docker/client/runtime.ts";
import { dialFake } from "../../docker/fake/dial.ts";
import { spawnFakeEngine } from "../../docker/fake/spawn.ts";
import { fakeWitness } from "../../docker/fake/witness.ts";
import { resolveImageSet } from "../../docker/images/image-set.ts";
import type { Mode } from "../../harness/core/model.ts";
import { seeded, shuffled } from "../../harness/core/random.ts";
import type { ArmSummary } from "../../harness/core/summary.ts";
import { seconds } from "../../harness/core/units.ts";
import { systemClock } from "../../harness/run/clock.ts";
import { burstPlan } from "./burst-plan.ts";
import { harnessBurst } from "./harness-burst.ts";
import type { Row } from "./table.ts";

/** One wave on a fake engine of its own: simulated pools wide enough for 2,000 networks. */
export const fakeBurst = async (n: number, mode: Mode): Promise<ArmSummary> => {
  const engine = await spawnFakeEngine({ pools: [{ base: "10.0.0.0/8", size: 24 }] });
  try {
    const address = parseHost(`unix://${engine.socketPath}`, "fake");
    const docker = await connect(address, new AbortController().signal);
    const clock = systemClock();
    const runtime = createRuntime({
      docker,
      clock,
      known: {
        simulated: true,
        address: address.description,
        hostPortRange: null,
        enginePortRange: null,
        images: {},
        rootlesskit: null,
      },
      dialPublished: (port) => dialFake({ socketPath: engine.socketPath, host: "127.0.0.1", port }),
      shared: false,
      listening: () => Promise.resolve(null),
      witness: fakeWitness(engine.socketPath),
      readyDeadline: seconds(120),
    });
    const plan = burstPlan({ n, mode, images: resolveImageSet("debian") });
    return await harnessBurst(plan, { clock, runtime });
  } finally {
    await engine.stop();
  }
};

const launchSkewOf = ({ launchSkew }: ArmSummary): number => launchSkew?.max ?? Number.NaN;
const perJob = ({ burst, n }: ArmSummary): number => (burst?.max ?? Number.NaN) / n;

/** Megabytes that one wave of 2,000 jobs takes at its peak, each in a process of its own. */
const peakMemory = async (rounds: number): Promise<readonly number[]> => {
  const samples: number[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const child = spawn(process.execPath, [join(import.meta.dirname, "peak-memory.js")], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    samples.push(Number(await text(child.stdout)));
  }
  return samples;
};

/** Launch skew, and how time and memory grow from 250 to 2,000 jobs. */
export const fakeRows = async ({
  rounds,
  say,
}: {
  readonly rounds: number;
  readonly say: (line: string) => void;
}): Promise<readonly Row[]> => {
  const random = seeded("fake");
  const measured = new Map<number, ArmSummary[]>([
    [16, []],
    [256, []],
    [250, []],
    [2000, []],
  ]);
  for (let round = 1; round <= rounds; round += 1) {
    for (const n of shuffled([...measured.keys()], random)) {
      say(`round ${String(round)} of ${String(rounds)}: ${String(n)} jobs on the fake`);
      measured.get(n)?.push(await fakeBurst(n, "ports"));
    }
  }
  const memory = await peakMemory(rounds);
  const of = (n: number): readonly ArmSummary[] => measured.get(n) ?? [];
  const large = of(2000).map(perJob);
  return [
    { what: "launch skew, N=16", unit: "ms", samples: of(16).map(launchSkewOf), atMost: 5 },
    { what: "launch skew, N=256", unit: "ms", samples: of(256).map(launchSkewOf), atMost: 40 },
    { what: "burst per job, N=250", unit: "ms", samples: of(250).map(perJob), atMost: null },
    { what: "burst per job, N=2000", unit: "ms", samples: large, atMost: null },
    {
      what: "burst per job, N=2000 over N=250",
      unit: "×",
      samples: of(250).map((small, round) => (large[round] ?? Number.NaN) / perJob(small)),
      atMost: 1.3,
    },
    {
      what: "peak memory of 2,000 jobs in one wave",
      unit: "MB",
      samples: memory,
      atMost: 512,
    },
  ];
};
