/**
 * The same run on several machines, side by side.
 */
import type { RunComparison } from "../harness/core/comparison/compare-runs.ts";
import type { Summary } from "../harness/core/summary.ts";
import { ARM_COLUMNS } from "./arm-columns.ts";
import { columns, left } from "./columns.ts";
import { jsonText } from "./json-text.ts";
import type { Paint } from "./paint.ts";
import { printable } from "./printable.ts";
import { runComparisonText } from "./run-comparison.ts";
import { verdictLine } from "./verdict.ts";

export type HostReport =
  | {
      readonly kind: "fetched";
      readonly host: string;
      readonly summary: Summary;
      /** Where its journal and reports are here. */
      readonly directory: string;
      /** What it ended with over there. */
      readonly exitCode: number | null;
    }
  | { readonly kind: "lost"; readonly host: string; readonly why: string };

type Fetched = Extract<HostReport, { readonly kind: "fetched" }>;

const armTable = (fetched: readonly Fetched[], paint: Paint): string => {
  const rows = fetched.flatMap(({ host, summary }) =>
    summary.arms.map((arm) => [printable(host), ...ARM_COLUMNS.map(({ cell }) => cell(arm))]),
  );
  const [titles = "", ...lines] = columns({ head: [left("host"), ...ARM_COLUMNS], rows });
  return [paint.dim(titles), ...lines].map((line) => `${line}\n`).join("");
};

const verdictText = (report: HostReport, paint: Paint): string => {
  if (report.kind === "lost") {
    return paint.bad(`${printable(report.host)}: UNKNOWN: ${printable(report.why)}`);
  }
  const { host, summary } = report;
  const line = `${printable(host)}: run ${printable(summary.run)}: ${verdictLine(summary)}`;
  return report.summary.verdict === "holds" ? paint.good(line) : paint.bad(line);
};

/** @param comparison - of the runs that were fetched; null where there are not two */
export const hostsText = (
  reports: readonly HostReport[],
  comparison: RunComparison | null,
  paint: Paint,
): string => {
  const fetched = reports.filter((report) => report.kind === "fetched");
  const parts = [
    fetched.length === 0 ? "" : armTable(fetched, paint),
    comparison === null ? "" : runComparisonText(comparison, paint),
    reports.map((report) => `${verdictText(report, paint)}\n`).join(""),
  ];
  return parts.filter((part) => part !== "").join("\n");
};

/** Schema `stress.hosts/1`: each host with its summary, or with why there is none. */
export const hostsJson = (
  reports: readonly HostReport[],
  comparison: RunComparison | null,
): string =>
  jsonText({
    schema: "stress.hosts/1",
    comparison,
    hosts: reports.map((report) =>
      report.kind === "lost"
        ? { host: report.host, lost: report.why }
        : {
            host: report.host,
            directory: report.directory,
            exitCode: report.exitCode,
            summary: report.summary,
          },
    ),
  });
