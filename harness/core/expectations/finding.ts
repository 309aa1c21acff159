/**
 * On which side of a bound the truth lies, as far as the data show, and the words for it.
 */
import { formatMillis, millis } from "../units.ts";

export interface Finding {
  /** Null: the data allow both. */
  readonly side: "below" | "above" | null;
  /** The numbers and what follows, without the arm's name. */
  readonly words: string;
}

/** How likely an error may be, one-sided: in calling the truth below the bound, and above it. */
export interface Alphas {
  readonly below: number;
  readonly above: number;
}

/** Three significant figures: a bound of 0.997 % is not 1 %. */
export const shareText = (fraction: number): string =>
  `${String(Number((100 * fraction).toPrecision(3)))} %`;

/** `95 %`, `99.98 %`. */
export const confidenceText = (alpha: number): string =>
  `${String(Number((100 * (1 - alpha)).toPrecision(alpha < 1e-4 ? 7 : 4)))} %`;

export const timeText = (value: number): string => formatMillis(millis(value));
