import { expect, test } from "vitest";
import { history } from "../../harness/core/history.ts";
import type { Arm, Mode } from "../../harness/core/model.ts";
import { sweepOf, sweepSchema, type Sweep } from "../../harness/core/sweep/sweep.ts";
import type { Paint } from "../../reports/paint.ts";
import { sweepJson, sweepMarkdown, sweepText } from "../../reports/sweep.ts";
import { arm, journalOf, refused, type RunScript, type Wrong } from "../harness/core/history.ts";

const same = (words: string): string => words;
const PLAIN: Paint = { good: same, bad: same, dim: same, bold: same };

const armAt = (mode: Mode, n: number): Arm => ({ ...arm(mode, n), id: `${mode}/n${String(n)}` });

const EXHAUSTED = [
  refused("network.create", null, "all predefined address pools have been fully subnetted"),
];

interface Swept {
  readonly ns: readonly number[];
  readonly waves: number;
  readonly failing: (n: number) => number;
  readonly mode?: Mode;
}

/** Each wave a little slower than the one before, and all the slower the more jobs. */
const sweepFrom = (swept: readonly Swept[], changes: Partial<RunScript> = {}): Sweep => {
  const scripts = swept.flatMap(({ ns, waves, failing, mode = "noports" }) =>
    ns.flatMap((n) =>
      Array.from({ length: waves }, (_, wave) => ({
        arm: `${mode}/n${String(n)}`,
        slowness: (1 + n / 10) * (1 + wave / 50),
        wrong: Object.fromEntries(
          Array.from({ length: failing(n) }, (_each, job): [number, readonly Wrong[]] => [
            job + 1,
            EXHAUSTED,
          ]),
        ),
      })),
    ),
  );
  const arms = swept.flatMap(({ ns, mode = "noports" }) => ns.map((n) => armAt(mode, n)));
  return sweepOf(history(journalOf({ arms, waves: scripts, ...changes })));
};

const EXHAUSTING = sweepFrom([
  { ns: [1, 8, 31, 40], waves: 3, failing: (n) => Math.max(0, n - 30) },
  { ns: [1, 8], waves: 3, failing: () => 0, mode: "ports" },
]);

test("a sweep is rendered for the terminal and for the report", async () => {
  await expect(sweepText(EXHAUSTING, PLAIN)).toMatchFileSnapshot("goldens/sweep.text.golden");
  await expect(sweepMarkdown(EXHAUSTING)).toMatchFileSnapshot("goldens/sweep.report.golden");
});

test("its JSON is the schema's, and says the same", () => {
  expect(sweepSchema.parse(JSON.parse(sweepJson(EXHAUSTING)))).toEqual(EXHAUSTING);
  expect(EXHAUSTING.curves.map(({ id }) => id)).toEqual(["noports", "ports"]);
});

test.each<[string, Swept, string]>([
  [
    "no failure in many jobs",
    { ns: [1, 32], waves: 4, failing: () => 0 },
    "- no job failed up to N=32: there 0 of 128 (0–2.9 %)\n- N5 and N50 are above 32\n",
  ],
  [
    "no failure in a few",
    { ns: [1, 4], waves: 2, failing: () => 0 },
    "- N50 is above 4; 8 jobs at N=4 are too few to say so of N5\n",
  ],
  [
    "no failure in next to none",
    { ns: [1, 2], waves: 1, failing: () => 0 },
    "- 2 jobs at N=2 are too few to say more\n",
  ],
  [
    "nothing but failures",
    { ns: [1, 4], waves: 2, failing: (n) => n },
    "- jobs failed from the smallest N on, at N=1: 2 of 2 (34–100 %)\n" +
      "- every job failed: N5 and N50 are not above 1, the smallest N\n" +
      "- burst: fewer than two numbers of jobs have a wave without failures: no serial share\n",
  ],
  [
    "one wave of each N",
    { ns: [1, 8, 16], waves: 1, failing: (n) => (n > 8 ? 4 : 0) },
    "- one wave of each N does not tell how far the jobs of a wave go together: ",
  ],
  [
    "one N",
    { ns: [8], waves: 3, failing: () => 2 },
    "- one number of jobs makes no curve: N5 and N50 take more of them\n",
  ],
  [
    "as many of few as of many",
    { ns: [4, 8, 16], waves: 3, failing: (n) => n / 4 },
    "- that the more are started at once the more of them fail is not shown, ",
  ],
])("%s is said in as many words", (_, swept, words) => {
  expect(sweepText(sweepFrom([swept]), PLAIN)).toContain(words);
});

test("a wave that did not run to its end leaves the sweep unknown", () => {
  const swept = [{ ns: [1, 8], waves: 3, failing: () => 0 }];
  expect(sweepFrom(swept).verdict).toBe("measured");
  const broken = sweepFrom(swept, { planned: 8, ended: "interrupted" });
  expect(broken.verdict).toBe("unknown");
  expect(sweepText(broken, PLAIN)).toMatch(/\nUNKNOWN: 2 of 8 waves did not run to their end\n$/);
});

test("failures here and there leave it unknown too", () => {
  const scattered = sweepFrom([{ ns: [4, 8, 16], waves: 3, failing: (n) => n / 4 }]);
  expect(scattered.verdict).toBe("unknown");
  expect(sweepText(scattered, PLAIN)).toMatch(/\nUNKNOWN: not clear where failures begin\n$/);
});
