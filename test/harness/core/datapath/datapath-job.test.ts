import { expect, test } from "vitest";
import { LABEL, type Mode, type Operation } from "../../../../harness/core/model.ts";
import { plan } from "../../../../harness/core/plan.ts";
import type { PlanRequest } from "../../../../harness/core/plan-request.ts";
import { DATAPATH_REQUEST } from "./measured-ways.ts";

const laidOut = (mode: Mode, changes: Partial<PlanRequest> = {}) =>
  plan({ ...DATAPATH_REQUEST, modes: [mode], ...changes }).waves.flatMap(({ jobs }) => jobs);

const jobOf = (mode: Mode) => {
  const [job] = laidOut(mode);
  if (job === undefined) throw new Error("no job");
  return { phases: job.phases, teardown: job.teardown, all: job.phases.flat() };
};

const only = <Kind extends Operation["kind"]>(
  operations: readonly Operation[],
  kind: Kind,
): readonly Extract<Operation, { readonly kind: Kind }>[] =>
  operations.filter(
    (operation): operation is Extract<Operation, { readonly kind: Kind }> =>
      operation.kind === kind,
  );

const isMeasurement = ({ kind }: Operation): boolean =>
  kind === "flow.measure" || kind === "requests.measure" || kind === "path.look";

const named = (operation: Operation): string =>
  "service" in operation ? `${operation.kind} ${operation.service ?? ""}` : operation.kind;

const created = (service: string) => [`container.create ${service}`, `container.start ${service}`];

const MODES = ["ports", "noports", "host", "process"] as const;

test.each<[Mode, readonly string[]]>([
  [
    "ports",
    [
      "network.create",
      ...created("iperf3"),
      "container.inspect iperf3",
      ...created("redis"),
      "container.inspect redis",
    ],
  ],
  ["noports", ["network.create", ...created("iperf3"), ...created("redis"), ...created("job")]],
  ["host", [...created("iperf3"), ...created("redis"), ...created("job")]],
  ["process", []],
])("mode %s starts its servers one after another, and then its client", (mode, expected) => {
  const { all } = jobOf(mode);
  expect(all.filter((each) => !isMeasurement(each)).map(named)).toEqual(expected);
});

test.each(MODES)("mode %s measures one thing at a time, and what carries it last", (mode) => {
  const { phases, all } = jobOf(mode);
  expect(phases.every((phase) => phase.length === 1)).toBe(true);
  expect(only(all, "flow.measure").map(({ step }) => step)).toEqual([
    ...["ingress/1/ipv4", "ingress/10/ipv4", "egress/1/ipv4", "egress/10/ipv4"],
    ...["ingress/1/ipv6", "ingress/10/ipv6", "egress/1/ipv6", "egress/10/ipv6"],
  ]);
  expect(only(all, "requests.measure").map(({ step }) => step)).toEqual(["ipv4", "ipv6"]);
  expect(all.at(-1)).toMatchObject({ kind: "path.look", service: "path" });
  expect(all.findIndex(isMeasurement)).toBe(all.length - 11);
});

test.each(MODES)("mode %s takes down all that it makes, and labels it", (mode) => {
  const { all, teardown } = jobOf(mode);
  const made = [
    ...only(all, "container.create").map(({ container }) => container),
    ...only(all, "network.create").map(({ network }) => network),
  ];
  const removed = teardown.flat();
  expect(
    [
      ...only(removed, "container.remove").map(({ container }) => container),
      ...only(removed, "network.remove").map(({ network }) => network),
    ].toSorted(),
  ).toEqual(made.toSorted());
  expect(teardown.every((phase) => phase.length > 0)).toBe(true);
  const labels = [
    ...only(all, "container.create").map(({ spec }) => spec.labels),
    ...only(all, "network.create").map((each) => each.labels),
  ];
  for (const each of labels) {
    expect(each).toMatchObject({ [LABEL.run]: DATAPATH_REQUEST.run, [LABEL.job]: "w1j1" });
  }
});

const ways = (mode: Mode) =>
  jobOf(mode).all.flatMap((operation) =>
    operation.kind === "flow.measure" || operation.kind === "requests.measure"
      ? [operation.way]
      : [],
  );

test("a way leads from where the client is to the containers that were made", () => {
  const [flow] = ways("noports");
  const requests = ways("noports").at(-1);
  const prefix = `stress-${DATAPATH_REQUEST.run}-w1j1`;
  expect(flow).toEqual({
    mode: "noports",
    server: { container: `${prefix}-iperf3`, port: 5201 },
    host: "iperf3",
    client: `${prefix}-job`,
  });
  expect(requests?.server).toEqual({ container: `${prefix}-redis`, port: 6379 });
  expect(ways("ports")[0]?.client).toBeNull();
  expect(ways("process")[0]).toMatchObject({ server: null, client: null });
});

test("ports are published where the mode says, and nowhere else", () => {
  const published = (mode: Mode) =>
    only(jobOf(mode).all, "container.create").flatMap(({ spec }) => spec.publish);
  expect(published("ports")).toEqual([
    { containerPort: 5201, hostIp: "", hostPort: null },
    { containerPort: 6379, hostIp: "", hostPort: null },
  ]);
  expect(published("noports")).toEqual([]);
  expect(published("host")).toEqual([]);
});

test("on the host's network no two servers have one port, and the client is there too", () => {
  const creates = laidOut("host", { ns: [3] }).flatMap(({ phases }) =>
    only(phases.flat(), "container.create"),
  );
  expect(creates.every(({ spec }) => spec.network === "host")).toBe(true);
  const ports = creates.flatMap(({ spec }) => {
    const { command } = spec;
    return command?.includes("--port") === true ? [command[command.indexOf("--port") + 1]] : [];
  });
  expect(new Set(ports).size).toBe(6);
  for (const { server } of ways("host")) expect(ports).toContain(String(server?.port));
});

test("containers run what the scenario has them run, whatever the images do by themselves", () => {
  const commands = only(jobOf("noports").all, "container.create").map(({ service, spec }) => [
    service,
    spec.image,
    spec.command?.[0],
  ]);
  expect(commands).toEqual([
    ["iperf3", "iperf3:t", "iperf3"],
    ["redis", "redis:t", "redis-server"],
    ["job", "iperf3:t", "node"],
  ]);
});

test.each(["noports", "ports"] as const)("%s: IPv6 is in a subnet of the job's own", (mode) => {
  const subnets = laidOut(mode, { ns: [20], waves: 5 }).flatMap(({ phases }) =>
    only(phases.flat(), "network.create").flatMap(({ ipv6Subnet }) => ipv6Subnet ?? []),
  );
  expect(subnets).toHaveLength(100);
  expect(new Set(subnets).size).toBe(100);
  for (const subnet of subnets) {
    expect(subnet).toMatch(/^fd[\da-f]{2}(?::[\da-f]{1,4}){3}::\/64$/);
  }
});

test("an image set without iperf3 is refused by name", () => {
  const images = { name: "hub", images: {} };
  expect(() => laidOut("noports", { images })).toThrow(
    '--images: set hub names no image for "iperf3"',
  );
});
