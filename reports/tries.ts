/**
 * What trying again was worth: how many jobs were OK at which try.
 */
import { formatInterval } from "../harness/core/statistics.ts";
import type { TryCurve } from "../harness/core/tries.ts";
import { count, formatShare } from "../harness/core/units.ts";
import { list } from "./markup.ts";
import type { Paint } from "./paint.ts";
import { printable } from "./printable.ts";

const curveText = ({ arm, jobs, repeated, steps, never }: TryCurve): string => {
  const curve = steps.map(({ tries, ok, failures }) => {
    const rate =
      failures === null
        ? ""
        : `, ${formatShare(failures.value)} (${formatInterval(failures)}) would have failed without more`;
    return `${String(ok)} at try ${String(tries)}${rate}`;
  });
  return (
    `${arm}: of ${count(jobs, "job")}, ${curve.join("; ")}; ${String(never)} never ` +
    `(${count(repeated, "call was", "calls were")} made again)`
  );
};

/** Empty where nothing was tried again. */
export const triesText = (curves: readonly TryCurve[], paint: Paint): string =>
  curves.length === 0
    ? ""
    : [
        paint.dim("OK by try"),
        ...curves.map((curve) => `- ${printable(curveText(curve))}`),
        "",
      ].join("\n");

/** A section of the report; none where nothing was tried again. */
export const triesMarkdown = (curves: readonly TryCurve[]): readonly string[] =>
  curves.length === 0 ? [] : ["## OK by try", list(curves.map(curveText))];
