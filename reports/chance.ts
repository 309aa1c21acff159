import { formatChance } from "../harness/core/units.ts";
import { NOTHING } from "./arm-columns.ts";

/** A p-value: `0.031`, `< 0.001`; a dash where there is none. */
export const chanceText = (p: number | null): string => (p === null ? NOTHING : formatChance(p));
