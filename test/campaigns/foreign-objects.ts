/**
 * Removes from dishonest engines for as long as is asked: `npm run build && node
 * dist/test/campaigns/foreign-objects.js [SEED [TRIALS]]`. Exits with 1 and the smallest counterexample where
 * something foreign is removed.
 */
import fc from "fast-check";
import { nothingForeignIsRemoved } from "../docker/client/foreign-objects.ts";

const [seed = Date.now() % 2 ** 31, trials = 5000] = process.argv.slice(2).map(Number);
const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

say(`seed ${String(seed)}: ${String(trials)} dishonest engines`);
let removals = 0;
const property = nothingForeignIsRemoved((removed) => {
  removals += removed;
});
await fc.assert(property, { seed, numRuns: trials });
say(`${String(removals)} objects were removed, none of them foreign`);
