import { expect, test } from "vitest";
import { history } from "../../harness/core/history.ts";
import { logSlices, type LogSlice } from "../../harness/core/log-slice.ts";
import type { PortTrace } from "../../harness/core/port-trace.ts";
import { daemonLog, signals, type DaemonLog } from "../../harness/core/signals.ts";
import type { SoakTrend } from "../../harness/core/soak.ts";
import { logSliceMarkdown, logSliceText } from "../../reports/log-slice.ts";
import type { Paint } from "../../reports/paint.ts";
import { portTraceMarkdown, portTraceText } from "../../reports/port-trace.ts";
import { signalsMarkdown, signalsText } from "../../reports/signals.ts";
import { soakMarkdown, soakText } from "../../reports/soak.ts";
import { occupiedPorts } from "../recordings/occupied-ports.ts";

const same = (words: string): string => words;
const PLAIN: Paint = { good: same, bad: same, dim: same, bold: same };

const RECORDED = history(occupiedPorts());
const SIGNALS = signals(RECORDED);
const LOG = daemonLog(RECORDED);
const [SLICE] = RECORDED.waves.flatMap((wave) => logSlices(RECORDED, wave) ?? []);
const EMPTY_SLICE: LogSlice = {
  wave: 1,
  job: "w1j1",
  from: 0,
  to: 100,
  others: 0,
  lag: null,
  lines: [],
  leftOut: 0,
};

const flat = (counter: SoakTrend["counter"], value: number): SoakTrend => ({
  counter,
  profile: null,
  waves: 12,
  first: value,
  last: value,
  slope: 0,
  low: 0,
  high: 0,
  p: 1,
  verdict: "no growth shown",
});
const SOAK: readonly SoakTrend[] = [
  flat("bridges", 1),
  {
    counter: "natRules",
    profile: null,
    waves: 12,
    first: 8,
    last: 40,
    slope: 2.9090909,
    low: 2.5,
    high: 3,
    p: 0.00002,
    verdict: "grows",
  },
  {
    counter: "daemonThreads",
    profile: null,
    waves: 12,
    first: 31,
    last: 24,
    slope: -0.6666667,
    low: -1,
    high: -0.1234,
    p: 0.0312,
    verdict: "no growth shown",
  },
];
const SHORT_SOAK = SOAK.map((trend): SoakTrend => ({
  ...trend,
  waves: 3,
  p: null,
  verdict: "too few waves",
}));

const port = (number: number, job: string, service: string) =>
  ({
    kind: "port",
    port: number,
    fate: "bound",
    job,
    service,
    containerPort: 6379,
    families: [4, 6],
    engineListens: true,
    forwards: [2 * number - 65_535, 2 * number - 65_534],
    class: null,
  }) as const;

const TRACE: PortTrace = {
  wave: 2,
  arm: "ports/n16",
  asked: "dynamic",
  rootless: true,
  steps: [
    port(32768, "w2j01", "mysql"),
    {
      ...port(32769, "", ""),
      fate: "retried",
      job: null,
      service: null,
      containerPort: null,
      families: [],
      engineListens: false,
      forwards: [],
      class: "port.rootlesskit_addport_in_use",
    },
    { kind: "gap", from: 32770, to: 32770, why: "given back" },
    {
      ...port(32771, "w2j02", "redis"),
      fate: "refused",
      containerPort: null,
      families: [],
      engineListens: null,
      forwards: null,
      class: "port.rootlesskit_addport_in_use",
    },
    { kind: "gap", from: 32772, to: 32775, why: "unknown" },
    port(32776, "w2j03", "clickhouse"),
  ],
  bound: 2,
  refused: 1,
  retried: 1,
  parity: { even: 0, odd: 2, suggests: null },
  split: [{ job: "w2j03", service: "clickhouse", containerPort: 8123, ports: [32776, 32768] }],
  shared: [{ port: 32768, jobs: ["w2j01", "w2j03"] }],
  outOfOrder: { pairs: 1, of: 1 },
  unclaimed: [
    {
      id: 9,
      protocol: "tcp4",
      parentIp: "0.0.0.0",
      parentPort: 41_000,
      childIp: "127.0.0.1",
      childPort: 41_000,
    },
  ],
  notLearnt: 1,
};

const TEXTS: Readonly<Record<string, string>> = {
  signals: signalsText(SIGNALS, LOG, PLAIN),
  soak: soakText(SOAK, PLAIN),
  "port-trace": portTraceText(TRACE, PLAIN),
  "log-slice": SLICE === undefined ? "" : logSliceText(SLICE, PLAIN),
};

test.each(Object.entries(TEXTS))(
  "on the terminal %s read as in their golden",
  async (name, text) => {
    await expect(text).toMatchFileSnapshot(`goldens/${name}.text.golden`);
  },
);

const REPORTS: Readonly<Record<string, readonly string[]>> = {
  signals: signalsMarkdown(SIGNALS, LOG),
  soak: soakMarkdown(SOAK),
  "port-trace": portTraceMarkdown(TRACE),
  "log-slice": SLICE === undefined ? [] : logSliceMarkdown(SLICE),
};

test.each(Object.entries(REPORTS))(
  "in the report %s read as in their golden",
  async (name, sections) => {
    await expect(`${sections.join("\n\n")}\n`).toMatchFileSnapshot(`goldens/${name}.report.golden`);
  },
);

test("where there is nothing to say the terminal says nothing", () => {
  expect(signalsText(null, LOG, PLAIN)).toBe("");
  expect(signalsText([], LOG, PLAIN)).toBe("");
  expect(soakText([], PLAIN)).toBe("");
  expect(soakText(SHORT_SOAK, PLAIN)).toBe("");
});

const UNREAD: DaemonLog = { waves: 3, logged: 0, leftOut: 0, asked: true };

test.each([
  [UNREAD, "It could not be read, "],
  [{ ...UNREAD, asked: false }, "The journal is of version 1 and holds no log, "],
  [{ ...UNREAD, waves: 0 }, "No wave was started, "],
  [{ ...UNREAD, logged: 1 }, "No wave that has one came to the end of its burst, "],
])("the report says why it has nothing to say of the log: %j", (log, words) => {
  expect(signalsMarkdown(null, log)[1]).toMatch(new RegExp(`^${words}`));
});

test("of a log that was cut, terminal and report say that rates are of what was kept", () => {
  const words = "1200 lines of the log were left out; rates are of what was kept";
  const log = { ...LOG, leftOut: 1200 };
  expect(signalsText(SIGNALS, log, PLAIN)).toContain(words);
  expect(signalsMarkdown(SIGNALS, log).at(-1)).toBe(`${words}.`);
});

test("of a rootful engine nothing is said of RootlessKit, and no cell asks what it had", () => {
  const rootful: PortTrace = {
    ...TRACE,
    rootless: false,
    outOfOrder: null,
    unclaimed: null,
    steps: TRACE.steps.map((step) =>
      step.kind === "port" ? { ...step, engineListens: null, forwards: null } : step,
    ),
  };
  const all = [portTraceText(rootful, PLAIN), ...portTraceMarkdown(rootful)].join("\n");
  expect(all).not.toMatch(/RootlessKit's|could not be read|\| \? \|/);
  const unread = { ...rootful, rootless: true };
  expect(portTraceText(unread, PLAIN)).toContain("RootlessKit's forwards could not be read");
});

test("what was skipped without a table of sockets is nobody's only if somebody looked", () => {
  const [gap] = TRACE.steps.filter((step) => step.kind === "gap");
  if (gap === undefined) throw new Error("the trace has gaps");
  const text = portTraceText({ ...TRACE, steps: [{ ...gap, why: "unread" }] }, PLAIN);
  expect(text).toContain("skipped 32770: who listens there is not known");
  expect(text).not.toContain("nobody seen");
});

test("the report says that nothing in the log concerns a job", () => {
  expect(logSliceMarkdown(EMPTY_SLICE).join(" ")).toContain("Nothing in the log");
});

const HOSTILE = "\u001b[2J\u009b31m``` | # @all <script> \u202egnihton";

test("words of a hostile log move no cursor and leave no fence", () => {
  const [signal] = SIGNALS ?? [];
  if (signal === undefined) throw new Error("the recording has signals");
  const hostile = { ...signal, level: HOSTILE, template: HOSTILE, arm: HOSTILE };
  const slice: LogSlice = {
    ...EMPTY_SLICE,
    lines: [{ at: 1, joined: "time", level: HOSTILE, raw: HOSTILE }],
  };
  const trace: PortTrace = { ...TRACE, arm: HOSTILE };
  const all = [
    signalsText([hostile], LOG, PLAIN),
    logSliceText(slice, PLAIN),
    portTraceText(trace, PLAIN),
    ...signalsMarkdown([hostile], LOG),
    ...logSliceMarkdown(slice),
    ...portTraceMarkdown(trace),
  ].join("\n");
  expect(all).not.toMatch(/[\u001b\u009b\u202e]/u);
  expect(logSliceMarkdown(slice)[1]).toMatch(/^````\n/);
});
