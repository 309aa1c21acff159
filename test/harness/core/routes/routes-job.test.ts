import { expect, test } from "vitest";
import { dockerCommand } from "../../../../harness/core/docker-command.ts";
import { StressError } from "../../../../harness/core/errors.ts";
import type { Operation } from "../../../../harness/core/model.ts";
import { isCall } from "../../../../harness/core/operations.ts";
import { plan } from "../../../../harness/core/plan.ts";
import { routes } from "../../../../scenarios/routes.ts";
import { REQUEST } from "../recorded.ts";
import { requestOf } from "./routes-run.ts";

const jobOf = (variant: string, index = 0) => {
  const job = plan(requestOf([variant])).waves[0]?.jobs[index];
  if (job === undefined) throw new Error("the plan has no such job");
  return job;
};

const words = (operation: Operation): string => {
  const rest = "container" in operation ? ` ${operation.container.replace(/^.*j\d+-/, "")}` : "";
  if (operation.kind === "network.create" || operation.kind === "network.remove") {
    return `${operation.kind} ${operation.network.replace(/^.*j\d+-/, "")}`;
  }
  return operation.kind === "network.connect"
    ? `${operation.kind}${rest} ${operation.network.replace(/^.*j\d+-/, "")}`
    : `${operation.kind}${rest}`;
};

test("a job attaches its app while its connections are open, and reads the routes on both sides of it", () => {
  const { phases, teardown } = jobOf("app_stage");
  expect(phases.map((phase) => phase.map(words).join(", "))).toEqual([
    "network.create app_stage_internal",
    "network.create app_stage",
    "container.create redis",
    "container.start redis",
    "container.create outside",
    "container.start outside",
    "container.create app",
    "container.start app",
    "container.create proxy",
    "container.start proxy",
    "ready app",
    "routes.read app",
    "network.connect app app_stage",
    "routes.read app, traffic.watch app",
  ]);
  expect(teardown.map((phase) => phase.map(words).join(", "))).toEqual([
    "container.remove redis, container.remove outside, container.remove app, container.remove proxy",
    "network.remove app_stage_internal, network.remove app_stage",
  ]);
});

test.each(routes.variants)(
  "$name: names sort within a job as they do in the scenario",
  (variant) => {
    const created = jobOf(variant.name)
      .phases.flat()
      .flatMap((operation) => (operation.kind === "network.create" ? [operation] : []));
    const wanted = [variant.first, ...(variant.attached === null ? [] : [variant.attached])];
    expect(created.map(({ network }) => network.replace(/^.*j\d+-/, ""))).toEqual(
      wanted.map(({ name }) => name),
    );
    expect(created.map(({ internal }) => internal ?? false)).toEqual(
      wanted.map(({ internal }) => internal),
    );
    const sorted = created.map(({ network }) => network).toSorted();
    expect(sorted.map((name) => name.replace(/^.*j\d+-/, ""))).toEqual(
      wanted.map(({ name }) => name).toSorted(),
    );
  },
);

test("with one network nothing is attached, and everything else is the same", () => {
  const kinds = (variant: string) => jobOf(variant).phases.flat().map(words);
  expect(kinds("one-network")).not.toContainEqual(expect.stringContaining("network.connect"));
  expect(kinds("one-network").slice(-3)).toEqual([
    "routes.read app",
    "routes.read app",
    "traffic.watch app",
  ]);
});

const commandFor = (variant: string, container: string): string =>
  jobOf(variant)
    .phases.flat()
    .filter(isCall)
    .filter((operation) => words(operation) === container)
    .map((operation) => dockerCommand(operation).join(" "))
    .join("\n");

test("the priority is asked for where the app is created on the network that is to keep the gateway", () => {
  const created = jobOf("gateway-priority")
    .phases.flat()
    .flatMap((operation) => (operation.kind === "container.create" ? [operation] : []));
  expect(created.map(({ service, spec }) => [service, spec.gatewayPriority])).toEqual([
    ["redis", undefined],
    ["outside", undefined],
    ["app", 1],
    ["proxy", undefined],
  ]);
  expect(commandFor("gateway-priority", "network.connect app app_stage")).not.toContain("priority");
});

test("jobs at once have ports of their own on the engine's network", () => {
  const portsOf = (index: number): readonly string[] => {
    const commands = jobOf("app_stage", index)
      .phases.flat()
      .flatMap((operation) =>
        operation.kind === "container.create" && operation.spec.network === "host"
          ? [(operation.spec.command ?? []).join(" ")]
          : [],
      );
    return commands.flatMap((command) => command.match(/\b1[0-3]\d{3}\b/g) ?? []);
  };
  const [first, second] = [new Set(portsOf(0)), new Set(portsOf(1))];
  expect(first.size).toBe(2);
  expect([...first].filter((port) => second.has(port))).toEqual([]);
});

test.each([
  [
    "a variant that the scenario does not have",
    requestOf(["elsewhere"]),
    /--variant: .*"elsewhere"; it has app_stage/,
  ],
  [
    "a job container of somebody's own",
    requestOf(["app_stage"], { images: REQUEST.images }),
    /--images: .*probe/,
  ],
  [
    "more jobs than there are ports",
    requestOf(["app_stage"], { arms: [{ mode: "noports", n: 1537, variant: "app_stage" }] }),
    /--n 1537: .*1536 jobs/,
  ],
])("%s is refused before anything is done", (_, request, message) => {
  expect(() => plan(request)).toThrow(StressError);
  expect(() => plan(request)).toThrow(message);
});

test("an app is told where the machine is, and which server outside is its own", () => {
  const request = { ...requestOf(["app_stage"]), hostAddresses: ["192.0.2.7"] };
  const [one, other] = plan(request).waves[0]?.jobs ?? [];
  const ordersOf = (job: typeof one) =>
    (job?.phases.flat() ?? []).flatMap((operation): readonly unknown[] =>
      operation.kind === "container.create" &&
      /-main\.js$/.test(operation.spec.command?.at(-2) ?? "")
        ? [JSON.parse(operation.spec.command?.at(-1) ?? "null")]
        : [],
    );
  const [outside, app] = ordersOf(one);
  const [others] = ordersOf(other);
  const nonce = expect.any(String) as unknown;
  expect(outside).toMatchObject({ nonce });
  expect(app).toMatchObject({ hosts: ["192.0.2.7"], nonce: (outside as { nonce: string }).nonce });
  expect(others).not.toMatchObject({ nonce: (outside as { nonce: string }).nonce });
});
