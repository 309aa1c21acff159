import { NOTHING } from "./arm-columns.ts";

/** A p-value: `0.031`, `< 0.001`. */
export const chanceText = (p: number | null): string =>
  p === null ? NOTHING : p < 0.001 ? "< 0.001" : String(Number(p.toPrecision(2)));
