import { expect, test } from "vitest";
import { capacityCheck } from "../../../harness/core/capacity-check.ts";
import type { Capacity } from "../../../harness/core/capacity.ts";
import type { Event } from "../../../harness/core/events.ts";
import { history } from "../../../harness/core/history.ts";
import { DEFAULT_POOLS } from "../../../harness/core/known-engines.ts";
import type { InjectedFault } from "../../../harness/core/nemesis.ts";
import { millis } from "../../../harness/core/units.ts";
import {
  arm,
  journalOf,
  killedBefore,
  lost,
  refused,
  type RunScript,
  type Wrong,
} from "./history.ts";

const DEFAULTS: Capacity = { pools: DEFAULT_POOLS, total: 31, free: 30 };

const EXHAUSTED = refused(
  "network.create",
  null,
  "all predefined address pools have been fully subnetted",
);

/** The jobs from this one on get that instead. */
const from = (first: number, last: number, wrong: Wrong = EXHAUSTED) =>
  Object.fromEntries(
    Array.from({ length: last - first + 1 }, (_, index) => [first + index, [wrong]]),
  );

/** The script's journal with an engine of that capacity before its first wave. */
const withEngine = (
  script: RunScript,
  capacity: Capacity | null,
  profile: string | null = null,
): readonly Event[] => {
  const [started, ...rest] = journalOf(script);
  if (started?.event !== "run.started") throw new Error("the script has no start");
  const { engine } = started;
  return [started, { event: "engine.started", at: millis(1), profile, engine, capacity }, ...rest];
};

const ports = arm("ports", 40);

test("waves that lose what does not fit are as predicted, and the words say from which job on", () => {
  const wave = { arm: "ports", wrong: from(31, 40) };
  const check = capacityCheck(
    history(withEngine({ arms: [ports], waves: [wave, wave] }, DEFAULTS)),
  );
  expect(check).toEqual({
    arms: [
      {
        arm: "ports",
        free: 30,
        waves: [
          { wave: 1, jobs: 40, predicted: 10, seen: 10 },
          { wave: 2, jobs: 40, predicted: 10, seen: 10 },
        ],
        text: "predicted: refused from job 31 of wave 1 on (30 networks fit); seen: 10 of 40 jobs refused in each of 2 waves, as predicted",
      },
    ],
    holds: true,
  });
});

test.each([
  [
    { arm: "ports" },
    16,
    true,
    "predicted: none refused (30 networks fit); seen: none of 16 jobs refused in 1 wave, as predicted",
  ],
  [
    { arm: "ports", wrong: from(16, 16) },
    16,
    false,
    "predicted: none refused (30 networks fit); seen: 1 of 16 jobs refused in 1 wave, not as predicted",
  ],
  [
    { arm: "ports", wrong: from(38, 40) },
    40,
    false,
    "predicted: refused from job 31 of wave 1 on (30 networks fit); seen: 3 of 40 jobs refused in 1 wave, not as predicted",
  ],
])("%# %j", (wave, n, holds, text) => {
  const run = history(withEngine({ arms: [arm("ports", n)], waves: [wave] }, DEFAULTS));
  expect(capacityCheck(run)).toMatchObject({ arms: [{ text }], holds });
});

test("another failure of the same call is not taken for exhaustion", () => {
  const wrong = from(1, 1, refused("network.create", null, "network with name x already exists"));
  const script = { arms: [arm("ports", 2)], waves: [{ arm: "ports", wrong }] };
  const check = capacityCheck(history(withEngine(script, DEFAULTS)));
  expect(check?.arms[0]?.waves).toEqual([{ wave: 1, jobs: 2, predicted: 0, seen: 0 }]);
});

const fault: InjectedFault = {
  id: "f1",
  kind: "exhaust-subnets",
  target: { of: "subnets" },
  truth: "subnets_taken",
  note: "30 networks until the pools held no more",
};

test.each([
  ["nobody told the capacity", withEngine({ arms: [ports], waves: [{ arm: "ports" }] }, null)],
  ["the journal is of an older version", journalOf({ arms: [ports], waves: [{ arm: "ports" }] })],
  [
    "the wave was cut off",
    killedBefore(
      withEngine({ arms: [ports], waves: [{ arm: "ports" }], ended: null }, DEFAULTS),
      80,
    ),
  ],
  [
    "the pools were filled on purpose",
    withEngine({ arms: [ports], waves: [{ arm: "ports", faults: [fault] }] }, DEFAULTS),
  ],
  [
    "an answer was lost",
    withEngine(
      {
        arms: [ports],
        waves: [{ arm: "ports", wrong: from(3, 3, lost("network.create", null, "timeout")) }],
      },
      DEFAULTS,
    ),
  ],
  [
    "the engine is another profile's",
    withEngine({ arms: [ports], waves: [{ arm: "ports" }] }, DEFAULTS, "wide-pools"),
  ],
])("nothing is checked where %s", (_, events) => {
  expect(capacityCheck(history(events))).toBeNull();
});

test("a fresh engine counts from its start on", () => {
  const wave = { arm: "ports" };
  const events = withEngine({ arms: [arm("ports", 2)], waves: [wave, wave] }, DEFAULTS);
  const second = events.findIndex((event) => event.event === "wave.started" && event.wave === 2);
  const [started] = events;
  const at = events[second]?.at;
  if (started?.event !== "run.started" || at === undefined) throw new Error("no second wave");
  const fresh: Event = {
    event: "engine.started",
    at,
    profile: null,
    engine: started.engine,
    capacity: { ...DEFAULTS, free: 1 },
  };
  const check = capacityCheck(history(events.toSpliced(second, 0, fresh)));
  expect(check).toMatchObject({
    arms: [{ free: 1, waves: [{ predicted: 0 }, { predicted: 1, seen: 0 }] }],
    holds: false,
  });
});
