/**
 * The recorded log as the journal of a run of two waves, made from the log's own lines.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Event } from "../../harness/core/events.ts";
import { logLine, type LogLine } from "../../harness/core/log-line.ts";
import type { Answer } from "../../harness/core/model.ts";
import { millis } from "../../harness/core/units.ts";
import { arm, journalOf, RUN_ID } from "../harness/core/history.ts";

export const RECORDED_LINES: readonly string[] = readFileSync(
  join(import.meta.dirname, "dockerd-29.6.0-occupied-ports.log"),
  "utf8",
)
  .trimEnd()
  .split("\n");

const SERVICE: Readonly<Record<string, string>> = { m: "mysql", r: "redis", c: "clickhouse" };
const JOBS = Array.from({ length: 16 }, (_, index) => index + 1);

const jobOf = (wave: number, job: number): string =>
  `w${String(wave)}j${String(job).padStart(2, "0")}`;

/** `job-7-m` of the recording as this tool would have named it. */
const renamed = (line: string, wave: number): string =>
  line.replace(/\bjob-(\d{1,2})(?:-([mrc])\b)?/g, (_, job: string, role?: string) => {
    const network = `stress-${RUN_ID}-${jobOf(wave, Number(job))}`;
    return role === undefined ? network : `${network}-${SERVICE[role] ?? role}`;
  });

/** A burst begins with the first container that is started in it; `a1` was one between the two. */
const beginnings = RECORDED_LINES.flatMap((line, index) =>
  line.includes('msg="connecting to shim') ? [index] : [],
);
const between = RECORDED_LINES.findLastIndex((line) => line.includes("ep=a1"));
const second = beginnings.find((index) => index > between) ?? RECORDED_LINES.length;

const WAVES = [
  { lines: RECORDED_LINES.slice(0, second), beginning: beginnings[0] ?? 0 },
  { lines: RECORDED_LINES.slice(second), beginning: 0 },
].map(({ lines, beginning }, index) => ({
  lines: lines.map((line) => renamed(line, index + 1)),
  beginning,
}));

const [base] = journalOf({ arms: [arm("ports", 16)], waves: [], planned: 2 });
const zero = Math.floor(logLine(RECORDED_LINES[2] ?? "").at ?? 0);

const instant = ({ at }: LogLine) => millis((at ?? zero) - zero);

/** What was done with one container: its endpoint joined a sandbox, and then its start was refused or not. */
const startsOf = (wave: number, job: number, lines: readonly LogLine[]): readonly Event[] =>
  Object.values(SERVICE).flatMap((service): readonly Event[] => {
    const container = `stress-${RUN_ID}-${jobOf(wave, job)}-${service}`;
    const own = lines.filter(
      ({ fields, message }) =>
        fields.get("ep") === container ||
        (message.startsWith("Handler for POST") && fields.get("vars")?.includes(`${container} `)),
    );
    const [first, last] = [own[0], own.at(-1)];
    if (first === undefined || last === undefined) return [];
    const refusal = own.find(({ fields }) => fields.has("error-response"));
    const ref = { wave, job: jobOf(wave, job), service, operation: "container.start" } as const;
    const answer: Answer =
      refusal === undefined
        ? { kind: "done" }
        : {
            kind: "refused",
            by: "daemon",
            status: 500,
            message: refusal.fields.get("error-response") ?? "",
          };
    return [
      { event: "invoked", at: instant(first), ...ref },
      // An answer is on its way for a millisecond after the line about it.
      { event: "answered", at: millis(instant(last) + 1), ...ref, writtenAt: null, answer },
    ];
  });

const done = (
  wave: number,
  job: string,
  step: { readonly operation: "network.create" | "identity"; readonly service?: string },
  told: { readonly at: number; readonly id?: string },
): readonly Event[] => [
  { event: "invoked", at: millis(told.at), wave, job, ...step },
  {
    event: "answered",
    at: millis(told.at),
    wave,
    job,
    ...step,
    writtenAt: null,
    answer: { kind: "done", ...(told.id === undefined ? {} : { id: told.id }) },
  },
];

const waveOf = (
  { lines: raw, beginning }: (typeof WAVES)[number],
  index: number,
): readonly Event[] => {
  const wave = index + 1;
  const lines = raw.map(logLine);
  const named = lines.filter(({ fields }) => fields.get("net")?.startsWith("stress-"));
  const [from, to] = [lines[beginning], named.at(-1)].map((line) =>
    line === undefined ? 0 : instant(line),
  );
  const end = (to ?? 0) + 100;
  const burst = JOBS.flatMap((number): readonly Event[] => {
    const job = jobOf(wave, number);
    const id =
      named.find(({ fields }) => fields.get("net")?.endsWith(job))?.fields.get("nid") ?? "";
    const starts = startsOf(wave, number, lines);
    const ok = starts.every((event) => event.event !== "answered" || event.answer.kind === "done");
    const proved = Object.values(SERVICE).flatMap((service) =>
      done(wave, job, { operation: "identity", service }, { at: end }),
    );
    const network = done(wave, job, { operation: "network.create" }, { at: from ?? 0, id });
    return [...network, ...starts, ...(ok ? proved : [])];
  });
  return [
    {
      event: "wave.started",
      at: millis(from ?? 0),
      wave,
      block: wave,
      arm: "ports",
      jobs: JOBS.map((job) => jobOf(wave, job)),
    },
    { event: "gate.opened", at: millis(from ?? 0), wave },
    ...burst.toSorted((a, b) => a.at - b.at),
    { event: "burst.ended", at: millis(end), wave, processor: millis(0), cores: 2 },
    {
      event: "wave.ended",
      at: millis(end),
      wave,
      teardown: millis(0),
      leaked: { containers: [], networks: [], volumes: [] },
      leakedPorts: [],
      stuck: [],
    },
    { event: "daemon.logged", at: millis(end), wave, lines: raw, dropped: 0 },
  ];
};

export const occupiedPorts = (): readonly Event[] => {
  if (base?.event !== "run.started") throw new Error("a journal begins with run.started");
  const events = WAVES.flatMap(waveOf);
  const at = millis((events.at(-1)?.at ?? 0) + 1);
  return [
    { ...base, startedAt: new Date(zero).toISOString() },
    ...events,
    { event: "run.ended", at, reason: "completed" },
  ];
};
