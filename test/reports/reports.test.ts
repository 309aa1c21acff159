import { expect, test } from "vitest";
import { judge } from "../../harness/core/judge.ts";
import type { Summary } from "../../harness/core/summary.ts";
import { json } from "../../reports/json.ts";
import { markdown } from "../../reports/markdown.ts";
import type { Paint } from "../../reports/paint.ts";
import { tally } from "../../reports/tally.ts";
import { text } from "../../reports/text.ts";
import { verdictLine } from "../../reports/verdict.ts";
import { summarySchema } from "../../harness/core/summary.ts";
import {
  arm,
  emptySight,
  journalOf,
  killedBefore,
  portTaken,
  refused,
  RUN_ID,
  socket,
  type RunScript,
} from "../harness/core/history.ts";

const same = (words: string): string => words;
const PLAIN: Paint = { good: same, bad: same, dim: same, bold: same };

const CLEAN: RunScript = {
  arms: [arm("ports", 16)],
  waves: [1, 1.05, 0.95].map((slowness) => ({ arm: "ports", slowness })),
};

/** Terminal control, a fence, a table border and a direction override, as a hostile service might say. */
const HOSTILE = "\u001b[2J\u009b31m``` | # @all <script> \u202egnihton";

const MIXED: RunScript = {
  arms: [arm("ports", 16), arm("noports", 16)],
  waves: [
    {
      arm: "ports",
      wrong: {
        3: [refused("container.start", "mysql", portTaken(32770))],
        4: [refused("container.start", "mysql", portTaken(32780))],
        9: [refused("ready", "redis", HOSTILE, "service")],
      },
      looks: [
        {
          job: 3,
          operation: "container.start",
          service: "mysql",
          sight: emptySight(32770, { host: [socket(32770)] }),
        },
        { job: 4, operation: "container.start", service: "mysql", sight: emptySight(32780) },
      ],
      leaked: { networks: [`stress-${RUN_ID}-w1j03`] },
      leakedPorts: [32770],
    },
    { arm: "noports" },
    {
      arm: "noports",
      wrong: {
        1: [
          refused("network.create", null, "all predefined address pools have been fully subnetted"),
        ],
      },
    },
    { arm: "ports", slowness: 1.2 },
  ],
};

const SUMMARIES: Readonly<Record<string, Summary>> = {
  clean: judge(journalOf(CLEAN)),
  mixed: judge(journalOf(MIXED)),
  simulated: judge(
    journalOf({
      arms: [arm("noports", 2)],
      waves: [{ arm: "noports" }],
      engine: { simulated: true },
    }),
  ),
  killed: judge(killedBefore(journalOf(CLEAN), 900)),
};

test.each(Object.entries(SUMMARIES))(
  "the text of a %s run reads as in its golden",
  async (name, summary) => {
    await expect(text(summary, PLAIN)).toMatchFileSnapshot(`goldens/${name}.text.golden`);
  },
);

test.each(Object.entries(SUMMARIES))(
  "the report of a %s run reads as in its golden",
  async (name, summary) => {
    await expect(markdown(summary)).toMatchFileSnapshot(`goldens/${name}.report.golden`);
  },
);

test("the summary as JSON is as in its golden", async () => {
  await expect(json(judge(journalOf(MIXED)))).toMatchFileSnapshot("goldens/mixed.json.golden");
});

const tallyOf = (script: RunScript): readonly string[] =>
  tally(judge(journalOf(script)), PLAIN)
    .trimEnd()
    .split("\n");

test("one wave is told in the seed's shape", () => {
  expect(
    tallyOf({
      arms: [arm("ports", 16)],
      waves: [
        {
          arm: "ports",
          slowness: 8,
          wrong: {
            1: [refused("container.start", "mysql", portTaken(32768))],
            2: [refused("container.start", "mysql", portTaken(32769))],
          },
        },
      ],
    }),
  ).toEqual([
    "=== N=16 ports burst=19.9s ===",
    "     14 OK",
    "      2 START_FAIL_mysql   port.rootlesskit_addport_in_use",
  ]);
});

test.each<[string, RunScript, string]>([
  ["several waves", CLEAN, "=== N=16 ports waves=3 burst=2.5s (2.4s–2.6s) ==="],
  [
    "waves that are missing",
    { ...CLEAN, planned: 4 },
    "=== N=16 ports waves=3/4 burst=2.5s (2.4s–2.6s) ===",
  ],
  ["no wave", { ...CLEAN, waves: [], planned: 1 }, "=== N=16 ports waves=0/1 burst=unknown ==="],
  [
    "a simulated engine",
    { arms: [arm("ports", 2)], waves: [{ arm: "ports" }], engine: { simulated: true } },
    "=== N=2 ports burst=2.5s SIMULATED ===",
  ],
])("the header tells of %s", (_, script, header) => {
  expect(tallyOf(script)[0]).toBe(header);
});

test.each([
  ["clean", "HOLDS: 48 of 48 jobs OK"],
  ["mixed", "VIOLATED: 4 of 64 jobs failed; 1 wave left objects behind"],
  ["simulated", "HOLDS (SIMULATED): 2 of 2 jobs OK"],
  ["killed", "UNKNOWN: 16 of 32 jobs OK; 1 of 3 waves finished; the journal has no end"],
])("a %s run's verdict is one line", (name, line) => {
  const summary = SUMMARIES[name];
  expect(summary === undefined ? null : verdictLine(summary)).toBe(line);
});

/** What a terminal acts on, or what hides or turns text. */
const ACTING = /[^\P{C}\n]/u;

test.each(["text", "markdown", "json"] as const)(
  "nothing that a daemon or service says can act on a terminal through %s",
  (renderer) => {
    const scripted = judge(
      journalOf({
        arms: [arm("ports", 1)],
        waves: [
          {
            arm: "ports",
            wrong: { 1: [refused("container.start", "redis", HOSTILE.repeat(50))] },
            leaked: { networks: [HOSTILE] },
          },
        ],
        engine: {
          version: HOSTILE,
          operatingSystem: HOSTILE,
          components: { [HOSTILE]: HOSTILE },
          images: { [HOSTILE]: HOSTILE },
        },
      }),
    );
    const summary: Summary = { ...scripted, tool: HOSTILE, seed: HOSTILE, command: [HOSTILE] };
    const output = {
      text: () => text(summary, PLAIN),
      markdown: () => markdown(summary),
      json: () => json(summary),
    };
    expect(output[renderer]()).not.toMatch(ACTING);
  },
);

test("words cannot leave their block in the report", () => {
  const report = markdown(judge(journalOf(MIXED)));
  const block = /^(`{4,})\n(.*)\n\1$/m.exec(report);
  expect(block?.[2]).toContain("``` | # @all <script>");
});

test("JSON gives back the summary, however hostile its words", () => {
  const summary = judge(journalOf(MIXED));
  expect(summarySchema.parse(JSON.parse(json(summary)))).toEqual(summary);
});

test("JSON does not depend on the order in which the daemon lists its parts", () => {
  const components = { runc: "1", containerd: "2" };
  const one = journalOf({ ...CLEAN, engine: { components } });
  const other = journalOf({ ...CLEAN, engine: { components: { containerd: "2", runc: "1" } } });
  expect(json(judge(one))).toBe(json(judge(other)));
});

test("colour is put around words and changes none of them", () => {
  const marked: Paint = {
    good: (words) => `<g>${words}</g>`,
    bad: (words) => `<b>${words}</b>`,
    dim: (words) => `<d>${words}</d>`,
    bold: (words) => `<s>${words}</s>`,
  };
  const summary = judge(journalOf(CLEAN));
  expect(text(summary, marked).replace(/<\/?[gbds]>/g, "")).toBe(text(summary, PLAIN));
  expect(text(summary, marked)).toContain("<g>     48 OK</g>");
});
