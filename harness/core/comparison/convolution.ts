/**
 * The distribution of a sum of independent whole numbers, by value from 0, as shares of 1. In loops over indices, because
 * simulations and long runs spend their time here.
 */
export const convolved = (left: Float64Array, right: Float64Array): Float64Array => {
  const product = new Float64Array(left.length + right.length - 1);
  for (let i = 0; i < left.length; i += 1) {
    const share = left[i] ?? 0;
    if (share === 0) continue;
    for (let j = 0; j < right.length; j += 1) {
      product[i + j] = (product[i + j] ?? 0) + share * (right[j] ?? 0);
    }
  }
  return product;
};

/** In how many of all choices of `take` of these whole numbers do they have each sum? As shares of all choices. */
export const choiceSums = (numbers: readonly number[], take: number): Float64Array => {
  const most = numbers.reduce((a, b) => a + b, 0);
  // By how many were taken, then by sum; from the last to the first, so that no number is taken twice.
  const ways = Array.from({ length: take + 1 }, () => new Float64Array(most + 1));
  const none = ways[0];
  if (none !== undefined) none[0] = 1;
  for (const [index, number] of numbers.entries()) {
    for (let taken = Math.min(take, index + 1); taken >= 1; taken -= 1) {
      const [to, from] = [ways[taken], ways[taken - 1]];
      if (to === undefined || from === undefined) continue;
      for (let total = most; total >= number; total -= 1) {
        to[total] = (to[total] ?? 0) + (from[total - number] ?? 0);
      }
    }
  }
  const chosen = ways[take] ?? new Float64Array(0);
  const all = chosen.reduce((a, b) => a + b, 0);
  return chosen.map((amount) => amount / all);
};

/** What of a distribution lies at values that are chosen; at most 1, whatever rounding does. */
export const shareWhere = (
  distribution: Float64Array,
  isChosen: (value: number, share: number) => boolean,
): number => {
  let chosen = 0;
  for (let value = 0; value < distribution.length; value += 1) {
    const share = distribution[value] ?? 0;
    if (isChosen(value, share)) chosen += share;
  }
  return Math.min(1, chosen);
};
