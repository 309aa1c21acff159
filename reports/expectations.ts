/**
 * What became of expectations, for the terminal and for the report.
 */
import type { Interim } from "../harness/core/expectations/interim.ts";
import type { ArmFinding, ExpectationVerdict } from "../harness/core/expectations/verdict.ts";
import { escaped, list } from "./markup.ts";
import type { Paint } from "./paint.ts";
import { printable } from "./printable.ts";

const MARK: Readonly<Record<ExpectationVerdict["verdict"], string>> = {
  holds: "holds",
  violated: "VIOLATED",
  unknown: "unknown",
};

const painted = ({ verdict }: Pick<ExpectationVerdict, "verdict">, paint: Paint): string => {
  const mark = MARK[verdict].padEnd(8);
  return verdict === "holds" ? paint.good(mark) : paint.bad(mark);
};

const armText = ({ arm, words }: ArmFinding): string => `${arm}: ${words}`;

/** What there is to say below an expectation: each arm, those first that decide. */
const linesOf = ({ arms, words, verdict }: ExpectationVerdict): readonly string[] =>
  arms.length === 0
    ? [words]
    : arms
        .toSorted((a, b) => Number(b.verdict === verdict) - Number(a.verdict === verdict))
        .map((each) =>
          each.verdict === verdict ? armText(each) : `${armText(each)} (${MARK[each.verdict]})`,
        );

/** Empty where nothing was expected in particular. */
export const expectationsText = (verdicts: readonly ExpectationVerdict[], paint: Paint): string => {
  if (verdicts.length === 0) return "";
  const lines = verdicts.flatMap((each) => [
    `${painted(each, paint)}  ${printable(each.expectation)}`,
    ...linesOf(each).map((line) => `          ${paint.dim(printable(line))}`),
  ]);
  return [paint.bold("expectations"), ...lines].map((line) => `${line}\n`).join("");
};

const EXPLAINED =
  "An expectation holds, or is violated, where the data show it with 95 % confidence; all else is unknown. Rates: exact " +
  "one-sided bounds, for as many independent jobs as those of a wave are worth. Times: bounds by order statistics; " +
  "medians against each other by Mann and Whitney's test.";

/** Sections of the report; none where nothing was expected. */
export const expectationsMarkdown = (verdicts: readonly ExpectationVerdict[]): readonly string[] =>
  verdicts.length === 0
    ? []
    : [
        "## Expectations",
        ...verdicts.flatMap((each) => [
          `**${MARK[each.verdict]}**: ${escaped(each.expectation)}`,
          list(linesOf(each)),
        ]),
        EXPLAINED,
      ];

const findingText = ({
  about,
  verdict,
  decidedAfter,
  words,
}: Interim["findings"][number]): string => {
  const when = decidedAfter === null ? "undecided" : `${verdict}, block ${String(decidedAfter)}`;
  return `${about}: ${when}: ${words}`;
};

/** The last look at a run that stops at its verdict; empty where there was none. */
export const interimText = (last: Interim | null, paint: Paint): string =>
  last === null
    ? ""
    : [
        paint.bold(`last look, ${printable(last.words)}`),
        ...last.findings.map((finding) => `  ${printable(findingText(finding))}`),
      ]
        .map((line) => `${line}\n`)
        .join("");

const LOOKS_EXPLAINED =
  "The run was looked at block by block. The earlier a look, the surer it has to be (Lan and DeMets, O'Brien–Fleming " +
  "type), so that all looks together are wrong in 5 % of runs; a comparison made at the end, as if it were the only one, " +
  "is wrong a little more often.";

export const interimMarkdown = (last: Interim | null): readonly string[] =>
  last === null
    ? []
    : [
        "## Looks on the way",
        escaped(`Last look, ${last.words}.`),
        ...(last.findings.length === 0 ? [] : [list(last.findings.map(findingText))]),
        LOOKS_EXPLAINED,
      ];
