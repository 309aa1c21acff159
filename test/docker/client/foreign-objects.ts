/**
 * The law of everything that removes: whatever the engine answers, only what carries the labels of the chosen run is
 * removed.
 */
import { setMaxListeners } from "node:events";
import type Dockerode from "dockerode";
import fc from "fast-check";
import { inventoryOf, removeAll } from "../../../docker/client/labelled.ts";
import { createRuntime } from "../../../docker/client/runtime.ts";
import { removeLeftovers } from "../../../harness/cli/leftovers.ts";
import { LABEL, type Operation } from "../../../harness/core/model.ts";
import { systemClock } from "../../../harness/run/clock.ts";
import type { Clock } from "../../../harness/core/ports.ts";
import { millis, seconds } from "../../../harness/core/units.ts";
import { BLIND } from "../../harness/run/simulated-runtime.ts";
import { startDishonestEngine, type EngineObject, type Lies } from "./dishonest-engine.ts";

const RUN = "20260101-000000-aaaa";
const OWNER = "1:2:boot:3";

const NAMES = ["w1j1-redis", "w1j1-mysql", "w1j2-redis"].map((role) => `stress-${RUN}-${role}`);

const OURS = { [LABEL.run]: RUN, [LABEL.job]: "w1j1", [LABEL.owner]: OWNER };

/** Labels of other people, of other runs of this tool, and what looks like a run's without being one. */
const FOREIGN: readonly EngineObject["labels"][] = [
  {},
  { "com.example": "theirs" },
  { [LABEL.run]: RUN },
  { [LABEL.run]: RUN, [LABEL.owner]: "" },
  { [LABEL.run]: "", [LABEL.owner]: OWNER },
  { [LABEL.run]: `${RUN}x`, [LABEL.owner]: OWNER },
  { [LABEL.run]: RUN.slice(0, -1), [LABEL.owner]: OWNER },
  { [LABEL.run]: "another", [LABEL.owner]: "4:5:boot:3" },
  { [LABEL.owner]: OWNER },
];

/** Of the same run id and another process. */
const OTHER_OWNER = { ...OURS, [LABEL.owner]: "6:7:boot:3" };

/** For everything that is never late here. */
export const AN_HOUR = { call: seconds(3600), teardown: seconds(3600) };

/** A pause passes at once; a deadline does not. */
export const clock: Clock = {
  now: () => millis(0),
  sleep: (duration, signal) =>
    duration < AN_HOUR.call ? Promise.resolve() : systemClock().sleep(duration, signal),
};

export const runtimeOn = (docker: Dockerode) =>
  createRuntime({
    docker,
    clock,
    known: {
      simulated: true,
      address: "test",
      hostPortRange: null,
      enginePortRange: null,
      images: {},
      rootlesskit: null,
    },
    dialPublished: () => () => Promise.reject(new Error("nothing is dialled here")),
    shared: true,
    listening: () => Promise.resolve([]),
    witness: BLIND,
    readyDeadline: seconds(1),
  });

const isOfRun = ({ labels }: EngineObject): boolean =>
  labels[LABEL.run] === RUN && (labels[LABEL.owner] ?? "") !== "";

interface Remover {
  readonly remove: (docker: Dockerode, signal: AbortSignal) => Promise<unknown>;
  readonly mayRemove: (object: EngineObject) => boolean;
}

const REMOVERS: Readonly<Record<string, Remover>> = {
  "the sweep of a run": {
    remove: async (docker, signal) =>
      await runtimeOn(docker).remove(RUN, await inventoryOf(docker, RUN, signal), signal),
    mayRemove: isOfRun,
  },
  "the removal by names": {
    remove: async (docker, signal) => {
      const names = [...NAMES, "web", "postgres"];
      const what = { containers: names, networks: names, volumes: [] };
      return await removeAll(docker, { run: RUN, what }, signal);
    },
    mayRemove: isOfRun,
  },
  "the removal of what a dead process left": {
    remove: async (docker, signal) =>
      await removeLeftovers(docker, {
        chosen: ({ run, owner }) => run === RUN && owner === OWNER,
        deadlines: AN_HOUR,
        say: () => undefined,
        clock,
        signal,
      }),
    mayRemove: (object) => isOfRun(object) && object.labels[LABEL.owner] === OWNER,
  },
  "the teardown of a job": {
    remove: async (docker, signal) => {
      const { perform } = runtimeOn(docker);
      const operations = NAMES.flatMap((name): readonly Operation[] => [
        { kind: "container.remove", service: "redis", container: name },
        { kind: "network.remove", network: name },
      ]);
      for (const operation of operations) {
        await perform(operation, { bindings: new Map() }, signal);
      }
    },
    mayRemove: isOfRun,
  },
};

const objects: fc.Arbitrary<EngineObject[]> = fc.array(
  fc.record({
    kind: fc.constantFrom("container", "network"),
    name: fc.constantFrom(...NAMES, "postgres", "web", ""),
    labels: fc.oneof(fc.constantFrom(OURS, OTHER_OWNER), fc.constantFrom(...FOREIGN)),
  }),
  { minLength: 1, maxLength: 8 },
);

const position = fc.nat({ max: 7 });

const lies: fc.Arbitrary<Lies> = fc.record({
  ignoresFilters: fc.boolean(),
  answersWith: fc.constantFrom("id", "id", "beginning of the id", "name"),
  withoutLabels: fc.array(position, { maxLength: 3 }),
  swaps: fc.array(
    fc.record({ at: fc.integer({ min: 1, max: 12 }), from: position, to: position }),
    { maxLength: 4 },
  ),
  listedAs: fc
    .array(fc.tuple(position, fc.constantFrom(...NAMES, "postgres")), { maxLength: 3 })
    .map((pairs) => new Map(pairs)),
});

/** @param tally - called with what each trial removed */
export const nothingForeignIsRemoved = (tally: (removed: number) => void = () => undefined) =>
  fc.asyncProperty(
    objects,
    lies,
    fc.constantFrom(...Object.keys(REMOVERS)),
    async (present, wrong, name) => {
      const remover = REMOVERS[name];
      if (remover === undefined) throw new Error(`there is no remover ${name}`);
      const engine = await startDishonestEngine(present, wrong);
      try {
        // Such answers may make it fail; the question is what it removed until then.
        const signal = AbortSignal.timeout(10_000);
        setMaxListeners(0, signal);
        await remover.remove(engine.docker, signal).catch(() => null);
        tally(engine.removed.length);
        const foreign = engine.removed.filter((object) => !remover.mayRemove(object));
        if (foreign.length > 0) throw new Error(`${name} removed ${JSON.stringify(foreign)}`);
      } finally {
        engine.close();
      }
    },
  );
