/** A source of reproducible numbers: the same seed gives the same sequence on every machine. */
export interface Random {
  /** A fraction, 0 ≤ x < 1, with 32 bits. */
  readonly next: () => number;
  /** A whole number, 0 ≤ x < `below`; `below` is at least 1. */
  readonly below: (below: number) => number;
}

/** FNV-1a, 32 bits: spreads a seed's text (a number, a word, a commit hash) over the state. */
const hash = (text: string): number => {
  let state = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    state = Math.imul(state ^ text.charCodeAt(index), 0x01000193);
  }
  return state >>> 0;
};

/**
 * mulberry32: 32 bits of state, passes gjrand; enough to order blocks and draw faults, not for secrets.
 *
 * @param seed - any text; the run prints it so that the order of blocks can be repeated
 */
export const seeded = (seed: string): Random => {
  let state = hash(seed);
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return { next, below: (below) => Math.floor(next() * below) };
};

/** Fisher–Yates: every order equally likely; the argument is left as it was. */
export const shuffled = <Item>(items: readonly Item[], random: Random): readonly Item[] => {
  const result = [...items];
  for (let last = result.length - 1; last > 0; last -= 1) {
    const chosen = random.below(last + 1);
    const [a, b] = [result[last], result[chosen]];
    if (a === undefined || b === undefined) continue;
    result[last] = b;
    result[chosen] = a;
  }
  return result;
};
