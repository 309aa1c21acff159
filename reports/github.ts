/**
 * A run for GitHub Actions: annotations on the page of the workflow's run, and the step's summary.
 */
import { unreachable } from "../harness/core/errors.ts";
import type { ArmSummary, Failure, Summary } from "../harness/core/summary.ts";
import { count } from "../harness/core/units.ts";
import { markdown } from "./markdown.ts";
import { printable, printableLines, shortened } from "./printable.ts";
import { verdictLine } from "./verdict.ts";

/** GitHub shows so many of a kind for a step and drops the others without a word. */
const ANNOTATIONS_OF_A_KIND = 10;

/**
 * The runner cuts behind 4096 characters.
 *
 * @see actions/runner, src/Runner.Worker/ExecutionContext.cs, `_maxIssueMessageLength`
 */
const MESSAGE_WIDTH = 4000;

type Kind = "error" | "warning" | "notice";

interface Annotation {
  readonly kind: Kind;
  readonly title: string;
  readonly lines: readonly string[];
}

/** @see actions/runner, src/Runner.Common/ActionCommand.cs, `_escapeDataMappings` */
const escapedData = (text: string): string =>
  text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");

const escapedProperty = (text: string): string =>
  escapedData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");

const commandOf = ({ kind, title, lines }: Annotation): string => {
  const message = shortened(printableLines(lines.join("\n")), MESSAGE_WIDTH);
  return `::${kind} title=${escapedProperty(printable(title))}::${escapedData(message)}`;
};

const verdictAnnotation = (summary: Summary): Annotation => {
  const said = { title: `stress: ${verdictLine(summary)}`, lines: summary.reasons };
  switch (summary.verdict) {
    case "holds":
      return { kind: "notice", ...said };
    // The step fails on it as well: too little data is no pass.
    case "unknown":
    case "violated":
      return { kind: "error", ...said };
    default:
      return unreachable(summary.verdict);
  }
};

/** Where something particular was expected of the run, a failure alone is no reason for the verdict. */
const failureAnnotation = (kind: Kind, arm: ArmSummary, failure: Failure): Annotation => ({
  kind,
  title: `${arm.id}: ${String(failure.count)} × ${failure.label} (${failure.class})`,
  lines: [
    ...failure.causes.map(
      ({ cause, certainty, count: amount, example }) =>
        `${String(amount)} × ${cause ?? "not known"} (${certainty}): ${example}`,
    ),
    failure.example,
  ],
});

const expectationAnnotations = ({ expectations }: Summary): readonly Annotation[] =>
  expectations
    .filter(({ verdict }) => verdict !== "holds")
    .map(({ expectation, verdict, words, arms }) => ({
      kind: "error",
      title: `${verdict}: ${expectation}`,
      lines: [words, ...arms.map((each) => `${each.arm}: ${each.words}`)],
    }));

const profileAnnotations = ({ profiles }: Summary): readonly Annotation[] =>
  profiles.flatMap(({ name, skipped }) =>
    skipped === null
      ? []
      : [{ kind: "warning", title: `profile ${name} was skipped`, lines: [skipped] }],
  );

const leakAnnotations = ({ leaks }: Summary): readonly Annotation[] =>
  leaks.map(({ arm, wave, what }) => ({
    kind: "warning",
    title: `${arm}: wave ${String(wave)} left ${count(what.length, "object")} behind`,
    lines: what,
  }));

/** The last that is shown tells of those that are not. */
const shown = (annotations: readonly Annotation[]): readonly Annotation[] => {
  const more = annotations.length - ANNOTATIONS_OF_A_KIND;
  if (more <= 0) return annotations;
  const [first] = annotations;
  return [
    ...annotations.slice(0, ANNOTATIONS_OF_A_KIND - 1),
    {
      kind: first?.kind ?? "warning",
      title: `stress: ${String(more + 1)} more`,
      lines: ["The step's summary has them all."],
    },
  ];
};

/** Workflow commands, one a line; GitHub's runner takes them from stdout and stderr alike. */
export const annotations = (summary: Summary): readonly string[] => {
  const kindOfFailures = summary.expectations.length === 0 ? "error" : "warning";
  const failures = summary.arms.flatMap((arm) =>
    arm.failures.map((failure) => failureAnnotation(kindOfFailures, arm, failure)),
  );
  const all = [
    verdictAnnotation(summary),
    ...expectationAnnotations(summary),
    ...profileAnnotations(summary),
    ...leakAnnotations(summary),
    ...failures,
  ];
  return (["error", "warning", "notice"] as const)
    .flatMap((kind) => shown(all.filter((annotation) => annotation.kind === kind)))
    .map(commandOf);
};

/** For the end of a code block that the cut falls into: its fence is longer than any in it. */
const FENCE_ROOM = 4096;

const CUT = "\n\n**Cut here: GitHub takes no more. The whole report is in the run's directory.**\n";

const bytes = (text: string): number => Buffer.byteLength(text);

/** Ends a code block that is open at the end of these lines: whatever follows would be code. */
const closed = (lines: readonly string[]): readonly string[] => {
  let fence: string | null = null;
  for (const line of lines) {
    if (fence === null) fence = /^`{3,}/.exec(line)?.[0] ?? null;
    else if (line === fence) fence = null;
  }
  return fence === null ? lines : [...lines, fence];
};

/**
 * The report, whole where there is room for it.
 *
 * @param room - in bytes; GitHub refuses a summary of more than 1 MiB altogether
 */
export const stepSummary = (summary: Summary, room: number): string => {
  const report = markdown(summary);
  if (bytes(report) <= room) return report;
  const kept: string[] = [];
  let left = room - bytes(CUT) - FENCE_ROOM;
  for (const line of report.split("\n")) {
    left -= bytes(line) + 1;
    if (left < 0) break;
    kept.push(line);
  }
  return kept.length === 0 ? "" : `${closed(kept).join("\n")}${CUT}`;
};
