/**
 * What is said of a comparison, and the correction for making many of them.
 */
import { z } from "zod";
import { holm } from "../fisher.ts";

/** What is called a difference: a corrected p below this. */
export const LEVEL = 0.05;

const p = z.number().min(0).max(1).nullable();

export const decisionSchema = z.object({
  /** What decides; null where there is too little to show any difference. */
  p,
  /** The smallest that p can be with so many waves and jobs; null where there is none. */
  smallestP: p,
  /** What decides after Holm's correction for how many were asked about at once. */
  adjustedP: p,
  /** `unknown`: too few waves to show any difference, or any among so many questions. */
  verdict: z.enum(["differs", "no difference shown", "unknown"]),
});
export type Decision = z.infer<typeof decisionSchema>;

/** Nothing can be decided. */
export const UNDECIDED = {
  p: null,
  smallestP: null,
  adjustedP: null,
  verdict: "unknown",
} as const satisfies Decision;

interface Found {
  readonly p: number;
  readonly smallestP: number;
}

/** @param asked - how many were asked about at once */
const verdictOf = ({ smallestP }: Found, adjustedP: number, asked: number): Decision["verdict"] => {
  if (adjustedP < LEVEL) return "differs";
  return asked * smallestP < LEVEL ? "no difference shown" : "unknown";
};

/** Of a question that is asked alone. */
export const decided = (found: Found): Decision => ({
  p: found.p,
  smallestP: found.smallestP,
  adjustedP: found.p,
  verdict: verdictOf(found, found.p, 1),
});

/**
 * All that was asked at once, each judged by its corrected p: however many there are, the chance that any of them is called
 * different by accident stays below 0.05. What has no p is not asked.
 */
export const corrected = <Item extends Decision>(items: readonly Item[]): readonly Item[] => {
  const adjusted = holm(items.flatMap((item) => item.p ?? []));
  let next = 0;
  return items.map((item) => {
    if (item.p === null) return item;
    const adjustedP = adjusted[next] ?? 1;
    next += 1;
    const found = { p: item.p, smallestP: item.smallestP ?? 0 };
    return { ...item, adjustedP, verdict: verdictOf(found, adjustedP, adjusted.length) };
  });
};
