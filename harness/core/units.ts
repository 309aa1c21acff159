/**
 * Quantities with a unit, and the only place where numbers become text.
 */

declare const unit: unique symbol;

/** A duration or an instant on the run's own monotonic clock, in milliseconds, finite. */
export type Millis = number & { readonly [unit]: "ms" };

/**
 * @param value - milliseconds, finite; negative only for differences
 * @throws RangeError for NaN and infinities, which would spread silently through statistics
 */
export const millis = (value: number): Millis => {
  if (!Number.isFinite(value)) throw new RangeError(`not a duration: ${String(value)}`);
  return value as Millis;
};

export const seconds = (value: number): Millis => millis(value * 1000);

/** `4.3ms`, `950ms`, `20.1s`, `3m05s`: three significant figures where a reader compares them. */
export const formatMillis = (value: Millis): string => {
  const size = Math.abs(value);
  if (size < 9.95) return `${value.toFixed(1)}ms`;
  if (size < 999.5) return `${value.toFixed(0)}ms`;
  if (size < 99_950) return `${(value / 1000).toFixed(1)}s`;
  const whole = Math.round(value / 1000);
  return `${String(Math.trunc(whole / 60))}m${String(Math.abs(whole % 60)).padStart(2, "0")}s`;
};

/** A fraction of 1 as a percentage; one decimal below 10 % so that 0.4 % is not printed as 0 %. */
export const formatShare = (fraction: number): string => {
  const percent = fraction * 100;
  const rounded = percent > 0 && percent < 9.95 ? percent.toFixed(1) : percent.toFixed(0);
  return `${rounded.replace(/\.0$/, "")} %`;
};

/** The same to one decimal throughout, for shares that are compared: `12.5 %`; `< 0.1 %` is not nothing. */
export const formatFineShare = (fraction: number): string => {
  const rounded = (fraction * 100).toFixed(1);
  if (fraction > 0 && rounded === "0.0") return "< 0.1 %";
  return `${rounded.replace(/\.0$/, "")} %`;
};

/** The same for shares that are to be near 1: one decimal above 90 %, so that 99.6 % is not printed as 100 %. */
export const formatHighShare = (fraction: number): string => {
  const percent = fraction * 100;
  const rounded = percent > 90 && percent < 100 ? percent.toFixed(1) : percent.toFixed(0);
  return `${rounded.replace(/^100\.0$/, "99.9").replace(/\.0$/, "")} %`;
};

/** A difference of two shares, in points of a hundred: `+12.5`, `-3`, `0`. */
export const formatPoints = (fraction: number): string => {
  const rounded = Number((fraction * 100).toFixed(1));
  return rounded > 0 ? `+${String(rounded)}` : String(rounded + 0);
};

/** A p-value: `0.031`, `< 0.001`. */
export const formatChance = (p: number): string =>
  p < 0.001 ? "< 0.001" : String(Number(p.toPrecision(2)));

/** The same with its sign: `= 0.031`, `< 0.001`; behind `p`, or what else it is of. */
export const chanceRelation = (p: number): string => {
  const chance = formatChance(p);
  return chance.startsWith("<") ? chance : `= ${chance}`;
};

/** `1 job`, `3 jobs`. */
export const count = (amount: number, noun: string, plural = `${noun}s`): string =>
  `${String(amount)} ${amount === 1 ? noun : plural}`;

/** `412 kB`, `169 MB`, `2.1 GB`: decimal units, as disks are sold. */
export const formatBytes = (bytes: number): string => {
  if (bytes < 999_500) return `${(bytes / 1000).toFixed(0)} kB`;
  if (bytes < 999_500_000) return `${(bytes / 1_000_000).toFixed(0)} MB`;
  return `${(bytes / 1_000_000_000).toFixed(1)} GB`;
};
