import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { inventoryOf, removeAll } from "../../../docker/client/labelled.ts";
import { removeLeftovers } from "../../../harness/cli/leftovers.ts";
import { LABEL } from "../../../harness/core/model.ts";
import { HONEST, startDishonestEngine, type EngineObject, type Lies } from "./dishonest-engine.ts";
import { AN_HOUR, clock, nothingForeignIsRemoved, runtimeOn } from "./foreign-objects.ts";

const RUN = "r1";
const signal = new AbortController().signal;
const ours = { [LABEL.run]: RUN, [LABEL.owner]: "1:2:3:4" };

const engineWith = async (objects: readonly EngineObject[], lies: Partial<Lies> = {}) => {
  const engine = await startDishonestEngine(objects, { ...HONEST, ...lies });
  onTestFinished(engine.close);
  return engine;
};

test("no foreign object is ever removed, whatever the engine answers", async () => {
  await fc.assert(nothingForeignIsRemoved(), { numRuns: 60 });
});

test("what carries the run's labels is removed, containers before networks", async () => {
  const objects: readonly EngineObject[] = [
    { kind: "network", name: "stress-r1-w1j1", labels: ours },
    { kind: "container", name: "stress-r1-w1j1-redis", labels: ours },
    { kind: "container", name: "postgres", labels: {} },
  ];
  const { docker, removed } = await engineWith(objects, { ignoresFilters: true });
  const what = await inventoryOf(docker, RUN, signal);
  expect(what).toEqual({
    containers: ["stress-r1-w1j1-redis"],
    networks: ["stress-r1-w1j1"],
    volumes: [],
  });
  expect(await removeAll(docker, { run: RUN, what }, signal)).toEqual([]);
  expect(removed.map(({ name }) => name)).toEqual(["stress-r1-w1j1-redis", "stress-r1-w1j1"]);
});

test("an empty run id matches nothing and is refused", async () => {
  const { docker } = await engineWith([]);
  await expect(inventoryOf(docker, "", signal)).rejects.toThrow("the run id is empty");
});

test("what a living process made under the same run id and name stays when a dead one's is removed", async () => {
  const network = { kind: "network", name: "stress-r1-w1j1" } as const;
  const { docker, removed } = await engineWith([
    { ...network, labels: { ...ours, [LABEL.owner]: "of the living" } },
    { ...network, labels: ours },
  ]);
  const stuck = await removeLeftovers(docker, {
    chosen: ({ owner }) => owner === ours[LABEL.owner],
    deadlines: AN_HOUR,
    say: () => undefined,
    clock,
    signal,
  });
  expect(stuck).toEqual([]);
  expect(removed).toEqual([{ ...network, labels: ours }]);
});

test("a teardown removes the job's own container, although another takes its name in the meantime", async () => {
  const container = { kind: "container", name: "stress-r1-w1j1-redis", labels: ours } as const;
  const { docker, removed } = await engineWith(
    [container, { kind: "container", name: "web", labels: {} }],
    { swaps: [{ at: 2, from: 1, to: 0 }] },
  );
  const { answer } = await runtimeOn(docker).perform(
    { kind: "container.remove", service: "redis", container: container.name },
    { bindings: new Map() },
    signal,
  );
  expect(answer).toEqual({ kind: "done" });
  expect(removed).toEqual([container]);
});

test.each(["beginning of the id", "name"] as const)(
  "an object of which the engine gives the %s in place of its id is left alone",
  async (answersWith) => {
    const name = "stress-r1-w1j1-redis";
    const { docker, removed } = await engineWith([{ kind: "container", name, labels: ours }], {
      answersWith,
    });
    const what = { containers: [name], networks: [], volumes: [] };
    await removeAll(docker, { run: RUN, what }, signal);
    expect(removed).toEqual([]);
  },
);
