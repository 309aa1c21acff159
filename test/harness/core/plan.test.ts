import { expect, test } from "vitest";
import { StressError } from "../../../harness/core/errors.ts";
import { MODES, type Operation, type Plan } from "../../../harness/core/model.ts";
import { MODE_RULES } from "../../../harness/core/modes.ts";
import type { PlanRequest } from "../../../harness/core/plan-request.ts";
import { blockSize, plan } from "../../../harness/core/plan.ts";
import { millis } from "../../../harness/core/units.ts";
import { stacks } from "../../../scenarios/stacks.ts";

const image = (reference: string) => ({ reference, command: null, env: {} });

const request = (changes: Partial<PlanRequest> = {}): PlanRequest => ({
  run: "r1",
  seed: "7",
  scenario: stacks,
  services: [],
  modes: ["ports", "noports"],
  ns: [2],
  waves: 3,
  ports: "all",
  images: {
    name: "test",
    images: {
      mysql: image("mysql:t"),
      redis: image("redis:t"),
      clickhouse: image("clickhouse:t"),
      job: { reference: "job:t", command: ["node", "job.js"], env: {} },
    },
  },
  deadlines: { call: millis(1000), ready: millis(2000), teardown: millis(3000) },
  teardownConcurrency: 4,
  keepFailed: false,
  owner: "1:2:3",
  ...changes,
});

const kinds = (operations: readonly (readonly Operation[])[]): string[] =>
  operations
    .flat()
    .map((operation) =>
      "service" in operation ? `${operation.kind} ${operation.service}` : operation.kind,
    );

const jobsOf = (laidOut: Plan) => laidOut.waves.flatMap((wave) => wave.jobs);

const published = (laidOut: Plan) =>
  jobsOf(laidOut).flatMap((job) =>
    job.phases
      .flat()
      .flatMap((operation) =>
        operation.kind === "container.create" ? operation.spec.publish : [],
      ),
  );

test("a block begins where the request says, and the same request gives the same ports again", () => {
  const asked = request({ modes: ["ports-block"], ns: [2], waves: 1, firstBlockPort: 62_008 });
  const ports = published(plan(asked)).flatMap(({ hostPort }) => hostPort ?? []);
  expect(ports).toEqual(ports.map((_, index) => 62_008 + index));
  expect(blockSize(asked)).toBe(ports.length);
  expect(published(plan(asked))).toEqual(published(plan(asked)));
  expect(() => plan({ ...asked, firstBlockPort: 65_530 })).toThrow(/ports 65530–65535 hold 1 jobs/);
  expect(blockSize(request({ modes: ["noports"] }))).toBe(0);
});

test("a job goes in the order of a CI runner, and its ports are asked for after each start", () => {
  const [job] = jobsOf(plan(request({ modes: ["ports"], services: ["redis", "mysql"] })));
  expect(kinds(job?.phases ?? [])).toEqual([
    "network.create",
    "container.create mysql",
    "container.start mysql",
    "container.inspect mysql",
    "container.create redis",
    "container.start redis",
    "container.inspect redis",
    "ready mysql",
    "ready redis",
    "identity mysql",
    "identity redis",
  ]);
  expect(kinds(job?.teardown ?? [])).toEqual([
    "container.remove mysql",
    "container.remove redis",
    "network.remove",
  ]);
});

test("without published ports, a job container on the same network uses the services by name", () => {
  const [job] = jobsOf(plan(request({ modes: ["noports"], services: ["redis"] })));
  expect(kinds(job?.phases ?? [])).toEqual([
    "network.create",
    "container.create redis",
    "container.start redis",
    "container.create job",
    "container.start job",
    "ready redis",
    "identity redis",
  ]);
  const create = job?.phases.flat().find((each) => "service" in each && each.service === "job");
  const command = create?.kind === "container.create" ? create.spec.command : null;
  expect(command?.slice(0, 2)).toEqual(["node", "job.js"]);
  expect(JSON.parse(command?.[2] ?? "")).toEqual({
    deadlineMs: 2000,
    nonce: "r1-w1j1",
    services: [{ service: "redis", protocol: "redis", host: "redis", port: 6379 }],
  });
});

test.each([
  ["ports", [["", null]]],
  ["ports-fixed", [["", 6379]]],
  [
    "ports-block",
    [
      ["", 61_000],
      ["", 61_001],
    ],
  ],
  ["ports-loopback", [["127.0.0.1", null]]],
  ["noports", []],
] as const)("mode %s publishes where it says", (mode, expected) => {
  const found = published(plan(request({ modes: [mode], services: ["redis"], waves: 1 })));
  const places = new Set(found.map(({ hostIp, hostPort }) => JSON.stringify([hostIp, hostPort])));
  expect([...places]).toEqual(expected.map((place) => JSON.stringify(place)));
});

test("the blocks of N jobs do not share a port", () => {
  const found = published(plan(request({ modes: ["ports-block"], ns: [50], waves: 1 })));
  expect(found).toHaveLength(250);
  expect(new Set(found.map(({ hostPort }) => hostPort)).size).toBe(250);
});

test("--ports minimal publishes one port a service", () => {
  const found = published(plan(request({ modes: ["ports"], ns: [1], waves: 1, ports: "minimal" })));
  expect(found.map(({ containerPort }) => containerPort)).toEqual([3306, 6379, 8123]);
});

test("every block holds one wave of each arm, and the seed decides their order", () => {
  const modes = MODES.filter((mode) => MODE_RULES[mode].scenarios.includes("stacks"));
  const laidOut = plan(request({ modes, ns: [1, 3], waves: 4 }));
  for (const block of [1, 2, 3, 4]) {
    const arms = laidOut.waves.filter((wave) => wave.block === block).map(({ arm }) => arm);
    const expected = modes.flatMap((mode) => [`${mode}/n1`, `${mode}/n3`]);
    expect(arms.toSorted()).toEqual(expected.toSorted());
  }
  const order = (seed: string) =>
    plan(request({ modes, waves: 4, seed })).waves.map(({ arm }) => arm);
  expect(order("7")).toEqual(order("7"));
  expect(order("7")).not.toEqual(order("8"));
});

test("no two objects of a run share a name", () => {
  const laidOut = plan(request({ ns: [3, 12], waves: 2 }));
  const names = jobsOf(laidOut).flatMap((job) =>
    job.teardown
      .flat()
      .map((each) => ("container" in each ? each.container : JSON.stringify(each))),
  );
  expect(new Set(names).size).toBe(names.length);
});

test.each([
  [{ services: ["postgres"] }, /has no "postgres"; it has mysql, redis, clickhouse/],
  [{ modes: ["ports-block"], ns: [1, 1000] }, /hold 907 jobs, not 1000/],
  [{ images: { name: "mine", images: {} } }, /set mine names no image for "mysql"/],
] as const)("what cannot be planned is refused in one line: %#", (changes, message) => {
  const refused = (): Plan => plan(request(changes));
  expect(refused).toThrow(StressError);
  expect(refused).toThrow(message);
});

const COMPARED = [
  { mode: "ports", n: 1, profile: "default" },
  { mode: "ports", n: 3, profile: "default" },
  { mode: "ports", n: 3, profile: "wide-pools" },
] as const;

test("a warm-up is one wave of each profile at its most jobs, in block 0, before everything else", () => {
  const { waves } = plan(request({ arms: COMPARED, waves: 2, warmups: 1 }));
  expect(waves.slice(0, 2).map(({ arm, block }) => [arm, block])).toEqual([
    ["default/ports/n3", 0],
    ["wide-pools/ports/n3", 0],
  ]);
  expect(waves.slice(2).map(({ block }) => block)).toEqual([1, 1, 1, 2, 2, 2]);
});

test("an arm that publishes fewer ports than its run does so alone", () => {
  const laidOut = plan(
    request({
      services: ["clickhouse"],
      waves: 1,
      arms: [
        { mode: "ports", n: 1 },
        { mode: "ports", n: 1, ports: "minimal" },
      ],
    }),
  );
  const perArm = laidOut.arms.map(({ id }) => {
    const waves = laidOut.waves.filter(({ arm }) => arm === id);
    return [id, published({ ...laidOut, waves }).length];
  });
  expect(perArm).toEqual([
    ["ports/n1", 3],
    ["ports/n1/minimal", 1],
  ]);
});
