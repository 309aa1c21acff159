/**
 * What `stress explain` prints: one page for a failed job, in words that a reader can check line by line.
 */
import type { Explanation, Page } from "../harness/core/explanation.ts";
import { count } from "../harness/core/units.ts";
import {
  PAGE_WIDTH,
  paragraph,
  sectionsOf,
  wrapped,
  type Section,
} from "./explanation-sections.ts";
import { jsonText } from "./json-text.ts";
import { escaped, fenced, list } from "./markup.ts";
import type { Paint } from "./paint.ts";

const MOST_ALIKE = 8;

const alikeWords = (jobs: readonly string[], where: string): readonly string[] => {
  if (jobs.length === 0) return [];
  const named = jobs.slice(0, MOST_ALIKE).join(", ");
  const more = jobs.length - MOST_ALIKE;
  return [
    `and ${String(jobs.length)} more like it${where}: ${named}${more > 0 ? ` and ${String(more)} more` : ""}`,
  ];
};

/** What counts and what does not, in lines of their own. */
const likesOf = ({ profile, alike, alikeInWarmups }: Page): readonly string[] => {
  const where = profile === null ? "" : ` on profile ${profile}`;
  return [
    ...alikeWords(alike, where),
    ...alikeWords(alikeInWarmups, `${where} in warm-up waves, which do not count`),
  ];
};

const outcomeWords = ({ label, outcome, said }: Page): string => {
  if (label !== null) return `${label}, ${said?.class ?? "unknown"}`;
  return outcome === "ok"
    ? "OK: it did not fail"
    : "unfinished: it was cut off, and nothing can be said of it";
};

const titleOf = (page: Page, { run }: Explanation): string =>
  `job ${page.job} of run ${run}: ${outcomeWords(page)}`;

const placeOf = (page: Page, { waves, startedAt }: Explanation): string => {
  const { engine, profile, warmup } = page;
  const kit = engine.components["rootlesskit"];
  return [
    `wave ${String(page.wave)} of ${String(waves)}${warmup ? " (a warm-up: it does not count)" : ""}`,
    ...(profile === null ? [] : [`profile ${profile}`]),
    `${page.mode}, ${count(page.n, "job")} at once`,
    `Engine ${engine.version}${engine.rootless ? " rootless" : ""}${engine.simulated ? " SIMULATED" : ""}`,
    ...(kit === undefined ? [] : [`RootlessKit ${kit}`]),
    startedAt,
  ].join(", ");
};

const sectionText = ({ title, lines, items }: Section, paint: Paint): readonly string[] => [
  ...wrapped(title, "", "  ").map(paint.bold),
  ...lines.map((line) => (line.startsWith(">") ? paint.bad(line) : line)),
  ...items.flatMap((item) => wrapped(item, "  - ", "    ")),
];

const pageText = (page: Page, explanation: Explanation, paint: Paint): string => {
  const mark = page.outcome === "failed" ? paint.bad : paint.bold;
  const blocks = [
    [
      ...wrapped(titleOf(page, explanation), "", "  ").map((line) => paint.bold(mark(line))),
      ...paragraph(placeOf(page, explanation)),
    ],
    ...sectionsOf(page).map((section) => sectionText(section, paint)),
    ...likesOf(page).map((words) => wrapped(words, "", "  ")),
  ];
  return blocks.map((block) => `${block.join("\n")}\n`).join("\n");
};

const noPages = ({ jobs }: Explanation): string =>
  jobs.unfinished === 0
    ? `no job failed: ${String(jobs.ok)} OK`
    : `no job failed: ${String(jobs.ok)} OK, ${String(jobs.unfinished)} unfinished`;

/** For a terminal, 100 columns wide; a rule between two pages. */
export const explanationText = (explanation: Explanation, paint: Paint): string =>
  explanation.pages.length === 0
    ? `${noPages(explanation)}\n`
    : explanation.pages
        .map((page) => pageText(page, explanation, paint))
        .join(`\n${paint.dim("-".repeat(PAGE_WIDTH))}\n\n`);

const sectionMarkdown = ({ title, lines, items }: Section): readonly string[] => [
  `### ${escaped(title)}`,
  ...(lines.length === 0 ? [] : [fenced(lines.join("\n"))]),
  ...(items.length === 0 ? [] : [list(items)]),
];

const pageMarkdown = (page: Page, explanation: Explanation): readonly string[] => [
  `## ${escaped(titleOf(page, explanation))}`,
  escaped(placeOf(page, explanation)),
  ...sectionsOf(page).flatMap(sectionMarkdown),
  ...likesOf(page).map(escaped),
];

/** To paste into an issue. */
export const explanationMarkdown = (explanation: Explanation): string => {
  const parts =
    explanation.pages.length === 0
      ? [escaped(noPages(explanation))]
      : explanation.pages.flatMap((page) => pageMarkdown(page, explanation));
  return `${parts.join("\n\n")}\n`;
};

/** As schema `stress.explanation/1`: everything, also what has no room on a page. */
export const explanationJson = (explanation: Explanation): string => jsonText(explanation);
