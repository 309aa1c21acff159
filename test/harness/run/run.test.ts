import { expect, onTestFinished, test } from "vitest";
import { StressError } from "../../../harness/core/errors.ts";
import type { Event } from "../../../harness/core/events.ts";
import type { Question } from "../../../harness/core/evidence.ts";
import type { Answer, JobPlan, Operation, Plan, WavePlan } from "../../../harness/core/model.ts";
import type { Engines, ReadyEngine, Troublemaker, Witness } from "../../../harness/core/ports.ts";
import { millis } from "../../../harness/core/units.ts";
import { performRun, type RunHeader } from "../../../harness/run/run.ts";
import { AS_DOCKER_COMES } from "../../../harness/core/profile.ts";
import { emptySight } from "../core/history.ts";
import { oneEngine } from "./one-engine.ts";
import { FACTS, simulatedRuntime, type SimulatedOptions } from "./simulated-runtime.ts";
import { VirtualClock } from "./virtual-clock.ts";

const SPEC = {
  image: "i",
  network: "n",
  aliases: [],
  command: null,
  env: {},
  publish: [],
  labels: {},
};

/** Network, one service, ready: the smallest job that has something to lose. */
const smallJob = (id: string): JobPlan => {
  const container = `${id}-redis`;
  const access = { via: "host", container, containerPort: 6379 } as const;
  return {
    id,
    phases: [
      [{ kind: "network.create", network: `${id}-net`, labels: {} }],
      [{ kind: "container.create", service: "redis", container, spec: SPEC }],
      [{ kind: "container.start", service: "redis", container }],
      [{ kind: "ready", service: "redis", container, protocol: "redis", access }],
    ],
    teardown: [
      [{ kind: "container.remove", service: "redis", container }],
      [{ kind: "network.remove", network: `${id}-net` }],
    ],
  };
};

const smallPlan = (changes: Partial<Plan> = {}, waves = 1): Plan => ({
  run: "r",
  seed: "s",
  arms: [{ id: "ports", scenario: "stacks", mode: "ports", n: 2 }],
  waves: Array.from({ length: waves }, (_, index) => ({
    index: index + 1,
    block: index + 1,
    arm: "ports",
    jobs: [smallJob(`w${String(index + 1)}j1`), smallJob(`w${String(index + 1)}j2`)],
  })),
  deadlines: { call: millis(1000), ready: millis(2000), teardown: millis(60_000) },
  teardownConcurrency: 1,
  keepFailed: false,
  ...changes,
});

const done = (after: number): { answer: Answer; after: number } => ({
  answer: { kind: "done" },
  after,
});
const refused = (message: string): { answer: Answer; after: number } => ({
  answer: { kind: "refused", by: "daemon", status: 500, message },
  after: 5,
});

const isStartOf =
  (job: string) =>
  (operation: Operation): boolean =>
    operation.kind === "container.start" && operation.container.startsWith(job);

interface Trial {
  readonly plan?: Plan;
  readonly answer: SimulatedOptions["answer"];
  readonly alive?: () => boolean;
  readonly clock?: VirtualClock;
  readonly witness?: Partial<Witness>;
  readonly trouble?: Troublemaker;
  readonly header?: Partial<RunHeader>;
  /** Called with each event; may cancel the run. */
  readonly onEvent?: (event: Event, cancel: () => void) => void;
}

const perform = async ({
  plan = smallPlan(),
  clock = new VirtualClock(),
  answer,
  alive,
  witness,
  trouble,
  header,
  onEvent,
}: Trial) => {
  const controller = new AbortController();
  const events: Event[] = [];
  const simulated = simulatedRuntime({
    clock,
    answer,
    witness: witness ?? {},
    ...(alive === undefined ? {} : { alive }),
  });
  const reason = await clock.drive(
    performRun(
      plan,
      {
        tool: "0",
        command: [],
        startedAt: "2026-01-01T00:00:00.000Z",
        request: null,
        profiles: null,
        ...header,
      },
      {
        clock,
        engines: oneEngine(simulated.runtime, FACTS, trouble),
        journal: {
          append: (event) => {
            events.push(event);
            onEvent?.(event, () => {
              controller.abort(new Error("cancelled"));
            });
          },
        },
        processor: { used: () => millis(0), cores: 2 },
        signal: controller.signal,
      },
    ),
  );
  return { reason, events, ...simulated };
};

/** One short line an event, so that a whole history can be read. */
const told = (events: readonly Event[]): string[] =>
  events.map((event) => {
    const at = String(event.at);
    switch (event.event) {
      case "invoked":
        return `${at} ${event.job} ${event.operation}`;
      case "answered":
        return `${at} ${event.job} ${event.operation} ${event.answer.kind}`;
      case "run.ended":
        return `${at} run.ended ${event.reason}`;
      default:
        return `${at} ${event.event}`;
    }
  });

test("a wave in which one start is refused, from the first event to the last", async () => {
  const { events, reason, inventory } = await perform({
    answer: (operation) => (isStartOf("w1j2")(operation) ? refused("no") : done(10)),
  });
  expect(reason).toBe("completed");
  expect(told(events)).toEqual([
    "0 run.started",
    "0 engine.started",
    "0 wave.started",
    "0 gate.opened",
    "0 w1j1 network.create",
    "0 w1j2 network.create",
    "10 w1j1 network.create done",
    "10 w1j1 container.create",
    "10 w1j2 network.create done",
    "10 w1j2 container.create",
    "20 w1j1 container.create done",
    "20 w1j1 container.start",
    "20 w1j2 container.create done",
    "20 w1j2 container.start",
    "25 w1j2 container.start refused",
    "30 w1j1 container.start done",
    "30 w1j1 ready",
    "40 w1j1 ready done",
    "40 burst.ended",
    "40 ports.seen",
    "40 w1j1 container.remove",
    "50 w1j1 container.remove done",
    "50 w1j1 network.remove",
    "60 w1j1 network.remove done",
    "60 w1j2 container.remove",
    "70 w1j2 container.remove done",
    "70 w1j2 network.remove",
    "80 w1j2 network.remove done",
    "80 wave.ended",
    "80 run.ended completed",
  ]);
  expect(inventory()).toEqual({ containers: [], networks: [], volumes: [] });
});

test("a call that is never answered is unknown after its deadline, and its job is torn down", async () => {
  const { events, inventory } = await perform({
    answer: (operation) => (isStartOf("w1j2")(operation) ? null : done(10)),
  });
  expect(told(events)).toContain("1020 w1j2 container.start unknown");
  expect(inventory().containers).toEqual([]);
});

test("a cancelled run tears down what it started, and starts no further wave", async () => {
  const { reason, events, inventory } = await perform({
    plan: smallPlan({}, 2),
    answer: () => done(10),
    onEvent: (event, cancel) => {
      if (event.event === "answered" && event.operation === "container.create") cancel();
    },
  });
  expect(reason).toBe("interrupted");
  expect(events.filter(({ event }) => event === "wave.started")).toHaveLength(1);
  expect(events.filter(({ event }) => event === "wave.ended")).toHaveLength(1);
  expect(inventory()).toEqual({ containers: [], networks: [], volumes: [] });
});

test("what a daemon still brings into being after its job gave up is removed, and no leak", async () => {
  const { events, inventory, removed } = await perform({
    // Answered long after the deadline: the container appears when nobody waits for it any more.
    answer: (operation) =>
      operation.kind === "container.create" && operation.container.startsWith("w1j2")
        ? done(3000)
        : done(10),
  });
  const ended = events.find((event) => event.event === "wave.ended");
  expect(told(events)).toContain("1010 w1j2 container.create unknown");
  expect(removed.flatMap(({ containers }) => containers)).toEqual(["w1j2-redis"]);
  expect(ended?.leaked.containers).toEqual([]);
  expect(inventory().containers).toEqual([]);
});

test("what teardown left is reported as leaked and then swept", async () => {
  const { events, inventory } = await perform({
    answer: (operation) =>
      operation.kind === "container.remove" && operation.container.startsWith("w1j1")
        ? refused("device or resource busy")
        : done(10),
  });
  const ended = events.find((event) => event.event === "wave.ended");
  expect(ended?.leaked.containers).toEqual(["w1j1-redis"]);
  expect(inventory().containers).toEqual([]);
});

/** The words for a port that somebody on the host holds, as the daemon passes them on. */
const TAKEN =
  "error while calling PortManager.AddPort(): listen tcp4 0.0.0.0:32771: bind: address already in use";

const isSecondStart = isStartOf("w1j2");

test("a refused port is looked at, at the instant of the refusal, and the look is in the journal", async () => {
  const asked: Question[] = [];
  const sight = emptySight(32_771);
  const { events } = await perform({
    answer: (operation) => (isSecondStart(operation) ? refused(TAKEN) : done(10)),
    witness: {
      look: (question) => {
        asked.push(question);
        return Promise.resolve(sight);
      },
    },
  });
  expect(asked).toEqual([{ about: "port", port: 32_771, hostIp: "0.0.0.0" }]);
  const looked = events.find((event) => event.event === "looked");
  expect(looked).toMatchObject({ job: "w1j2", operation: "container.start", service: "redis" });
  expect(looked).toMatchObject({ failedAt: 25, beganAt: 25, sight });
});

test("the burst's time holds no look, and teardown waits for all of them", async () => {
  const clock = new VirtualClock();
  const { events } = await perform({
    clock,
    answer: (operation) => (isSecondStart(operation) ? refused(TAKEN) : done(10)),
    witness: {
      look: async () => {
        await clock.sleep(millis(500), new AbortController().signal);
        return emptySight(32_771);
      },
    },
  });
  const order = told(events).filter((line) => /burst|looked|w1j1 container.remove$/.test(line));
  expect(order).toEqual(["40 burst.ended", "525 looked", "525 w1j1 container.remove"]);
});

test("what is refused in words about nothing that can be seen is not looked at", async () => {
  const { events } = await perform({
    answer: (operation) => (isSecondStart(operation) ? refused("no") : done(10)),
  });
  expect(events.filter(({ event }) => event === "looked")).toEqual([]);
});

const FAULT = {
  id: "f1",
  kind: "occupy",
  target: { of: "port", port: 32_771 },
  truth: "outbound_connection",
  note: "a connection",
} as const;

test("trouble stands before the gate opens, and ends before teardown", async () => {
  const lifted: number[] = [];
  const clock = new VirtualClock();
  const { events } = await perform({
    clock,
    answer: () => done(10),
    trouble: {
      strike: (_wave, report) => {
        report(FAULT);
        return Promise.resolve();
      },
      lift: () => {
        lifted.push(clock.now());
        return Promise.resolve();
      },
    },
  });
  const order = events.map(({ event }) => event).filter((event) => /fault|gate/.test(event));
  expect(order).toEqual(["fault.injected", "gate.opened"]);
  expect(lifted).toEqual([40]);
});

test("trouble that cannot be made is lifted all the same, and ends the run with its words", async () => {
  let lifted = 0;
  const { events, reason } = await perform({
    answer: () => done(10),
    trouble: {
      strike: () => Promise.reject(new StressError("environment", "no second engine here")),
      lift: () => {
        lifted += 1;
        return Promise.resolve();
      },
    },
  });
  expect(lifted).toBe(1);
  expect(reason).toBe("trouble-failed");
  expect(events.at(-1)).toMatchObject({ message: "no second engine here" });
});

test("the daemon's log of a wave is kept with it, that of the engine's start is not", async () => {
  let readings = 0;
  const { events } = await perform({
    answer: () => done(10),
    witness: {
      log: () => {
        readings += 1;
        return Promise.resolve([`line ${String(readings)}`]);
      },
    },
  });
  const logged = events.filter((event) => event.event === "daemon.logged");
  expect(logged.map(({ wave, lines }) => [wave, lines])).toEqual([[1, ["line 2"]]]);
});

test("of a long log both ends are kept, since failures are at the end, and what is left out is counted", async () => {
  const all = Array.from({ length: 20_003 }, (_, index) => `line ${String(index)}`);
  const { events } = await perform({
    answer: () => done(10),
    witness: { log: () => Promise.resolve(all) },
  });
  const logged = events.find((event) => event.event === "daemon.logged");
  expect(logged?.dropped).toBe(3);
  expect(logged?.lines).toEqual([...all.slice(0, 10_000), ...all.slice(10_003)]);
});

test("a look that throws, as none should, does not go unheard, and only shows when the burst is over", async () => {
  const unheard: unknown[] = [];
  const hear = (reason: unknown): void => void unheard.push(reason);
  process.on("unhandledRejection", hear);
  onTestFinished(() => {
    process.off("unhandledRejection", hear);
  });
  const seen: string[] = [];
  const broken = perform({
    answer: (operation) => (isSecondStart(operation) ? refused(TAKEN) : done(10)),
    witness: { look: () => Promise.reject(new TypeError("our mistake")) },
    onEvent: ({ event }) => void seen.push(event),
  });
  await expect(broken).rejects.toThrow("our mistake");
  expect(seen).toContain("burst.ended");
  await new Promise(setImmediate);
  expect(unheard).toEqual([]);
});

test("--keep-failed keeps failed jobs alone, does not call them leaked, and ends the run there", async () => {
  const { events, inventory } = await perform({
    plan: smallPlan({ keepFailed: true }, 2),
    answer: (operation) => (isStartOf("w1j2")(operation) ? refused("no") : done(10)),
  });
  const ended = events.filter((event) => event.event === "wave.ended");
  expect(ended.map(({ leaked }) => leaked.containers)).toEqual([[]]);
  expect(inventory()).toEqual({ containers: ["w1j2-redis"], networks: ["w1j2-net"], volumes: [] });
});

test("a run whose engine is gone after a wave ends there", async () => {
  const { reason, events } = await perform({
    plan: smallPlan({}, 3),
    answer: () => done(10),
    alive: () => false,
  });
  expect(reason).toBe("engine-lost");
  expect(events.filter(({ event }) => event === "wave.started")).toHaveLength(1);
});

test("a mistake of our own is not taken for a lost engine", async () => {
  const broken = perform({
    answer: () => {
      throw new TypeError("our mistake");
    },
  });
  await expect(broken).rejects.toThrow("our mistake");
  await expect(broken).rejects.not.toBeInstanceOf(StressError);
});

/** Two engines under the names of two profiles, and a note of each time one was asked for. */
const twoEngines = (clock: VirtualClock, isFresh: (wave: WavePlan) => boolean) => {
  const engine = (profile: string): ReadyEngine => ({
    runtime: simulatedRuntime({ clock, answer: () => done(10), witness: {} }).runtime,
    trouble: null,
    profile,
    facts: { ...FACTS, version: profile },
    capacity: null,
  });
  const up = new Map<string, ReadyEngine>();
  const engines: Engines = {
    of: (wave) => {
      if (isFresh(wave)) up.delete(wave.arm);
      const ready = up.get(wave.arm) ?? engine(wave.arm);
      up.set(wave.arm, ready);
      return Promise.resolve(ready);
    },
  };
  return engines;
};

const arms = ["narrow", "wide"].map((profile) => ({
  ...{ id: profile, scenario: "stacks", mode: "ports" as const, n: 1, profile },
}));

const comparedPlan: Plan = smallPlan({
  arms,
  waves: ["narrow", "wide", "wide", "narrow"].map((arm, index) => ({
    index: index + 1,
    block: Math.floor(index / 2),
    arm,
    jobs: [smallJob(`w${String(index + 1)}j1`)],
  })),
});

const compare = async (isFresh: (wave: WavePlan) => boolean): Promise<readonly Event[]> => {
  const clock = new VirtualClock();
  const events: Event[] = [];
  await clock.drive(
    performRun(
      comparedPlan,
      {
        tool: "0",
        command: [],
        startedAt: "2026-01-01T00:00:00.000Z",
        request: null,
        profiles: null,
      },
      {
        clock,
        engines: twoEngines(clock, isFresh),
        journal: { append: (event) => void events.push(event) },
        processor: { used: () => millis(0), cores: 2 },
        signal: new AbortController().signal,
      },
    ),
  );
  return events;
};

const engineNames = (events: readonly Event[]): readonly (string | null)[] =>
  events.flatMap((event) => (event.event === "engine.started" ? event.profile : []));

test("each wave runs on the engine of its profile, and an engine is written down once", async () => {
  const events = await compare(() => false);
  expect(engineNames(events)).toEqual(["narrow", "wide"]);
  const order = events.flatMap((event) =>
    event.event === "engine.started"
      ? `engine ${String(event.profile)}`
      : event.event === "wave.started"
        ? event.arm
        : [],
  );
  expect(order).toEqual(["engine narrow", "narrow", "engine wide", "wide", "wide", "narrow"]);
});

test("an engine that was started afresh is written down again, before its wave", async () => {
  const events = await compare(({ index }) => index > 2);
  expect(engineNames(events)).toEqual(["narrow", "wide", "wide", "narrow"]);
});

test("a warm-up is among the waves that ran, and not among those that count", async () => {
  const events = await compare(() => false);
  const [started] = events;
  expect(started).toMatchObject({ event: "run.started", waves: 2 });
  expect(events.filter(({ event }) => event === "wave.ended")).toHaveLength(4);
});

test("a run that is cancelled while an engine starts has an end, and it is an interruption", async () => {
  const clock = new VirtualClock();
  const events: Event[] = [];
  const controller = new AbortController();
  const { of } = twoEngines(clock, () => false);
  const engines: Engines = {
    of: async (wave, signal) => {
      if (wave.index < 3) return await of(wave, signal);
      controller.abort(new Error("SIGINT"));
      // As everything does that is bounded by the signal.
      throw signal.reason;
    },
  };
  const reason = await clock.drive(
    performRun(
      comparedPlan,
      {
        tool: "0",
        command: [],
        startedAt: "2026-01-01T00:00:00.000Z",
        request: null,
        profiles: null,
      },
      {
        clock,
        engines,
        journal: { append: (event) => void events.push(event) },
        processor: { used: () => millis(0), cores: 2 },
        signal: controller.signal,
      },
    ),
  );
  expect(reason).toBe("interrupted");
  expect(events.at(-1)).toMatchObject({ event: "run.ended", reason: "interrupted" });
});

test("what daemon.json keeps secret is not in the journal", async () => {
  const daemonJson = { proxies: { "http-proxy": "http://me:hunter2@proxy:3128" } };
  const profile = { ...AS_DOCKER_COMES, name: "p", title: "p", daemonJson };
  const { events } = await perform({
    answer: () => done(10),
    header: { daemonJson, profiles: [{ profile, skipped: null }] },
  });
  const [started] = events;
  expect(JSON.stringify(started)).not.toContain("hunter2");
  expect(JSON.stringify(started).split("http://me:***@proxy:3128")).toHaveLength(3);
});
