import { expect, test } from "vitest";
import { claimBlock, type BlockRequest } from "../../../harness/cli/own-block.ts";

/** One machine: what a run has claimed, another does not get. */
const machine = () => {
  const claimed = new Set<number>();
  const claim: BlockRequest["claim"] = (port) => {
    if (claimed.has(port)) return Promise.resolve(null);
    claimed.add(port);
    return Promise.resolve(() => claimed.delete(port));
  };
  return { claimed, claim };
};

const FREE: ReadonlySet<number> = new Set();

test("two runs at once have blocks that share no port, and the third has what the first gave back", async () => {
  const { claim, claimed } = machine();
  const first = await claimBlock({ size: 80, used: FREE, claim });
  const second = await claimBlock({ size: 16, used: FREE, claim });
  expect([first?.first, second?.first]).toEqual([61_000, 61_108]);
  first?.release();
  const third = await claimBlock({ size: 40, used: FREE, claim });
  expect(third?.first).toBe(61_000);
  second?.release();
  third?.release();
  expect(claimed.size).toBe(0);
});

test("a port that is in use is in no block", async () => {
  const { claim } = machine();
  const block = await claimBlock({ size: 80, used: new Set([61_080]), claim });
  expect(block?.first).toBe(61_108);
});

test("where no block is free nothing stays claimed", async () => {
  const { claim, claimed } = machine();
  const used = new Set(Array.from({ length: 46 }, (_, index) => 61_000 + 100 * index));
  expect(await claimBlock({ size: 200, used, claim })).toBeNull();
  expect(claimed.size).toBe(0);
});
