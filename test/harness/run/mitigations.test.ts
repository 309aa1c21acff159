import { expect, test } from "vitest";
import type { Event, EventOf } from "../../../harness/core/events.ts";
import { history } from "../../../harness/core/history.ts";
import { judge } from "../../../harness/core/judge.ts";
import { parseMitigation } from "../../../harness/core/mitigations.ts";
import type { Answer, Mode, Operation, Plan } from "../../../harness/core/model.ts";
import { plan } from "../../../harness/core/plan.ts";
import type { Locks } from "../../../harness/core/ports.ts";
import { tryCurves } from "../../../harness/core/tries.ts";
import { millis } from "../../../harness/core/units.ts";
import { performRun } from "../../../harness/run/run.ts";
import { emptySight, portTaken } from "../core/history.ts";
import { REQUEST } from "../core/recorded.ts";
import { oneEngine } from "./one-engine.ts";
import { FACTS, simulatedRuntime } from "./simulated-runtime.ts";
import { VirtualClock } from "./virtual-clock.ts";

const refused = (message: string): Answer => ({
  kind: "refused",
  by: "daemon",
  status: 500,
  message,
});

const DONE: Answer = { kind: "done" };

interface Trial {
  readonly mitigation: string | null;
  readonly mode?: Mode;
  readonly n?: number;
  /** @param tried - how often this very operation was asked before */
  readonly answer?: (operation: Operation, tried: number) => Answer;
  readonly locks?: Locks;
  readonly cancelAt?: number;
}

const planOf = ({ mitigation, mode = "ports", n = 4 }: Trial): Plan =>
  plan({
    ...REQUEST,
    arms: [
      { mode, n, ...(mitigation === null ? {} : { mitigation: parseMitigation(mitigation) }) },
    ],
  });

/** Every call takes ten milliseconds of virtual time. */
const perform = async (trial: Trial): Promise<readonly Event[]> => {
  const { answer = () => DONE, locks, cancelAt } = trial;
  const clock = new VirtualClock();
  const controller = new AbortController();
  const asked = new Map<string, number>();
  const events: Event[] = [];
  const { runtime } = simulatedRuntime({
    clock,
    answer: (operation) => {
      const key = JSON.stringify(operation);
      const tried = asked.get(key) ?? 0;
      asked.set(key, tried + 1);
      return { answer: answer(operation, tried), after: 10 };
    },
    witness: { look: () => Promise.resolve(emptySight(32_768)) },
  });
  if (cancelAt !== undefined) {
    void clock.sleep(millis(cancelAt), new AbortController().signal).then(() => {
      controller.abort(new Error("cancelled"));
    });
  }
  await clock.drive(
    performRun(
      planOf(trial),
      {
        tool: "0",
        command: [],
        startedAt: "2026-01-01T00:00:00.000Z",
        request: null,
        profiles: null,
      },
      {
        clock,
        engines: oneEngine(runtime, FACTS),
        journal: { append: (event) => void events.push(event) },
        processor: { used: () => millis(0), cores: 2 },
        ...(locks === undefined ? {} : { locks }),
        signal: controller.signal,
      },
    ),
  );
  return events;
};

type Step = EventOf<"invoked"> | EventOf<"answered">;

const stepsOf = (events: readonly Event[], operation: Operation["kind"]): readonly Step[] =>
  events.filter(
    (event): event is Step =>
      (event.event === "invoked" || event.event === "answered") && event.operation === operation,
  );

/** How many calls of this kind were under way at once, at most. */
const atOnce = (events: readonly Event[], operation: Operation["kind"]): number => {
  let underWay = 0;
  let most = 0;
  for (const { event } of stepsOf(events, operation)) {
    underWay += event === "invoked" ? 1 : -1;
    most = Math.max(most, underWay);
  }
  return most;
};

/** A lock that is one among these holders, and counts them. */
const countingLocks = (): Locks & { readonly taken: () => number } => {
  let taken = 0;
  let last: Promise<void> = Promise.resolve();
  return {
    taken: () => taken,
    hold: async () => {
      const before = last;
      let release = (): void => undefined;
      last = new Promise((resolve) => {
        release = resolve;
      });
      await before;
      taken += 1;
      return release;
    },
  };
};

test.each([
  [null, 4, 4],
  ["serialise", 1, 4],
  ["retry:2", 4, 4],
])(
  "with %s, %i networks are created at once, and %i containers",
  async (mitigation, net, containers) => {
    const events = await perform({ mitigation });
    expect(atOnce(events, "network.create")).toBe(net);
    // What comes after the network is spread by the wait for it, and otherwise left alone.
    if (mitigation !== "serialise") expect(atOnce(events, "container.create")).toBe(containers);
    expect(judge(events).arms[0]?.jobs).toEqual({ ok: 4, failed: 0, unfinished: 0 });
  },
);

test("the wait for one's turn is the job's time, and none of the daemon's", async () => {
  const calls = stepsOf(await perform({ mitigation: "serialise" }), "network.create");
  expect(calls.map(({ event, at }) => `${event} ${String(at)}`)).toEqual(
    [0, 10, 20, 30].flatMap((at) => [`invoked ${String(at)}`, `answered ${String(at + 10)}`]),
  );
});

test("a lock file is held for each network, one at a time, and for nothing else", async () => {
  const locks = countingLocks();
  const events = await perform({ mitigation: "lock-file:/x", locks });
  expect(atOnce(events, "network.create")).toBe(1);
  expect(locks.taken()).toBe(4);
});

test("a job whose lock is not to be had calls nothing, and is neither OK nor failed", async () => {
  const events = await perform({
    mitigation: "lock-file:/x",
    locks: { hold: () => Promise.resolve(null) },
  });
  expect(stepsOf(events, "network.create")).toEqual([]);
  expect(judge(events).arms[0]?.jobs).toEqual({ ok: 0, failed: 0, unfinished: 4 });
});

test("whoever waits for his turn when the run is cancelled calls nothing", async () => {
  const events = await perform({ mitigation: "serialise", cancelAt: 15 });
  expect(stepsOf(events, "network.create").filter(({ event }) => event === "invoked")).toHaveLength(
    2,
  );
});

/** The redis of each job is refused a port so many times. */
const portsTaken =
  (times: number) =>
  (operation: Operation, tried: number): Answer =>
    operation.kind === "container.start" && tried < times
      ? refused(portTaken(32_768 + tried))
      : DONE;

test("a refusal that a further try mends fails no job, and is counted", async () => {
  const events = await perform({ mitigation: "retry:3", n: 2, answer: portsTaken(2) });
  const starts = stepsOf(events, "container.start").filter(({ job }) => job === "w1j1");
  expect(
    starts.map((step) => [step.event, step.try, step.event === "answered" && step.answer.kind]),
  ).toEqual([
    ["invoked", undefined, false],
    ["answered", undefined, "refused"],
    ["invoked", 2, false],
    ["answered", 2, "refused"],
    ["invoked", 3, false],
    ["answered", 3, "done"],
  ]);
  expect(judge(events).arms[0]).toMatchObject({
    jobs: { ok: 2, failed: 0, unfinished: 0 },
    failures: [],
  });
  expect(tryCurves(history(events))).toMatchObject([
    {
      jobs: 2,
      repeated: 4,
      steps: [
        { tries: 1, ok: 0, failures: { failed: 2, of: 2 } },
        { tries: 2, ok: 0, failures: { failed: 2, of: 2 } },
        { tries: 3, ok: 2, failures: { failed: 0, of: 2 } },
      ],
      never: 0,
    },
  ]);
});

test.each([
  ["retry:3", ["start", "remove", "create", "start", "remove", "create", "start"]],
  ["restart:3", ["start", "start", "start"]],
])(
  "%s makes these calls for a container whose start is refused twice",
  async (mitigation, calls) => {
    const events = await perform({ mitigation, n: 1, answer: portsTaken(2) });
    const ended = events.findIndex(({ event }) => event === "burst.ended");
    const made = events
      .slice(0, ended)
      .flatMap((event) =>
        event.event === "invoked" &&
        event.service === "redis" &&
        event.operation.startsWith("container.")
          ? [event.operation.replace("container.", "")]
          : [],
      );
    expect(made).toEqual(["create", ...calls, "inspect"]);
    expect(judge(events).arms[0]?.jobs).toEqual({ ok: 1, failed: 0, unfinished: 0 });
  },
);

test("a container that cannot be created again is not started again", async () => {
  const events = await perform({
    mitigation: "retry:3",
    n: 1,
    answer: (operation, tried) =>
      operation.kind === "container.create" && tried > 0
        ? refused("no space left on device")
        : portsTaken(9)(operation, tried),
  });
  const starts = stepsOf(events, "container.start").filter(({ event }) => event === "invoked");
  expect(starts).toHaveLength(1);
  expect(judge(events).arms[0]?.jobs).toEqual({ ok: 0, failed: 1, unfinished: 0 });
});

test("every refusal is looked at, also one that is mended", async () => {
  const events = await perform({ mitigation: "retry:3", n: 1, answer: portsTaken(2) });
  const looks = events.filter((event) => event.event === "looked");
  expect(looks.map((look) => look.try)).toEqual([undefined, 2]);
});

test("where no try helps, the job fails by the words of the last", async () => {
  const events = await perform({ mitigation: "retry:2", n: 1, answer: portsTaken(9) });
  const [arm] = judge(events).arms;
  expect(arm?.jobs).toEqual({ ok: 0, failed: 1, unfinished: 0 });
  expect(arm?.failures).toMatchObject([{ count: 1, example: portTaken(32_770) }]);
  expect(tryCurves(history(events))).toMatchObject([{ jobs: 1, repeated: 2, never: 1 }]);
});

test("a job that is killed while it tries again is unfinished", async () => {
  const events = await perform({ mitigation: "retry:2", n: 1, answer: portsTaken(1) });
  const again = events.findIndex((event) => event.event === "invoked" && event.try === 2);
  expect(judge(events.slice(0, again + 1)).arms[0]?.jobs).toEqual({
    ok: 0,
    failed: 0,
    unfinished: 1,
  });
});

test("a fixed port stays taken: asking for it again is left alone", async () => {
  const trial = {
    mitigation: "retry:3",
    mode: "ports-fixed",
    n: 1,
    answer: portsTaken(1),
  } as const;
  const events = await perform(trial);
  expect(stepsOf(events, "container.start")).toHaveLength(2);
  expect(judge(events).arms[0]?.jobs.failed).toBe(1);
});

test("without a mitigation nothing is tried twice", async () => {
  const events = await perform({ mitigation: null, n: 1, answer: portsTaken(1) });
  expect(stepsOf(events, "container.start")).toHaveLength(2);
});
