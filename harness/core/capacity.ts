/**
 * How many networks an engine has room for, and where a plan will run out of them.
 */
import { z } from "zod";
import type { Pool } from "./known-engines.ts";
import type { JobPlan, WavePlan } from "./model.ts";

export const poolSchema = z.object({
  /** e.g. `172.17.0.0/16`. */
  base: z.string(),
  /** Prefix length of the subnets cut from it. */
  size: z.int().min(0).max(32),
});

export const capacitySchema = z.object({
  /** In the order in which the daemon takes from them. */
  pools: z.array(poolSchema).readonly(),
  /** Subnets that the pools are cut into. */
  total: z.int().nonnegative(),
  /** Networks that still fit, less those of existing networks and of routes in the way. */
  free: z.int().nonnegative(),
});
export type Capacity = z.infer<typeof capacitySchema>;

/** Addresses of IPv4 as numbers, both ends included. */
interface Span {
  readonly first: number;
  readonly last: number;
}

/** Null for what is no IPv4 prefix: IPv6 networks take nothing from these pools. */
const spanOf = (prefix: string): Span | null => {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)(?:\/(\d+))?$/.exec(prefix);
  if (match === null) return null;
  const [a = 0, b = 0, c = 0, d = 0] = match.slice(1, 5).map(Number);
  const size = 2 ** (32 - Number(match[5] ?? 32));
  const address = ((a * 256 + b) * 256 + c) * 256 + d;
  const first = Math.floor(address / size) * size;
  return { first, last: first + size - 1 };
};

/** True for a pool of IPv4: one of IPv6 has no subnet for the networks of a job. */
export const isIpv4 = ({ base }: Pick<Pool, "base">): boolean => spanOf(base) !== null;

interface PlacedPool {
  readonly span: Span;
  /** Addresses of one subnet. */
  readonly step: number;
}

/**
 * The pools as the daemon uses them: one whose addresses lie in another's is passed over. Measured on 28.5.2; 20.10.24
 * takes from such a pool as well where it stands first.
 */
const placed = (pools: readonly Pool[]): readonly PlacedPool[] => {
  const all = pools.flatMap(({ base, size }) => {
    const span = spanOf(base);
    return span === null ? [] : [{ span, step: 2 ** (32 - size) }];
  });
  const wider = (one: PlacedPool, other: PlacedPool): number =>
    other.span.last - other.span.first - (one.span.last - one.span.first);
  const kept: PlacedPool[] = [];
  for (const pool of all.toSorted(wider)) {
    const within = ({ span }: PlacedPool): boolean =>
      span.first <= pool.span.first && pool.span.last <= span.last;
    if (!kept.some(within)) kept.push(pool);
  }
  return kept;
};

/** How many subnets of a pool meet none of the spans. */
const freeIn = ({ span: pool, step }: PlacedPool, taken: readonly Span[]): number => {
  const total = Math.floor((pool.last - pool.first + 1) / step);
  // The subnets' numbers, from first to last, that each span meets; then their union.
  const met = taken
    .filter(({ first, last }) => last >= pool.first && first <= pool.last)
    .map(({ first, last }) => ({
      from: Math.max(0, Math.floor((first - pool.first) / step)),
      to: Math.min(total - 1, Math.floor((last - pool.first) / step)),
    }))
    .toSorted((one, other) => one.from - other.from);
  let covered = 0;
  let next = 0;
  for (const { from, to } of met) {
    const start = Math.max(from, next);
    if (to < start) continue;
    covered += to - start + 1;
    next = to + 1;
  }
  return total - covered;
};

/**
 * How many subnets can still be given away.
 *
 * @param taken - prefixes (`172.17.0.0/16`) or addresses that a subnet must not meet; IPv6 is passed over
 */
export const freeSubnets = (pools: readonly Pool[], taken: readonly string[]): number => {
  const spans = taken.flatMap((prefix) => spanOf(prefix) ?? []);
  return placed(pools).reduce((sum, pool) => sum + freeIn(pool, spans), 0);
};

/** @param taken - subnets of networks that exist, routes and nameservers: as for `freeSubnets` */
export const capacityOf = (pools: readonly Pool[], taken: readonly string[]): Capacity => ({
  pools,
  total: freeSubnets(pools, []),
  free: freeSubnets(pools, taken),
});

/** Networks that a job asks for before it gives any back. */
const networksOf = ({ phases }: Pick<JobPlan, "phases">): number =>
  phases.flat().filter(({ kind }) => kind === "network.create").length;

export interface Exhaustion {
  /** Its number in the run. */
  readonly wave: number;
  /** Which job to ask is the first that gets no network: 31 of 40. */
  readonly job: number;
}

/**
 * The first wave that asks for more networks than there are, all at once; null: they are enough for each. A wave
 * begins with what the one before has given back.
 *
 * @param waves - of one engine, in their order
 */
export const exhaustion = (
  { free }: Pick<Capacity, "free">,
  waves: readonly Pick<WavePlan, "index" | "jobs">[],
): Exhaustion | null => {
  for (const { index, jobs } of waves) {
    let asked = 0;
    for (const [position, job] of jobs.entries()) {
      asked += networksOf(job);
      if (asked > free) return { wave: index, job: position + 1 };
    }
  }
  return null;
};
