import { expect, test } from "vitest";
import { attack, COMMANDS, type Attack } from "./attack.ts";
import { SPOIL_NAMES } from "./hostile-engine.ts";

/** Every way of spoiling once, at a different command and after a different number of proper answers. */
const ATTACKS: readonly Attack[] = SPOIL_NAMES.filter((spoil) => spoil !== "silence").flatMap(
  (spoil, index) => {
    const [command = "clean"] = COMMANDS.slice(index % COMMANDS.length);
    return [{ spoil, command, after: 1 + (index % 3) }];
  },
);

test.each(ATTACKS)("$command ends in order when the engine answers with $spoil", async (each) => {
  expect(await attack(each)).toEqual([]);
});

test.each(COMMANDS)(
  "%s ends at the first Ctrl-C while a silent engine is waited for",
  async (command) => {
    expect(await attack({ command, spoil: "silence", after: 2 })).toEqual([]);
  },
);
