/**
 * Would the arms differ as much if each block's waves had been dealt to them otherwise? Asks nothing of how the jobs of a
 * wave hang together, because waves stay whole.
 */
import type { Random } from "../random.ts";
import { shuffled } from "../random.ts";
import { sum } from "../statistics.ts";
import { choiceSums, convolved, shareWhere } from "./convolution.ts";

/** Failures of each wave of a block, by arm. All waves have the same number of jobs. */
export interface BlockOfWaves {
  readonly first: readonly number[];
  readonly second: readonly number[];
}

/** Steps of the exact distribution that are taken at most; a second's worth. */
const MOST_STEPS = 3e7;

/** Deals where the exact distribution is too large. */
const DEALS = 4_000;

/** Sums that rounding moved by less than this are equal; failures are whole, their expectation is a fraction. */
const ROUNDING = 1e-9;

const exactP = (blocks: readonly BlockOfWaves[], isExtreme: (total: number) => boolean): number => {
  const distribution = blocks
    .map(({ first, second }) => choiceSums([...first, ...second], first.length))
    .reduce(convolved);
  return shareWhere(distribution, isExtreme);
};

/** The observed deal counts as one of them, so that the p is never 0 and never too small. */
const drawnP = (
  blocks: readonly BlockOfWaves[],
  isExtreme: (total: number) => boolean,
  random: Random,
): number => {
  let extreme = 1;
  for (let deal = 0; deal < DEALS; deal += 1) {
    const totals = blocks.map(({ first, second }) =>
      sum(shuffled([...first, ...second], random).slice(0, first.length)),
    );
    if (isExtreme(sum(totals))) extreme += 1;
  }
  return extreme / (DEALS + 1);
};

const stepsOf = (blocks: readonly BlockOfWaves[]): number => {
  let [steps, before] = [0, 1];
  for (const { first, second } of blocks) {
    const most = sum(first) + sum(second);
    steps += (first.length + second.length) * first.length * (most + 1) + before * (most + 1);
    before += most;
  }
  return steps;
};

/**
 * Two-sided p of dealing whole waves to the arms anew within each block, which for one wave each is flipping the signs of
 * the blocks' differences. Exact, unless its distribution is too large to work out; then by 4,000 seeded deals.
 *
 * Of k blocks with one wave each the smallest p is 2 / 2^k: fewer than six can show nothing at 0.05.
 *
 * @returns null where no block has waves of both arms
 * @see Fisher, The Design of Experiments (1935), chapter 3; Pitman, J. Roy. Stat. Soc. Suppl. 4 (1937), 119–130
 */
export const wavePermutation = (given: readonly BlockOfWaves[], random: Random): number | null => {
  const blocks = given.filter(({ first, second }) => first.length > 0 && second.length > 0);
  if (blocks.length === 0) return null;
  const observed = sum(blocks.map(({ first }) => sum(first)));
  const expected = sum(
    blocks.map(({ first, second }) => {
      const share = first.length / (first.length + second.length);
      return share * (sum(first) + sum(second));
    }),
  );
  const distance = Math.abs(observed - expected);
  const isExtreme = (total: number): boolean => Math.abs(total - expected) >= distance - ROUNDING;
  return stepsOf(blocks) <= MOST_STEPS
    ? exactP(blocks, isExtreme)
    : drawnP(blocks, isExtreme, random);
};
