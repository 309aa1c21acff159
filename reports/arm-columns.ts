/** The arms side by side: the cells of the table on the terminal and of the one in the report. */
import { formatInterval } from "../harness/core/statistics.ts";
import type { Rate, Spread } from "../harness/core/measures.ts";
import type { ArmSummary } from "../harness/core/summary.ts";
import { formatMillis, formatShare, millis } from "../harness/core/units.ts";
import { printable } from "./printable.ts";

/** Where there is nothing to say. */
export const NOTHING = "–";

export const durationText = (value: number): string => formatMillis(millis(value));

/** `20.1s`, and the range where there is one: `20.1s (19.2s–21.0s)`. */
export const spreadText = (spread: Spread): string => {
  if (spread === null) return NOTHING;
  const middle = durationText(spread.median);
  const [min, max] = [durationText(spread.min), durationText(spread.max)];
  return min === max ? middle : `${middle} (${min}–${max})`;
};

const rateText = (rate: Rate): string =>
  rate === null ? NOTHING : `${formatShare(rate.value)} (${formatInterval(rate)})`;

/** Lines per job, to one decimal: the base rate is a dozen, and a tenth of it would matter. */
const perJobText = (value: number | null): string =>
  value === null ? NOTHING : String(Math.round(value * 10) / 10);

/** `2 port.already_allocated, 1 unknown`, in the order of the failures. */
const classesText = ({ failures }: ArmSummary): string => {
  const counts = new Map<string, number>();
  for (const failure of failures) {
    counts.set(failure.class, (counts.get(failure.class) ?? 0) + failure.count);
  }
  return [...counts].map(([name, amount]) => `${String(amount)} ${printable(name)}`).join(", ");
};

interface Column {
  readonly title: string;
  readonly align: "left" | "right";
  readonly cell: (arm: ArmSummary) => string;
}

export const ARM_COLUMNS: readonly Column[] = [
  { title: "arm", align: "left", cell: ({ id }) => printable(id) },
  { title: "N", align: "right", cell: ({ n }) => String(n) },
  {
    title: "waves",
    align: "right",
    cell: ({ waves }) => `${String(waves.finished)}/${String(waves.planned)}`,
  },
  { title: "OK", align: "right", cell: ({ jobs }) => String(jobs.ok) },
  { title: "failed", align: "right", cell: ({ jobs }) => String(jobs.failed) },
  { title: "unfinished", align: "right", cell: ({ jobs }) => String(jobs.unfinished) },
  {
    title: "failure rate (95 %)",
    align: "left",
    cell: ({ failureRate }) => rateText(failureRate),
  },
  { title: "burst", align: "left", cell: ({ burst }) => spreadText(burst) },
  { title: "skew", align: "left", cell: ({ launchSkew }) => spreadText(launchSkew) },
  { title: "in flight", align: "right", cell: ({ inFlight }) => String(inFlight) },
  {
    title: "harness",
    align: "right",
    cell: ({ harnessShare }) => (harnessShare === null ? NOTHING : formatShare(harnessShare)),
  },
  {
    title: "netns/job",
    align: "right",
    cell: ({ netnsRestorePerJob }) => perJobText(netnsRestorePerJob),
  },
  {
    title: "retries",
    align: "right",
    cell: ({ portRetries }) => (portRetries === null ? NOTHING : String(portRetries)),
  },
  { title: "failures", align: "left", cell: (arm) => classesText(arm) || NOTHING },
];
