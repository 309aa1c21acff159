import fc from "fast-check";
import { expect, test } from "vitest";
import { freeSubnets } from "../../../../harness/core/doctor/capacity.ts";
import { diagnose } from "../../../../harness/core/doctor/diagnosis.ts";
import { DEFAULT_POOLS } from "../../../../harness/core/known-engines.ts";
import { QUIET_FACTS } from "./quiet-facts.ts";

test("of the default pools' 31 subnets the default bridge leaves 30", () => {
  expect(freeSubnets(DEFAULT_POOLS, [])).toBe(31);
  expect(freeSubnets(DEFAULT_POOLS, ["172.17.0.0/16"])).toBe(30);
});

test.each([
  ["192.168.0.0/16", 15],
  ["192.168.7.0/24", 30],
  ["172.16.0.0/12", 16],
  ["10.0.0.0/8", 31],
  ["172.20.0.1", 30],
  ["fd00::/64", 31],
])("%s leaves %i subnets of the default pools", (taken, free) => {
  expect(freeSubnets(DEFAULT_POOLS, [taken])).toBe(free);
});

const dotted = (address: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");

const prefix = fc
  .record({ address: fc.integer({ min: 0, max: 0xff_ff }), bits: fc.integer({ min: 16, max: 30 }) })
  .map(({ address, bits }) => {
    const size = 2 ** (32 - bits);
    const first = 0x0a_c8_00_00 + Math.floor(address / size) * size;
    return { text: `${dotted(first)}/${String(bits)}`, first, last: first + size - 1 };
  });

test("free subnets are those that meet nothing, counted one by one", () => {
  fc.assert(
    fc.property(
      fc.array(prefix, { maxLength: 12 }),
      fc.integer({ min: 20, max: 26 }),
      (taken, size) => {
        const step = 2 ** (32 - size);
        const starts = Array.from(
          { length: 2 ** (size - 16) },
          (_, index) => 0x0a_c8_00_00 + index * step,
        );
        const free = starts.filter((start) =>
          taken.every(({ first, last }) => last < start || first > start + step - 1),
        );
        const pool = { base: "10.200.0.0/16", size };
        expect(
          freeSubnets(
            [pool],
            taken.map(({ text }) => text),
          ),
        ).toBe(free.length);
      },
    ),
  );
});

test.each([
  [30, "ok"],
  [31, "problem"],
])("with the default pools %i jobs: %s", (n, status) => {
  const check = diagnose({ ...QUIET_FACTS, n }, "test").checks.find(
    ({ id }) => id === "address-pools",
  );
  expect(check?.status).toBe(status);
  expect(check?.evidence).toContain("30 subnets free");
});
