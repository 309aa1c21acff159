/**
 * Attacks commands with an engine that spoils its answers, for as long as is asked: `npm run build && node
 * dist/test/campaigns/hostile-engine.js [SEED [ATTACKS]]`. Prints each attack that a command did not take in order, and
 * exits with 1 if there was one.
 */
import { seeded } from "../../harness/core/random.ts";
import { attack, COMMANDS } from "../hostile/attack.ts";
import { SPOIL_NAMES } from "../hostile/hostile-engine.ts";

const [seed = String(Date.now() % 2 ** 31), attacks = "200"] = process.argv.slice(2);
const random = seeded(seed);
const pick = <Item>(items: readonly Item[]): Item => {
  const item = items[random.below(items.length)];
  if (item === undefined) throw new RangeError("nothing to choose from");
  return item;
};

/** A run asks its engine about so many times before its first wave. */
const MOST_PROPER = 40;

let bad = 0;
for (let round = 0; round < Number(attacks); round += 1) {
  const after = random.below(MOST_PROPER);
  const chosen = { command: pick(COMMANDS), spoil: pick(SPOIL_NAMES), after };
  const complaints = await attack(chosen);
  if (complaints.length === 0) continue;
  bad += 1;
  process.stdout.write(`${JSON.stringify(chosen)}: ${complaints.join("; ")}\n`);
}
process.stdout.write(
  `seed ${seed}: ${String(bad)} of ${attacks} attacks were not taken in order\n`,
);
process.exitCode = bad === 0 ? 0 : 1;
