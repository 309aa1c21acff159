import { expect, test } from "vitest";
import { enginesNeeded } from "../../../harness/cli/engines.ts";
import { parseNemesis } from "../../../harness/core/nemesis.ts";
import { plan } from "../../../harness/core/plan.ts";
import { REQUEST } from "../core/recorded.ts";

const armsOf = (...profiles: string[]) =>
  plan({
    ...REQUEST,
    arms: profiles.map((profile) => ({ mode: "ports", n: 1, profile })),
  });

test.each([
  [["a", "b", "c"], "never", [], 3],
  [["a", "b", "c"], "block", [], 3],
  [["a", "b", "c"], "wave", [], 1],
  [["a", "b"], "never", ["second-engine"], 3],
  [["a"], "wave", ["second-engine"], 2],
] as const)(
  "profiles %j with fresh engines %s and %j need %i engines at once",
  (profiles, freshEngine, nemeses, needed) => {
    expect(
      enginesNeeded({
        plan: armsOf(...profiles),
        freshEngine,
        nemeses: nemeses.map(parseNemesis),
      }),
    ).toBe(needed);
  },
);
