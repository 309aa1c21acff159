import { expect, test } from "vitest";
import type { Event } from "../../../harness/core/events.ts";
import type { Forward } from "../../../harness/core/evidence.ts";
import { history } from "../../../harness/core/history.ts";
import type { Mode, PortBinding } from "../../../harness/core/model.ts";
import { portTrace, portTraceSchema, type PortTrace } from "../../../harness/core/port-trace.ts";
import { occupiedPorts } from "../../recordings/occupied-ports.ts";
import { arm, journalOf, logged, portTaken, refused, type Wrong } from "./history.ts";

const SERVICES = ["mysql", "redis", "clickhouse"];

interface Wave {
  readonly mode?: Mode;
  /** Ports of the three services of each job, in order; null: its container was not inspected. */
  readonly ports: readonly (readonly (number | null)[])[];
  readonly wrong?: Readonly<Record<number, readonly Wrong[]>>;
  readonly forwards?: readonly Forward[] | null;
  readonly listening?: readonly number[] | null;
  readonly log?: readonly string[];
  readonly range?: readonly [number, number];
}

const forward = (id: number, port: number, protocol = "tcp4"): Forward => ({
  id,
  protocol,
  parentIp: protocol === "tcp4" ? "0.0.0.0" : "::",
  parentPort: port,
  childIp: "127.0.0.1",
  childPort: port,
});

const bindings = (hostPort: number, service: string): readonly PortBinding[] => {
  const containerPort = 1000 + SERVICES.indexOf(service);
  return ["0.0.0.0", "::"].map((hostIp) => ({ containerPort, hostIp, hostPort }));
};

const journal = (wave: Wave): readonly Event[] => {
  const { mode = "ports", ports, wrong = {}, forwards = null, listening = null } = wave;
  const [first, last] = wave.range ?? [32768, 60999];
  const events = journalOf({
    arms: [arm(mode, ports.length)],
    waves: [{ arm: mode, wrong }],
    engine: { enginePortRange: [first, last] },
  });
  return events.flatMap((event): readonly Event[] => {
    if (event.event === "daemon.logged") return [{ ...event, lines: wave.log ?? [] }];
    if (event.event === "burst.ended") {
      const seen = { at: event.at, wave: event.wave, forwards, engineListening: listening };
      return [event, { event: "ports.seen", ...seen }];
    }
    if (event.event !== "invoked" && event.event !== "answered") return [event];
    if (event.operation !== "container.inspect") return [event];
    const port =
      ports[Number(/j(\d+)$/.exec(event.job)?.[1]) - 1]?.[SERVICES.indexOf(event.service ?? "")];
    if (port == null) return [];
    return event.event === "answered" && event.answer.kind === "done"
      ? [{ ...event, answer: { kind: "done", bindings: bindings(port, event.service ?? "") } }]
      : [event];
  });
};

const trace = (wave: Wave): PortTrace => {
  const run = history(journal(wave));
  const [found] = run.waves.map((each) => portTrace(run, each, null));
  if (found == null) throw new Error("the wave publishes ports");
  expect(portTraceSchema.parse(found)).toEqual(found);
  return found;
};

const rows = ({ steps }: PortTrace): readonly string[] =>
  steps.map((step) =>
    step.kind === "gap"
      ? `${String(step.from)}-${String(step.to)} ${step.why}`
      : `${String(step.port)} ${step.fate} ${step.job ?? "?"} ${step.service ?? "?"}`,
  );

const taken = (port: number, service = "redis"): readonly Wrong[] => [
  refused("container.start", service, portTaken(port)),
];

test("ports stand in the order of allocation, from the daemon's namespace to what it told", () => {
  const found = trace({
    ports: [
      [32768, 32770, 32772],
      [32769, 32771, 32773],
    ],
    forwards: [32768, 32769, 32770, 32771, 32772, 32773].flatMap((port, index) => [
      forward(2 * index + 1, port),
      forward(2 * index + 2, port, "tcp6"),
    ]),
    listening: [32768, 32769, 32770, 32771, 32772, 32773],
  });
  expect(found).toMatchObject({
    asked: "dynamic",
    bound: 6,
    refused: 0,
    retried: 0,
    outOfOrder: { pairs: 0, of: 5 },
    unclaimed: [],
    notLearnt: 0,
  });
  expect(rows(found)).toHaveLength(6);
  expect(found.steps[1]).toEqual({
    kind: "port",
    port: 32769,
    fate: "bound",
    job: "w1j2",
    service: "mysql",
    containerPort: 1000,
    families: [4, 6],
    engineListens: true,
    forwards: [3, 4],
    class: null,
  });
});

test("a refused port has its place in the row, its job and its class", () => {
  const found = trace({
    ports: [
      [32768, null, null],
      [32769, 32771, 32772],
    ],
    wrong: { 1: taken(32770) },
  });
  expect(rows(found)).toEqual([
    "32768 bound w1j1 mysql",
    "32769 bound w1j2 mysql",
    "32770 refused w1j1 redis",
    "32771 bound w1j2 redis",
    "32772 bound w1j2 clickhouse",
  ]);
  expect(found.steps[2]).toMatchObject({ class: "port.rootlesskit_addport_in_use" });
});

test("a port that the daemon lost and replaced is told by its log alone", () => {
  const found = trace({
    ports: [[32768, 32770, 32771]],
    log: [
      logged(
        50,
        'level=warning msg="Failed to allocate and map port" attempt=1 error="error while calling RootlessKit PortManager.AddPort(): listen tcp4 0.0.0.0:32769: bind: address already in use"',
      ),
    ],
  });
  expect(found).toMatchObject({ bound: 3, refused: 0, retried: 1 });
  expect(rows(found)[1]).toBe("32769 retried ? ?");
});

test("the last of ten attempts is in the log and in the refusal, and counts once", () => {
  const found = trace({
    ports: [[32768, null, null]],
    wrong: { 1: taken(32779) },
    log: [
      logged(
        50,
        'level=warning msg="Failed to allocate and map port" attempt=10 error="listen tcp4 0.0.0.0:32779: bind: address already in use"',
      ),
    ],
  });
  expect(found).toMatchObject({ refused: 1, retried: 0 });
});

test("a skipped port is somebody's in the daemon's namespace, a forward's, or nobody's", () => {
  const found = trace({
    ports: [[32768, 32770, 32774]],
    forwards: [forward(1, 32768), forward(2, 32770), forward(3, 32774), forward(9, 32771)],
    listening: [32768, 32769, 32770, 32774],
  });
  expect(rows(found)).toEqual([
    "32768 bound w1j1 mysql",
    "32769-32769 engine listens",
    "32770 bound w1j1 redis",
    "32771-32771 forwarded",
    "32772-32773 unknown",
    "32774 bound w1j1 clickhouse",
  ]);
  expect(found.unclaimed).toEqual([forward(9, 32771)]);
});

test("ports beside a refused one were given back, as many as its start asked for", () => {
  const two = (port: number): readonly PortBinding[] => [
    { containerPort: 6379, hostIp: "0.0.0.0", hostPort: port },
    { containerPort: 6380, hostIp: "0.0.0.0", hostPort: port + 1 },
  ];
  const events = journal({
    ports: [
      [32768, null, null],
      [32769, 32775, 32777],
    ],
    wrong: { 1: taken(32774) },
  }).map((event) =>
    event.event === "answered" &&
    event.operation === "container.inspect" &&
    event.service === "redis"
      ? { ...event, answer: { kind: "done" as const, bindings: two(32775) } }
      : event,
  );
  const run = history(events);
  const [found] = run.waves.map((wave) => portTrace(run, wave, null));
  if (found == null) throw new Error("the wave publishes ports");
  expect(rows(found)).toEqual([
    "32768 bound w1j1 mysql",
    "32769 bound w1j2 mysql",
    "32770-32772 unread",
    "32773-32773 given back",
    "32774 refused w1j1 redis",
    "32775 bound w1j2 redis",
    "32776 bound w1j2 redis",
    "32777 bound w1j2 clickhouse",
  ]);
});

test("an allocator that came to the end of its range goes on at the beginning", () => {
  const found = trace({ ports: [[40_998, 41_000, 40_000]], range: [40_000, 41_000] });
  expect(rows(found)).toEqual([
    "40998 bound w1j1 mysql",
    "40999-40999 unread",
    "41000 bound w1j1 redis",
    "40000 bound w1j1 clickhouse",
  ]);
});

test("RootlessKit's ids out of order with the ports are counted", () => {
  const found = trace({
    ports: [[32768, 32769, 32770]],
    forwards: [forward(2, 32768), forward(1, 32769), forward(3, 32770)],
  });
  expect(found.outOfOrder).toEqual({ pairs: 1, of: 2 });
});

/** As Engine 20.10.24 gave them to two of four jobs that started at once. */
const binding = (containerPort: number, hostIp: string, hostPort: number): PortBinding => ({
  containerPort,
  hostIp,
  hostPort,
});
const CROSSED: Readonly<Record<string, readonly PortBinding[]>> = {
  w1j1: [binding(8123, "0.0.0.0", 15402), binding(8123, "::", 15403)],
  w1j2: [binding(9000, "0.0.0.0", 15403), binding(9000, "::", 15402)],
};

test("a port that is one job's over IPv4 and another's over IPv6 is named, with its two jobs", () => {
  const events = journal({
    ports: [
      [15400, null, 15402],
      [15401, null, 15403],
    ],
    forwards: [
      forward(84, 15403),
      forward(86, 15402, "tcp6"),
      forward(87, 15402),
      forward(88, 15403, "tcp6"),
    ],
  }).map((event) =>
    event.event === "answered" &&
    event.operation === "container.inspect" &&
    event.service === "clickhouse"
      ? { ...event, answer: { kind: "done" as const, bindings: CROSSED[event.job] ?? [] } }
      : event,
  );
  const run = history(events);
  const [found] = run.waves.map((wave) => portTrace(run, wave, null));
  expect(found?.shared).toEqual([
    { port: 15402, jobs: ["w1j1", "w1j2"] },
    { port: 15403, jobs: ["w1j1", "w1j2"] },
  ]);
  expect(found?.split).toEqual([
    { job: "w1j1", service: "clickhouse", containerPort: 8123, ports: [15402, 15403] },
    { job: "w1j2", service: "clickhouse", containerPort: 9000, ports: [15403, 15402] },
  ]);
  const ports = found?.steps.flatMap((step) => (step.kind === "port" ? [step] : [])) ?? [];
  expect(
    ports.slice(2).map(({ port, job, families, forwards }) => [port, job, families, forwards]),
  ).toEqual([
    [15402, "w1j1", [4], [87]],
    [15402, "w1j2", [6], [86]],
    [15403, "w1j1", [6], [88]],
    [15403, "w1j2", [4], [84]],
  ]);
});

const AT = {
  "127.0.0.1": (port: number) => [binding(1, "127.0.0.1", port)],
  "127.0.0.2": (port: number) => [binding(1, "127.0.0.2", port)],
  both: (port: number) => bindings(port, "mysql"),
};

test.each([
  ["127.0.0.1", "127.0.0.2"],
  ["127.0.0.1", "both"],
] as const)(
  "a port that two jobs have over one family, on %s and %s, is not shared",
  (one, two) => {
    const events = journal({
      ports: [
        [6379, null, null],
        [6379, null, null],
      ],
    }).map((event) =>
      event.event === "answered" && event.operation === "container.inspect"
        ? {
            ...event,
            answer: { kind: "done" as const, bindings: AT[event.job === "w1j1" ? one : two](6379) },
          }
        : event,
    );
    const run = history(events);
    const [found] = run.waves.map((wave) => portTrace(run, wave, null));
    expect(found).toMatchObject({ bound: 2, shared: [] });
  },
);

test("a skipped port is nobody's only where a table of sockets was read", () => {
  const skipped = { ports: [[32768, 32770, 32771]] };
  expect(rows(trace({ ...skipped, listening: [32768] }))[1]).toBe("32769-32769 unknown");
  expect(rows(trace({ ...skipped, listening: null }))[1]).toBe("32769-32769 unread");
});

test("a service that was started and not asked for its ports may have what looks like nobody's", () => {
  const found = trace({ ports: [[32768, null, 32770]], forwards: [forward(2, 32769)] });
  expect(found).toMatchObject({ notLearnt: 1, unclaimed: [{ id: 2, parentPort: 32769 }] });
});

test("what could not be read is null, not empty", () => {
  const found = trace({ ports: [[32768, 32769, 32770]] });
  expect(found).toMatchObject({ unclaimed: null, outOfOrder: null });
  expect(found.steps[0]).toMatchObject({ engineListens: null, forwards: null });
});

const lost = (ports: readonly number[], first = 32768) => {
  const wave = {
    ports: ports.map(() => [null, null, null]),
    wrong: Object.fromEntries(ports.map((port, job) => [job + 1, taken(port, "mysql")])),
  };
  const events = journal(wave).map((event) =>
    event.event === "run.started"
      ? { ...event, engine: { ...event.engine, hostPortRange: [first, 60999] as [number, number] } }
      : event,
  );
  const run = history(events);
  return run.waves.map((each) => portTrace(run, each, null)?.parity)[0];
};

test.each([
  [[2, 4, 6, 8, 10, 12], "outbound connections"],
  [[1, 3, 5, 7, 9, 11], "listeners"],
  [[1, 2, 3, 4, 5, 6], "both"],
  [[2, 4, 6, 8, 10], null],
])("lost ports 4000 + %j suggest %s", (offsets, suggests) => {
  expect(lost(offsets.map((offset) => 40_000 + offset))?.suggests).toBe(suggests);
});

test("a host whose range begins with an odd port turns the parity round", () => {
  expect(
    lost(
      [2, 4, 6, 8, 10, 12].map((offset) => 40_000 + offset),
      32769,
    )?.suggests,
  ).toBe("listeners");
});

test("fixed ports have no row of allocation: no gaps, no order, and no parity that means a thing", () => {
  const found = trace({
    mode: "ports-fixed",
    ports: [
      [3306, 6379, 9000],
      [null, null, null],
    ],
    wrong: { 2: taken(3306, "mysql") },
  });
  expect(found).toMatchObject({
    asked: "fixed",
    refused: 1,
    outOfOrder: null,
    parity: { even: 0, odd: 0, suggests: null },
  });
  expect(found.steps.every(({ kind }) => kind === "port")).toBe(true);
});

test("a wave that publishes nothing has no trace", () => {
  const run = history(journalOf({ arms: [arm("noports", 2)], waves: [{ arm: "noports" }] }));
  expect(run.waves.map((wave) => portTrace(run, wave, null))).toEqual([null]);
});

test("on the recorded log eight even ports were lost, which suggests outbound connections", () => {
  const run = history(occupiedPorts());
  const found = run.waves.map((wave) => portTrace(run, wave, null));
  expect(found[0]).toMatchObject({ refused: 0 });
  expect(found[1]).toMatchObject({
    refused: 8,
    parity: { even: 8, odd: 0, suggests: "outbound connections" },
  });
});
