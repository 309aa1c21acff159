import { expect, test } from "vitest";
import type { Event, EventOf } from "../../../harness/core/events.ts";
import { history } from "../../../harness/core/history.ts";
import type { Arm } from "../../../harness/core/model.ts";
import { daemonLog, signals, signalSchema, type Signal } from "../../../harness/core/signals.ts";
import { occupiedPorts } from "../../recordings/occupied-ports.ts";
import { arm, journalOf, logged, portTaken, refused, RUN_ID, type RunScript } from "./history.ts";

const RECORDED = signals(history(occupiedPorts())) ?? [];

const saying = (found: readonly Signal[], words: string): Signal => {
  const [signal, ...more] = found.filter(({ template }) => template.includes(words));
  if (signal === undefined || more.length > 0) throw new Error(`not one signal says: ${words}`);
  return signal;
};

test.each([
  ["failed to restore thread's network namespace", "warning", 3],
  ["libnetwork: restoring thread network namespace failed", "error", 1],
])(
  "on the recorded log, with eight of 32 jobs refused, %s is constant and not associated",
  (words, level, perStart) => {
    const signal = saying(RECORDED, words);
    expect(signal).toMatchObject({ level, verdict: "constant", p: 1, perJobAtOne: null });
    // Engine 29.6.0 alone, at N=1: nine warnings and three errors a job of three containers.
    expect(signal.perStart).toBeCloseTo(perStart, 1);
  },
);

test("on the recorded log the refusals' own lines are the failure itself", () => {
  const itself = RECORDED.filter(({ verdict }) => verdict === "the failure itself");
  expect(itself).toHaveLength(1);
  expect(itself[0]).toMatchObject({
    level: "error",
    counted: "jobs",
    table: { failedWith: 8, failedWithout: 0, okWith: 0, okWithout: 24 },
    p: null,
  });
});

test("on the recorded log nothing is associated with failure but the failure", () => {
  expect(RECORDED.filter(({ verdict }) => verdict === "associated")).toEqual([]);
});

test("on the recorded log what the daemon wrote while it started is not counted", () => {
  expect(RECORDED.filter(({ template }) => template.includes("loading plugin"))).toEqual([]);
});

test("on the recorded log lines that name an endpoint are counted by jobs, all others by waves", () => {
  expect(saying(RECORDED, "sbJoin").counted).toBe("jobs");
  expect(saying(RECORDED, "cleaning up dead shim").counted).toBe("waves");
});

test("a signal is what its schema says", () => {
  for (const signal of RECORDED) expect(signalSchema.parse(signal)).toEqual(signal);
});

/** What the daemon's log holds of one wave: some lines of each job, and some that name none. */
type Lines = (job: {
  readonly id: string;
  readonly failed: boolean;
  readonly n: number;
}) => readonly string[];

/** The journal of a script with other lines in its logs, each written while its job's network was made. */
const withLog = (script: RunScript, lines: Lines): readonly Event[] => {
  const events = journalOf(script);
  const failed = new Set(
    events.flatMap((event) =>
      event.event === "answered" && event.answer.kind !== "done" ? [event.job] : [],
    ),
  );
  const waves = new Map(
    events.flatMap((event): [number, EventOf<"wave.started">][] =>
      event.event === "wave.started" ? [[event.wave, event]] : [],
    ),
  );
  return events.map((event) => {
    if (event.event !== "daemon.logged") return event;
    const wave = waves.get(event.wave);
    if (wave === undefined) throw new Error("a wave logs after it has started");
    const texts = wave.jobs.flatMap((id) =>
      lines({ id, failed: failed.has(id), n: wave.jobs.length }),
    );
    return { ...event, lines: texts.map((text) => logged(wave.at + 1, text)) };
  });
};

const found = (script: RunScript, lines: Lines): readonly Signal[] =>
  signals(history(withLog(script, lines))) ?? [];

const named = (id: string): string => `ep=stress-${RUN_ID}-${id}-mysql`;

const FOUR_FAIL = {
  3: [refused("container.start", "redis", portTaken(32770))],
  4: [refused("container.start", "redis", portTaken(32772))],
  5: [refused("container.start", "mysql", portTaken(32774))],
  6: [refused("container.start", "mysql", portTaken(32776))],
};
const SCRIPT: RunScript = {
  arms: [arm("ports", 16)],
  waves: [
    { arm: "ports", wrong: FOUR_FAIL },
    { arm: "ports", wrong: FOUR_FAIL },
  ],
};

test("a line that only failed jobs have is associated", () => {
  const [signal] = found(SCRIPT, ({ id, failed }) =>
    failed ? [`level=warning msg="slow iptables" ${named(id)}`] : [],
  );
  expect(signal).toMatchObject({
    template: "slow iptables",
    counted: "jobs",
    table: { failedWith: 8, failedWithout: 0, okWith: 0, okWithout: 24 },
    verdict: "associated",
  });
  expect(signal?.oddsRatio).toMatchObject({ corrected: true });
  expect(signal?.p).toBeLessThan(1e-6);
});

test("a line that failed jobs have less often is no association, however unlikely", () => {
  const [signal] = found(SCRIPT, ({ id, failed }) =>
    failed ? [] : [`level=info msg="task started" ${named(id)}`],
  );
  expect(signal?.p).toBeLessThan(1e-6);
  expect(signal).toMatchObject({ verdict: "not associated" });
});

test("the line of a refusal is the failure itself, in the words of 20.10 as in those of 29.6", () => {
  const signal = found(SCRIPT, ({ id, failed }) =>
    failed
      ? [
          `level=error msg="Handler for POST /v1.41/containers/x/start returned error: ${portTaken(32770)}" ${named(id)}`,
        ]
      : [],
  );
  expect(signal.map(({ verdict }) => verdict)).toEqual(["the failure itself"]);
});

test("among many lines that mean nothing, one that is frequent by accident is not believed", () => {
  const lucky = ["w1j03", "w1j04", "w2j05", "w1j09"];
  const lines: Lines = ({ id }) => [
    ...(lucky.includes(id) ? [`level=info msg="by accident" ${named(id)}`] : []),
    ...["a", "b", "c", "d", "e", "f", "g"].map(
      (word) => `level=info msg="noise ${word}" ${named(id)}`,
    ),
  ];
  const alone = saying(
    found(SCRIPT, (job) => lines(job).slice(0, lucky.includes(job.id) ? 1 : 0)),
    "by accident",
  );
  const among = saying(found(SCRIPT, lines), "by accident");
  expect(alone.verdict).toBe("associated");
  expect(among.p).toBeCloseTo(8 * (alone.p ?? 0), 12);
  expect(among.verdict).toBe("unknown");
});

const of = (mode: Arm["mode"], n: number): Arm => ({
  ...arm(mode, n),
  id: `${mode}/n${String(n)}`,
});

const ONE_AND_SIXTEEN: RunScript = {
  arms: [of("ports", 1), of("ports", 16), of("noports", 16)],
  waves: [
    { arm: "ports/n1" },
    { arm: "ports/n16", wrong: FOUR_FAIL },
    { arm: "noports/n16" },
    { arm: "ports/n1" },
  ],
};

test("rates at N=1 stand beside those at N, of arms that differ in N alone", () => {
  const signal = found(ONE_AND_SIXTEEN, () => [`level=info msg="a line of nobody's"`]);
  expect(signal.map(({ arm: id, perJobAtOne, perJobAtN }) => [id, perJobAtOne, perJobAtN])).toEqual(
    [
      ["noports/n16", null, 1],
      ["ports/n16", 1, 1],
    ],
  );
});

test("the same rate at N=1 and at N is constant though every wave at N has failed jobs", () => {
  const signal = found(ONE_AND_SIXTEEN, () => [`level=info msg="a line of nobody's"`]);
  expect(signal.find(({ arm: id }) => id === "ports/n16")).toMatchObject({
    counted: "waves",
    verdict: "constant",
  });
});

test("a rate that grows with N is not constant, and one wave cannot say more", () => {
  const signal = found(ONE_AND_SIXTEEN, ({ n }) =>
    n === 1 ? [`level=info msg="retry"`] : [`level=info msg="retry"`, `level=info msg="retry"`],
  );
  expect(signal.find(({ arm: id }) => id === "ports/n16")).toMatchObject({
    perJobAtOne: 1,
    perJobAtN: 2,
    verdict: "unknown",
  });
});

test("what comes now and then is not called constant for a handful of lines", () => {
  const rare: Lines = ({ id }) => (/j0?1$/.test(id) ? [`level=info msg="now and then"`] : []);
  const [signal] = found(
    {
      arms: [arm("ports", 16)],
      waves: [{ arm: "ports" }, { arm: "ports", wrong: FOUR_FAIL }],
    },
    rare,
  );
  expect(signal).toMatchObject({ lines: 2, verdict: "unknown" });
});

test("an arm of N=1 is listed itself where there is nothing larger", () => {
  const [signal] = found(
    { arms: [arm("ports", 1)], waves: [{ arm: "ports" }, { arm: "ports" }] },
    () => [`level=info msg="x"`],
  );
  expect(signal).toMatchObject({ perJobAtOne: 1, verdict: "unknown" });
});

test("a line that stands once in a log is no signal", () => {
  expect(found(SCRIPT, ({ id }) => (id === "w1j01" ? [`level=info msg="once"`] : []))).toEqual([]);
});

test("an interval above 1 that may be chance denies no association", () => {
  const waves = Array.from({ length: 8 }, () => ({ arm: "ports", wrong: FOUR_FAIL }));
  const all = found({ arms: [arm("ports", 16)], waves }, ({ id }) => [
    // Half of the failed jobs, a quarter of the others.
    ...(/j0[35789]$/.test(id) ? [`level=warning msg="slow disk" ${named(id)}`] : []),
    ...["a", "b", "c", "d", "e", "f", "g"].map(
      (word) => `level=info msg="noise ${word}" ${named(id)}`,
    ),
  ]);
  const signal = saying(all, "slow disk");
  expect(signal.table).toEqual({ failedWith: 16, failedWithout: 16, okWith: 24, okWithout: 72 });
  expect(signal.oddsRatio.value).toBeCloseTo(3, 12);
  expect(signal.oddsRatio.low).toBeGreaterThan(1);
  expect(signal.oddsRatio.high).toBeLessThan(10);
  expect(signal.p).toBeGreaterThan(0.05);
  expect(signal.verdict).toBe("unknown");
});

test("without a log nothing is said; of one that was cut, what was kept is counted", () => {
  const unread = {
    ...SCRIPT,
    waves: SCRIPT.waves.map((wave) => ({ ...wave, netnsRestoreLines: null })),
  };
  expect(signals(history(journalOf(unread)))).toBeNull();
  const cut = journalOf(SCRIPT).map((event) =>
    event.event === "daemon.logged" ? { ...event, dropped: 1 } : event,
  );
  const run = history(cut);
  expect(signals(run)).toEqual(signals(history(journalOf(SCRIPT))));
  expect(signals(run)).not.toEqual([]);
  expect(daemonLog(run)).toMatchObject({ waves: 2, logged: 2, leftOut: 2 });
});

test("a log that could not be read is told from one that nobody wrote down", () => {
  const unlogged = (journal: number) =>
    journalOf(SCRIPT).flatMap((event): readonly Event[] => {
      if (event.event === "run.started") return [{ ...event, journal }];
      return event.event === "daemon.logged" ? [] : [event];
    });
  expect(daemonLog(history(unlogged(1)))).toMatchObject({ logged: 0, asked: false });
  expect(daemonLog(history(unlogged(2)))).toMatchObject({ logged: 0, asked: true });
});
