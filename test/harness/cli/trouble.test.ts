import { expect, test } from "vitest";
import type { EngineChoice } from "../../../harness/cli/engine-choice.ts";
import { refuseTrouble } from "../../../harness/cli/trouble.ts";
import { StressError } from "../../../harness/core/errors.ts";
import { MODES, type Mode } from "../../../harness/core/model.ts";
import { NEMESIS_KINDS, parseNemesis } from "../../../harness/core/nemesis.ts";

interface Case {
  readonly nemesis: string;
  readonly engine?: EngineChoice;
  readonly sharedEngine?: boolean;
  readonly modes?: readonly Mode[];
}

const refuse = ({ nemesis, engine = { kind: "auto" }, ...more }: Case) => {
  const { sharedEngine = false, modes = ["ports"] } = more;
  refuseTrouble([parseNemesis(nemesis)], { engine, sharedEngine, modes });
};

test.each<[Case, string]>([
  [{ nemesis: "slow-daemon" }, "add --engine managed"],
  [{ nemesis: "kill-daemon" }, "add --engine managed"],
  [{ nemesis: "second-engine" }, "add --engine managed"],
  [
    { nemesis: "occupy:1:forward" },
    "--nemesis occupy:1:forward is for an engine of our own: add --engine managed",
  ],
  [{ nemesis: "exhaust-subnets", sharedEngine: true }, "does not go with --shared-engine"],
  [{ nemesis: "occupy:1", modes: ["noports"] }, "--mode noports publishes none"],
  [
    { nemesis: "second-engine", engine: { kind: "managed" }, modes: ["noports"] },
    "--mode noports publishes none",
  ],
])("%o is refused before anything starts: %s", (given, words) => {
  expect(() => {
    refuse(given);
  }).toThrow(StressError);
  expect(() => {
    refuse(given);
  }).toThrow(words);
});

test.each(["fake", "managed"] as const)("on --engine %s every kind is allowed", (kind) => {
  for (const name of NEMESIS_KINDS) {
    const nemesis = name === "occupy" ? "occupy:1:forward" : name;
    refuse({ nemesis, engine: { kind }, modes: MODES });
  }
});

test.each([
  "occupy:1:outbound",
  "occupy:1:timewait",
  "name-clash",
  "exhaust-subnets",
  "kill-runner",
])("%s is allowed on an engine of the user's own", (nemesis) => {
  refuse({ nemesis });
});
