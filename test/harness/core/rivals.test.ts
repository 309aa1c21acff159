import { expect, test } from "vitest";
import { history } from "../../../harness/core/history.ts";
import type { WaveHistory } from "../../../harness/core/history.ts";
import type { WavePlan } from "../../../harness/core/model.ts";
import { rivalsFor } from "../../../harness/core/rivals.ts";
import { millis } from "../../../harness/core/units.ts";
import { arm, journalOf, refused } from "./history.ts";

const PORT = 6379;

const redisOf = (job: string) =>
  ({
    kind: "container.create",
    service: "redis",
    container: `${job}-redis`,
    spec: {
      image: "i",
      network: "n",
      aliases: [],
      command: null,
      env: {},
      publish: [{ containerPort: 6379, hostIp: "", hostPort: PORT }],
      labels: {},
    },
  }) as const;

const PLANNED: WavePlan = {
  index: 1,
  block: 1,
  arm: "ports-fixed",
  jobs: ["w1j1", "w1j2"].map((id) => ({ id, phases: [[redisOf(id)]], teardown: [] })),
};

/** Two jobs; the first one's start of Redis is refused after 400 ms if `early`, the second's never. */
const wave = (
  wrong: Readonly<Record<number, readonly ReturnType<typeof refused>[]>>,
): WaveHistory => {
  const [only] = history(
    journalOf({ arms: [arm("ports-fixed", 2)], waves: [{ arm: "ports-fixed", wrong }] }),
  ).waves;
  if (only === undefined) throw new Error("no wave");
  return only;
};

const START_OF_SECOND = (played: WaveHistory) => {
  const step = played.jobs[1]?.burst.find(
    ({ operation, service }) => operation === "container.start" && service === "redis",
  );
  if (step === undefined) throw new Error("never started");
  return step;
};

const asked = (played: WaveHistory, planned: WavePlan | null, failedAt: number) =>
  rivalsFor(PORT, { job: "w1j1", wave: played, planned, failedAt: millis(failedAt) });

test("a job whose start is under way has the port, as far as the plan says", () => {
  const played = wave({});
  const { invokedAt } = START_OF_SECOND(played);
  expect(asked(played, PLANNED, invokedAt + 1)).toEqual([
    { job: "w1j2", service: "redis", hostIp: "", how: "starting" },
  ]);
});

test("a job that was not started yet, or refused before, has it not", () => {
  const played = wave({ 2: [refused("container.start", "redis", "no")] });
  const { invokedAt, answeredAt } = START_OF_SECOND(played);
  expect(asked(played, PLANNED, invokedAt - 1)).toEqual([]);
  expect(asked(played, PLANNED, answeredAt + 1)).toEqual([]);
});

test("without the plan nothing is said of a start", () => {
  const played = wave({});
  expect(asked(played, null, START_OF_SECOND(played).invokedAt + 1)).toEqual([]);
});

/** The second job's Redis is told to have got the port. */
const told = (played: WaveHistory): WaveHistory => {
  const bindings = [{ containerPort: 6379, hostIp: "0.0.0.0", hostPort: PORT }];
  const jobs = played.jobs.map((job) =>
    job.id === "w1j2"
      ? {
          ...job,
          burst: job.burst.map((step) =>
            step.operation === "container.inspect" && step.service === "redis"
              ? { ...step, answer: { kind: "done" as const, bindings } }
              : step,
          ),
        }
      : job,
  );
  return { ...played, jobs };
};

test.each([
  ["was there already", 500, "bound"],
  ["was under way", 1, "starting"],
] as const)("of a port that the daemon chose, a start that %s is %s ms in: %s", (_, after, how) => {
  const played = told(wave({}));
  const { invokedAt } = START_OF_SECOND(played);
  expect(asked(played, null, invokedAt + after)).toEqual([
    { job: "w1j2", service: "redis", hostIp: "0.0.0.0", how },
  ]);
});

test("a job that asked for this very port and got it had it from its start", () => {
  const played = told(wave({}));
  const { invokedAt } = START_OF_SECOND(played);
  expect(asked(played, PLANNED, invokedAt + 1)[0]).toMatchObject({ how: "bound" });
});

test("a job that was started after the failure cannot have been its cause", () => {
  const played = told(wave({}));
  expect(asked(played, PLANNED, START_OF_SECOND(played).invokedAt - 1)).toEqual([]);
});
