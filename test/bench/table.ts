import { median, quantile, sorted } from "../../harness/core/statistics.ts";

/** One line of the benchmark: what was measured, against which promise. */
export interface Row {
  readonly what: string;
  readonly unit: string;
  /** One value a round, at least one. */
  readonly samples: readonly number[];
  /** The promise on the median; null for a line that only informs. */
  readonly atMost: number | null;
}

const text = (value: number): string =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);

export const holds = ({ samples, atMost }: Row): boolean =>
  atMost === null || median(sorted(samples)) <= atMost;

/** The rows as a Markdown table: median, quartiles and range of each, and whether the promise is kept. */
export const markdownTable = (rows: readonly Row[]): string => {
  const lines = rows.map((row) => {
    const samples = sorted(row.samples);
    const [low, high] = [samples[0] ?? NaN, samples.at(-1) ?? NaN];
    const cells = [
      row.what,
      `${text(median(samples))} ${row.unit}`.trim(),
      `${text(quantile(samples, 0.25))}–${text(quantile(samples, 0.75))}`,
      `${text(low)}–${text(high)}`,
      String(samples.length),
      row.atMost === null ? "" : `≤ ${String(row.atMost)}`,
      row.atMost === null ? "" : holds(row) ? "yes" : "**no**",
    ];
    return `| ${cells.join(" | ")} |`;
  });
  return [
    "| what | median | quartiles | range | rounds | promise | kept |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    ...lines,
    "",
  ].join("\n");
};
