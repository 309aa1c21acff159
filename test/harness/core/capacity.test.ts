import fc from "fast-check";
import { expect, test } from "vitest";
import { capacityOf, exhaustion, freeSubnets, isIpv4 } from "../../../harness/core/capacity.ts";
import { DEFAULT_POOLS } from "../../../harness/core/known-engines.ts";
import type { JobPlan, WavePlan } from "../../../harness/core/model.ts";

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

test("a pool whose addresses lie in another's adds nothing", () => {
  const wide = { base: "10.0.0.0/16", size: 24 };
  const nested = { base: "10.0.7.0/24", size: 28 };
  expect(freeSubnets([nested, wide], [])).toBe(256);
  expect(freeSubnets([wide, nested], [])).toBe(256);
  expect(freeSubnets([wide, wide], [])).toBe(256);
});

test("pools of IPv6 hold no network of IPv4", () => {
  const six = { base: "fd00::/48", size: 64 };
  expect(isIpv4(six)).toBe(false);
  expect(freeSubnets([six], [])).toBe(0);
});

test("a capacity has the pools, all their subnets and those left", () => {
  expect(capacityOf(DEFAULT_POOLS, ["172.17.0.0/16", "10.0.2.0/24", "10.0.2.3"])).toEqual({
    pools: DEFAULT_POOLS,
    total: 31,
    free: 30,
  });
});

const job = (id: string): JobPlan => ({
  id,
  phases: [[{ kind: "network.create", network: id, labels: {} }]],
  teardown: [],
});

const wave = (index: number, n: number): Pick<WavePlan, "index" | "jobs"> => ({
  index,
  jobs: Array.from({ length: n }, (_, number) => job(`w${String(index)}j${String(number + 1)}`)),
});

test.each([
  [[40, 40], { wave: 1, job: 31 }],
  [[16, 40, 40], { wave: 2, job: 31 }],
  [[30, 31], { wave: 2, job: 31 }],
  [[30, 30, 30], null],
  [[], null],
])("with 30 networks free, waves of %j jobs run out at %j", (sizes, expected) => {
  const waves = sizes.map((n, position) => wave(position + 1, n));
  expect(exhaustion({ free: 30 }, waves)).toEqual(expected);
});

test("a job that asks for nothing is refused nothing", () => {
  const idle: JobPlan = { id: "idle", phases: [], teardown: [] };
  expect(exhaustion({ free: 0 }, [{ index: 1, jobs: [idle, idle] }])).toBeNull();
  expect(exhaustion({ free: 0 }, [{ index: 1, jobs: [idle, job("a")] }])).toEqual({
    wave: 1,
    job: 2,
  });
});
