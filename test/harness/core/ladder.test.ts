import { expect, test } from "vitest";
import { armOf } from "../../../harness/core/arms.ts";
import { ladderArms, RUNG_NAMES } from "../../../harness/core/ladder.ts";

const OPTIONS = { n: 16, retries: 3, lockFile: "/tmp/a.lock", ownEngine: true } as const;

const idsOf = (options: Partial<Parameters<typeof ladderArms>[0]> = {}): readonly string[] =>
  ladderArms({ rungs: RUNG_NAMES, ...OPTIONS, ...options }).map(({ arm }) => armOf(arm, "").id);

test("every rung is an arm of its own that differs from doing nothing in one thing", () => {
  expect(idsOf()).toEqual([
    "default/ports/n16",
    "disjoint-port-range/ports/n16",
    "wide-pools/ports/n16",
    "default/ports/n16/retry:3",
    "default/ports-loopback/n16",
    "default/ports/n16/minimal",
    "default/ports/n16/serialise",
    "default/ports/n16/lock-file:/tmp/a.lock",
    "default/ports-block/n16",
    "default/noports/n16",
  ]);
});

test("doing nothing is always climbed, and the order is that of the costs", () => {
  expect(idsOf({ rungs: ["noports", "retry"] })).toEqual([
    "default/ports/n16",
    "default/ports/n16/retry:3",
    "default/noports/n16",
  ]);
});

test("on an engine that is there already, nothing that needs another one is climbed", () => {
  const ids = idsOf({ ownEngine: false });
  expect(ids).toHaveLength(8);
  expect(ids[0]).toBe("ports/n16");
});
