import { CLASSES, isFailureClass } from "../harness/core/classes.ts";
import { adviceFor, CAUSES } from "../harness/core/causes.ts";
import type { ArmSummary, Failure, Leak, ShownCause, Summary } from "../harness/core/summary.ts";
import { letsDaemonChoose } from "../harness/core/modes.ts";
import { count } from "../harness/core/units.ts";
import { ARM_COLUMNS, durationText, NOTHING, spreadText } from "./arm-columns.ts";
import { calibrationMarkdown } from "./calibration.ts";
import { left, right } from "./columns.ts";
import { comparisonMarkdown } from "./comparison.ts";
import { datapathMarkdown } from "./datapath.ts";
import { expectationsMarkdown, interimMarkdown } from "./expectations.ts";
import { escaped, fenced, list, tableOf } from "./markup.ts";
import { shortened } from "./printable.ts";
import { portTraceMarkdown } from "./port-trace.ts";
import { routesMarkdown } from "./routes.ts";
import { runnersMarkdown } from "./runners.ts";
import { signalsMarkdown } from "./signals.ts";
import { setupsMarkdown } from "./setups.ts";
import { soakMarkdown } from "./soak.ts";
import { triesMarkdown } from "./tries.ts";
import { verdictLine } from "./verdict.ts";

/** Room for one message; the summary and the journal hold it whole. */
const EXAMPLE_WIDTH = 4000;

/** Jobs named per failure; the summary names all. */
const JOBS_NAMED = 8;

const armsTable = ({ arms }: Summary): string =>
  tableOf({
    head: ARM_COLUMNS,
    rows: arms.map((arm) => ARM_COLUMNS.map(({ cell }) => cell(arm))),
  });

const COLUMNS_EXPLAINED =
  "Failure rate: with its Wilson interval. Burst: from the gate to the last job's end, median and range of " +
  "the waves. Skew: from the first job's first request to the last job's. In flight: most calls to the " +
  "daemon at once. Harness: the harness's own share of the processors. Netns/job: lines about the thread's " +
  "network namespace in the daemon's log, which have a base rate on every rootless engine from 29.5 on. " +
  "Retries: how often the daemon's log says that it tried another dynamic port.";

const jobsText = ({ jobs }: Failure): string => {
  const more = jobs.length - JOBS_NAMED;
  const named = jobs.slice(0, JOBS_NAMED).join(", ");
  return more > 0 ? `${named} and ${String(more)} more` : named;
};

const classText = (failure: Failure): string => {
  if (!isFailureClass(failure.class)) return `${failure.class}.`;
  const { meaning, retry } = CLASSES[failure.class];
  return `${failure.class}: ${meaning}. Worth a retry: ${retry}.`;
};

const causeText = ({ cause, certainty, count: amount, example, after }: ShownCause): string => {
  const what = cause === null ? "not known" : `${cause} (${certainty}): ${CAUSES[cause].meaning}`;
  const when = after === null ? "" : ` Looked at within ${durationText(after)} of the failure.`;
  return `${String(amount)} × ${what}: ${example}.${when}`;
};

const adviceText = ({ mode }: ArmSummary, { causes }: Failure): readonly string[] => {
  const dynamic = letsDaemonChoose(mode);
  const advice = new Set(
    causes.flatMap(({ cause }) => (cause === null ? [] : adviceFor(cause, { dynamic }))),
  );
  return [...advice].map((each) => `What helps: ${escaped(each)}.`);
};

const failureSection = (arm: ArmSummary, failure: Failure): string => {
  const looked = failure.causes.filter(({ after }) => after !== null);
  return [
    `### ${escaped(arm.id)}: ${String(failure.count)} × ${escaped(failure.label)}`,
    escaped(classText(failure)),
    ...(looked.length === 0 ? [] : [list(looked.map(causeText))]),
    ...adviceText(arm, failure),
    `Jobs: ${escaped(jobsText(failure))}.`,
    fenced(shortened(failure.example, EXAMPLE_WIDTH)),
  ].join("\n\n");
};

const failures = ({ arms }: Summary): readonly string[] => {
  const sections = arms.flatMap((arm) =>
    arm.failures.map((failure) => failureSection(arm, failure)),
  );
  return sections.length === 0 ? [] : ["## Failures", ...sections];
};

const phases = ({ arms }: Summary): readonly string[] => {
  const rows = arms.flatMap((arm) => [
    ...arm.phases.map((phase) => [
      arm.id,
      phase.operation,
      String(phase.samples),
      durationText(phase.median),
      durationText(phase.p95),
    ]),
    ...(arm.teardown === null
      ? []
      : [
          [
            arm.id,
            "teardown of a wave",
            String(arm.teardown.samples),
            spreadText(arm.teardown),
            NOTHING,
          ],
        ]),
  ]);
  if (rows.length === 0) return [];
  const head = [left("arm"), left("operation"), right("samples"), right("median"), right("p95")];
  return ["## Durations", tableOf({ head, rows })];
};

const leakSection = ({ arm, wave, what }: Leak): string =>
  [
    `Wave ${String(wave)} of ${escaped(arm)} left ${count(what.length, "object")}:`,
    fenced(what.join("\n")),
  ].join("\n\n");

const leaks = (summary: Summary): readonly string[] =>
  summary.leaks.length === 0 ? [] : ["## Left behind", ...summary.leaks.map(leakSection)];

const rangeText = (range: readonly [number, number] | null): string =>
  range === null ? "not known" : `${String(range[0])}–${String(range[1])}`;

const GIBIBYTE = 1024 ** 3;

const fingerprint = ({ engine, tool, run, startedAt, elapsed }: Summary): string => {
  const components = Object.entries(engine.components);
  const images = Object.entries(engine.images);
  return tableOf({
    head: [left("what"), left("value")],
    rows: [
      ["tool", tool],
      ["run", `${run}, started ${startedAt}, took ${durationText(elapsed)}`],
      [
        "engine",
        `${engine.version} (API ${engine.apiVersion})${engine.simulated ? ", SIMULATED" : ""}`,
      ],
      ["address", engine.address],
      ["rootless", engine.rootless ? "yes" : "no"],
      ...components.map(([name, version]) => [name, version]),
      ["storage driver", engine.storageDriver],
      ["cgroup driver", engine.cgroupDriver],
      ["network driver", engine.networkDriver ?? "not known"],
      ["port driver", engine.portDriver ?? "not known"],
      [
        "machine",
        `${engine.architecture}, ${count(engine.cores, "core")}, ${(engine.memoryBytes / GIBIBYTE).toFixed(1)} GiB`,
      ],
      ["system", `${engine.operatingSystem}, kernel ${engine.kernel}`],
      ["ports of the host", rangeText(engine.hostPortRange)],
      ["ports of the engine", rangeText(engine.enginePortRange)],
      ...images.map(([reference, id]) => [`image ${reference}`, id]),
    ],
  });
};

const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;

const commandLine = ({ command }: Summary): string => ["stress", ...command].map(quoted).join(" ");

/** The whole report: what happened, what it rests on, and how to do it again. */
export const markdown = (summary: Summary): string => {
  const sections = [
    `# stress: ${escaped(verdictLine(summary))}`,
    list(summary.reasons),
    "## Arms",
    armsTable(summary),
    COLUMNS_EXPLAINED,
    ...setupsMarkdown(summary.profiles),
    ...expectationsMarkdown(summary.expectations),
    ...interimMarkdown(summary.interim),
    ...(summary.comparison === null ? [] : comparisonMarkdown(summary.comparison)),
    ...failures(summary),
    ...runnersMarkdown(summary.runners),
    ...routesMarkdown(summary.routes),
    ...datapathMarkdown(summary.datapath),
    ...triesMarkdown(summary.tries),
    ...(summary.portTraces.length === 0
      ? []
      : ["## Ports", ...summary.portTraces.flatMap(portTraceMarkdown)]),
    ...signalsMarkdown(summary.signals, summary.daemonLog),
    ...soakMarkdown(summary.soak),
    ...(summary.calibration === null ? [] : calibrationMarkdown(summary.calibration)),
    ...leaks(summary),
    ...phases(summary),
    "## Engine and machine",
    fingerprint(summary),
    "## Again",
    `The seed orders the arms of each block: ${escaped(summary.seed)}.`,
    fenced(commandLine(summary), "sh"),
  ];
  return `${sections.join("\n\n")}\n`;
};
