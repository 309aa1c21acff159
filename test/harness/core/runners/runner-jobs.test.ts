import { expect, test } from "vitest";
import { typedCommand } from "../../../../harness/core/docker-command.ts";
import { StressError } from "../../../../harness/core/errors.ts";
import { parseMitigation } from "../../../../harness/core/mitigations.ts";
import type { JobPlan, Mode, Operation } from "../../../../harness/core/model.ts";
import { commandOf } from "../../../../harness/core/operations.ts";
import { serviceOf, stepOf } from "../../../../harness/core/planned.ts";
import { plan } from "../../../../harness/core/plan.ts";
import type { RunnerName } from "../../../../harness/core/runners/runner-names.ts";
import { shellWords } from "../../../../harness/core/shell-words.ts";
import { testcontainersOrderSchema } from "../../../../harness/core/runners/testcontainers-order.ts";
import { allOf, jobOf, THREE, WAYS } from "./jobs.ts";

/** How an operation is made: by which process, by a call, or not at all. */
const how = (operation: Operation): string => {
  if (operation.kind === "health") {
    const { polling, byCli, services } = operation;
    const asked = services.map(({ container }) => container).join(", ");
    return `  as ${polling}, ${byCli ? "a process" : "a call"} a poll: ${asked}`;
  }
  if (operation.kind === "ready" && operation.awaited === true) return "  from the phase's start";
  const words = typedCommand(operation);
  if (words === null) return "";
  const stdin = commandOf(operation)?.stdin;
  const input = stdin === undefined ? "" : ` <<< ${shellWords([stdin], [])}`;
  return `${commandOf(operation) === null ? "  api  " : "  "}${shellWords(words, [])}${input}`;
};

const lineOf = (operation: Operation): string =>
  [
    [operation.kind, serviceOf(operation), stepOf(operation)]
      .filter((part) => part !== null)
      .join(" "),
    how(operation),
  ].join("");

/** One operation a line; those that go at the same time behind a bar. */
const described = ({ phases, teardown }: JobPlan): string => {
  const written = (each: JobPlan["phases"]): readonly string[] =>
    each.flatMap((phase) =>
      phase.map((operation) => `${phase.length === 1 ? "" : "| "}${lineOf(operation)}`),
    );
  return [...written(phases), "", "# teardown", ...written(teardown), ""].join("\n");
};

test.each<[RunnerName, Mode]>([
  ["api", "ports"],
  ["cli", "ports"],
  ["cli", "noports"],
  ["github", "ports"],
  ["github-container", "noports"],
  ["gitlab", "noports"],
  ["act", "ports"],
  ["act", "noports"],
  ["compose", "ports"],
  ["compose", "noports"],
  ["testcontainers", "ports"],
])("%s in mode %s does what its golden says, in that order", async (runner, mode) => {
  await expect(described(jobOf({ runner, mode }))).toMatchFileSnapshot(
    `goldens/${runner}-${mode}.golden`,
  );
});

const processes = (phases: JobPlan["phases"]): number =>
  phases.flat().filter((operation) => commandOf(operation) !== null).length;

/** Of the health checks that are asked by a process each, one poll a service at least. */
const leastPolls = (phases: JobPlan["phases"]): number =>
  phases
    .flat()
    .reduce(
      (polls, operation) =>
        operation.kind === "health" && operation.byCli ? polls + operation.services.length : polls,
      0,
    );

test.each<[RunnerName, Mode, number, number]>([
  ["github", "ports", 23, 7],
  ["github-container", "noports", 28, 8],
  ["cli", "ports", 10, 4],
  ["cli", "noports", 9, 5],
  ["compose", "ports", 4, 1],
  ["compose", "noports", 1, 1],
  ["testcontainers", "ports", 1, 0],
  ["gitlab", "noports", 0, 0],
  ["act", "ports", 0, 0],
  ["api", "ports", 0, 0],
])("%s in mode %s starts at least %i processes up and %i down", (runner, mode, up, down) => {
  const { phases, teardown } = jobOf({ runner, mode });
  expect([processes(phases) + leastPolls(phases), processes(teardown)]).toEqual([up, down]);
});

test("images that no registry has are inspected instead of pulled", () => {
  const images = { ...THREE.images.images };
  const redis = { reference: "rootless-stress/redis:debian-1", command: null, env: {} };
  const job = jobOf(
    { runner: "github", mode: "ports" },
    { images: { name: "debian", images: { ...images, redis } } },
  );
  const fetched = allOf(job).filter((each) => stepOf(each) === "image");
  expect(fetched.map((each) => typedCommand(each)?.slice(1).join(" "))).toEqual([
    "pull mysql:8.0",
    "image inspect rootless-stress/redis:debian-1",
    "pull clickhouse/clickhouse-server:24",
  ]);
});

/** What stands for one thing that comes into being. */
interface Made {
  readonly name: string;
  readonly labels: Readonly<Record<string, unknown>>;
}

interface ComposeFile {
  readonly services: Readonly<
    Record<string, { container_name: string; labels: Record<string, unknown> }>
  >;
  readonly networks: Readonly<Record<string, Made>>;
}

const madeByProcess = (operation: Extract<Operation, { kind: "stack.up" }>): readonly Made[] => {
  const { program, args, stdin } = operation.cli;
  if (program === "testcontainers") {
    const { network, services } = testcontainersOrderSchema.parse(JSON.parse(args[0] ?? ""));
    return [network, ...services.map(({ container, labels }) => ({ name: container, labels }))];
  }
  const file = JSON.parse(stdin ?? "") as ComposeFile;
  return [
    ...Object.values(file.networks),
    ...Object.values(file.services).map((each) => ({
      name: each.container_name,
      labels: each.labels,
    })),
  ];
};

const labelsIn = (words: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(
    words.flatMap((word, index) => {
      const [name = "", ...value] = word.split("=");
      return words[index - 1] === "--label" ? [[name, value.join("=")]] : [];
    }),
  );

const madeBy = (operation: Operation): readonly Made[] => {
  const typed = commandOf(operation)?.args;
  switch (operation.kind) {
    case "network.create":
      return [{ name: operation.network, labels: typed ? labelsIn(typed) : operation.labels }];
    case "container.create":
      return [
        { name: operation.container, labels: typed ? labelsIn(typed) : operation.spec.labels },
      ];
    case "stack.up":
      return madeByProcess(operation);
    default:
      return [];
  }
};

const removedBy = (operation: Operation): readonly string[] => {
  switch (operation.kind) {
    case "container.remove":
      return [operation.container];
    case "network.remove":
      return [operation.network];
    case "stack.down":
      return [...operation.containers, ...operation.networks];
    default:
      return [];
  }
};

test.each(WAYS)("$runner in mode $mode labels all that it makes, and removes it", (way) => {
  const job = jobOf(way);
  const made = job.phases.flat().flatMap(madeBy);
  // A network, three services, and what the runner has beside them.
  expect(made.length).toBeGreaterThanOrEqual(4);
  const labels = { "rootless-stress.run": THREE.run, "rootless-stress.job": job.id };
  for (const each of made) expect(each.labels).toMatchObject(labels);
  const removed = job.teardown.flat().flatMap(removedBy);
  expect([...new Set(removed)].toSorted()).toEqual(made.map(({ name }) => name).toSorted());
});

test.each(WAYS)("$runner in mode $mode uses each service, and is JSON all through", (way) => {
  const job = jobOf(way);
  const used = (kind: Operation["kind"]): readonly (string | null)[] =>
    allOf(job)
      .filter((each) => each.kind === kind)
      .map(serviceOf);
  expect(used("ready")).toEqual(["mysql", "redis", "clickhouse"]);
  expect(used("identity")).toEqual(["mysql", "redis", "clickhouse"]);
  expect(JSON.parse(JSON.stringify(job))).toEqual(job);
});

test.each(WAYS)("no two operations of one phase of $runner in mode $mode are confused", (way) => {
  const { phases, teardown } = jobOf(way);
  for (const phase of [...phases, ...teardown]) {
    const keys = phase.map((each) => [each.kind, serviceOf(each), stepOf(each)].join(" "));
    expect(new Set(keys).size).toBe(keys.length);
  }
});

test("a plan that names the runner api is the plan that names none", () => {
  for (const mode of ["ports", "noports"] as const) {
    expect(jobOf({ runner: "api", mode })).toEqual(jobOf({ mode }));
  }
});

test("each job of a github run prunes by a label that no other has", () => {
  const { waves } = plan({ ...THREE, arms: [{ runner: "github", mode: "ports", n: 3 }] });
  const pruning = waves
    .flatMap(({ jobs }) => jobs)
    .flatMap((job) => allOf(job).filter((each) => stepOf(each) === "prune"));
  expect(pruning).toHaveLength(3);
  expect(new Set(pruning.map((each) => commandOf(each)?.args.at(-1))).size).toBe(3);
});

test("a dollar in a compose file stays one", () => {
  const redis = { reference: "redis:7", command: ["sh", "-c", "echo $HOME"], env: { A: "$B" } };
  const job = jobOf(
    { runner: "compose", mode: "ports" },
    { services: ["redis"], images: { name: "mine", images: { redis } } },
  );
  const [up] = allOf(job).flatMap((each) => (each.kind === "stack.up" ? [each] : []));
  expect(JSON.parse(up?.cli.stdin ?? "")).toMatchObject({
    services: { redis: { command: ["sh", "-c", "echo $$HOME"], environment: { A: "$$B" } } },
  });
});

test("images of the user's own are not asked whether they are healthy", () => {
  const images = { name: "mine", images: THREE.images.images };
  const job = jobOf({ runner: "github", mode: "ports" }, { images });
  const creates = allOf(job).filter((each) => each.kind === "container.create");
  expect(creates.map(({ spec }) => spec.health)).toEqual([undefined, undefined, undefined]);
});

test.each([
  [{ runner: "gitlab", mode: "ports" }, /--runner gitlab: it has no --mode ports; it has noports/],
  [{ runner: "github", mode: "noports" }, /it has no --mode noports/],
  [
    { runner: "compose", mode: "ports", mitigation: parseMitigation("serialise") },
    /--runner compose: one process makes the whole stack, so --mitigation serialise/,
  ],
] as const)("%j is refused in one line", (arm, words) => {
  const refused = () => plan({ ...THREE, arms: [{ ...arm, n: 1 }] });
  expect(refused).toThrow(StressError);
  expect(refused).toThrow(words);
});
