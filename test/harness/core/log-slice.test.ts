import { expect, test } from "vitest";
import type { Event } from "../../../harness/core/events.ts";
import { history } from "../../../harness/core/history.ts";
import { logSlices, logSliceSchema, type LogSlice } from "../../../harness/core/log-slice.ts";
import { occupiedPorts } from "../../recordings/occupied-ports.ts";
import { arm, journalOf, logged, refused, RUN_ID } from "./history.ts";

const NETWORK_ID = "ab".repeat(32);
const CONTAINER_ID = "cd".repeat(32);
const ENDPOINT_ID = "ef".repeat(32);
const NAME = `stress-${RUN_ID}-w1j1`;

const WORDS =
  `failed to set up container networking: driver failed programming external connectivity on endpoint ` +
  `${NAME}-mysql (${ENDPOINT_ID}): error while calling RootlessKit PortManager.AddPort(): ` +
  "listen tcp4 0.0.0.0:32770: bind: address already in use";

/** The start of the first job's first container fails from 260 to 660 milliseconds after the run's start. */
const FROM = 260;
const TO = 660;

/** Two jobs, the first of which is refused, with what the daemon wrote meanwhile. */
const slice = (lines: readonly string[]): LogSlice => {
  const events = journalOf({
    arms: [arm("ports", 2)],
    waves: [{ arm: "ports", wrong: { 1: [refused("container.start", "mysql", WORDS)] } }],
  }).map((event): Event => {
    if (event.event === "daemon.logged") return { ...event, lines };
    if (event.event !== "answered" || event.answer.kind !== "done" || event.job !== "w1j1") {
      return event;
    }
    const id =
      event.operation === "network.create"
        ? NETWORK_ID
        : event.operation === "container.create"
          ? CONTAINER_ID
          : undefined;
    return id === undefined ? event : { ...event, answer: { ...event.answer, id } };
  });
  const run = history(events);
  const [first, ...more] = run.waves.flatMap((wave) => logSlices(run, wave) ?? []);
  if (first === undefined || more.length > 0) throw new Error("one job has failed");
  expect(logSliceSchema.parse(first)).toEqual(first);
  return first;
};

const joins = (lines: readonly string[]): readonly string[] =>
  slice(lines).lines.map(({ joined }) => joined);

test.each([
  ["a network by its long id", `nid=${NETWORK_ID}`],
  ["a network by its short id", `nid=${NETWORK_ID.slice(0, 12)}`],
  [
    "a bridge, which has a short id in its name",
    `msg="open /sys/class/net/br-${NETWORK_ID.slice(0, 12)}"`,
  ],
  ["a container by its id", `container=${CONTAINER_ID}`],
  ["an endpoint whose id the refusal tells", `eid=${ENDPOINT_ID.slice(0, 12)}`],
])("a line joins by id that names %s", (_, text) => {
  // Long before the call: an id is enough.
  expect(joins([logged(1, `level=info msg=x ${text}`)])).toEqual(["id"]);
});

test("a line joins by name that names a container or the network", () => {
  expect(
    joins([
      logged(1, `level=info msg=x net=${NAME}`),
      logged(2, `level=info msg="name \\"${NAME}-redis\\" of somebody"`),
    ]),
  ).toEqual(["name", "name"]);
});

test("an endpoint's id is learnt from a line that has its name beside it", () => {
  const id = "12".repeat(6);
  expect(
    joins([
      logged(1, `level=info msg=later eid=${id}`),
      logged(2, `level=info msg=first eid=${id} ep=${NAME}-redis`),
    ]),
  ).toEqual(["id", "id"]);
});

test("a line that names another job is not this one's, in the middle of the call as well", () => {
  expect(joins([logged(FROM + 1, `level=info msg=x ep=stress-${RUN_ID}-w1j2-mysql`)])).toEqual([]);
  expect(joins([logged(1, `level=info msg=x ep=stress-${RUN_ID}-w1j11`)])).toEqual([]);
});

test("a line that names two jobs is neither's", () => {
  const both = `level=info msg="${NAME} and stress-${RUN_ID}-w1j2"`;
  expect(joins([logged(1, both)])).toEqual([]);
});

test.each([
  [FROM - 52, []],
  [FROM - 49, ["time"]],
  [FROM + 100, ["time"]],
  [TO + 49, ["time"]],
  [TO + 51, []],
])("a line of nobody's, %i ms after the run's start, joins as %j", (at, expected) => {
  expect(joins([logged(at, "level=info msg=x")])).toEqual(expected);
});

test("a stamp of whole seconds stands for its whole second", () => {
  expect(joins([`time="2026-11-21T04:00:00Z" level=info msg=x`])).toEqual(["time"]);
  expect(joins([`time="2026-11-21T04:00:01Z" level=info msg=x`])).toEqual([]);
});

test("a line without a time joins by what it names or not at all", () => {
  expect(joins(["panic: something", `see ${NAME}`])).toEqual(["name"]);
});

test("the slice says whose call it is, and that another job was under way", () => {
  const { wave, job, from, to, others } = slice([]);
  expect({ wave, job, from, to, others }).toEqual({
    wave: 1,
    job: "w1j1",
    from: FROM,
    to: TO,
    others: 1,
  });
});

test("the lag is that between the daemon's line of a refusal and its answer", () => {
  const line = `level=error msg="Handler for POST /containers/{name:.*}/start returned error" error-response=${JSON.stringify(WORDS)}`;
  expect(slice([logged(TO - 2, line)]).lag).toEqual({ min: 2, max: 2 });
  const old = `level=error msg=${JSON.stringify(`Handler for POST /v1.41/containers/x/start returned error: ${WORDS}`)}`;
  expect(slice([logged(TO + 3, old)]).lag).toEqual({ min: -3, max: -3 });
  expect(slice([]).lag).toBeNull();
});

test("of too many lines those that name the job are kept, then those nearest to the answer", () => {
  const noise = Array.from({ length: 200 }, (_, index) =>
    logged(FROM + index, `level=info msg="${String(index)}"`),
  );
  const kept = slice([logged(1, `level=info msg=own net=${NAME}`), ...noise]);
  expect(kept.leftOut).toBe(141);
  expect(kept.lines.map(({ joined }) => joined)).toEqual([
    "name",
    ...Array.from({ length: 59 }, () => "time"),
  ]);
  expect(kept.lines.at(-1)?.raw).toContain('msg="199"');
});

test("a line of a megabyte is kept to its first 2000 characters", () => {
  const long = logged(FROM, `level=info msg="${"x".repeat(1_000_000)}"`);
  expect(slice([long]).lines[0]?.raw).toHaveLength(2000);
});

test("without a log there are no slices, which is not the same as empty ones", () => {
  const run = history(
    journalOf({ arms: [arm("ports", 2)], waves: [{ arm: "ports", netnsRestoreLines: null }] }),
  );
  expect(run.waves.map((wave) => logSlices(run, wave))).toEqual([null]);
});

test("on the recorded log each refused job has the line of its own refusal, by id", () => {
  const run = history(occupiedPorts());
  const slices = run.waves.flatMap((wave) => logSlices(run, wave) ?? []);
  expect(slices.map(({ job }) => job)).toEqual([
    "w2j05",
    "w2j07",
    "w2j08",
    "w2j10",
    "w2j11",
    "w2j14",
    "w2j15",
    "w2j16",
  ]);
  for (const { job, lines } of slices) {
    const refusals = lines.filter(({ raw }) => raw.includes("Handler for POST"));
    expect(refusals.map(({ joined }) => joined)).toEqual(["id"]);
    expect(refusals[0]?.raw).toContain(`stress-${RUN_ID}-${job}-`);
  }
});
