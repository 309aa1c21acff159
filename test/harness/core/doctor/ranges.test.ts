import fc from "fast-check";
import { expect, test } from "vitest";
import { diagnose } from "../../../../harness/core/doctor/diagnosis.ts";
import { rangeApart } from "../../../../harness/core/doctor/ranges.ts";
import { QUIET_FACTS, QUIET_NAMESPACE } from "./quiet-facts.ts";

const range = fc
  .tuple(fc.integer({ min: 1024, max: 65_535 }), fc.integer({ min: 1024, max: 65_535 }))
  .map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);

test("a range that is offered meets none of those in use", () => {
  fc.assert(
    fc.property(fc.array(range, { maxLength: 6 }), (taken) => {
      const apart = rangeApart(taken);
      if (apart === null) return;
      expect(apart[1] - apart[0]).toBeGreaterThanOrEqual(1000);
      for (const [first, last] of taken) expect(last < apart[0] || first > apart[1]).toBe(true);
    }),
  );
});

test("beside the kernel's default the widest range is the one below it", () => {
  expect(rangeApart([[32_768, 60_999]])).toEqual([15_360, 32_767]);
});

test("none is offered where all are in use", () => {
  expect(rangeApart([[1024, 65_535]])).toBeNull();
});

test.each([
  ["28.5.2", "warning", /tries another, up to ten times/],
  [
    "29.6.0",
    "problem",
    /Engine 29\.6\.0 does not try another port \(20\.10–27 and 28\.3–28\.5 do\)/,
  ],
] as const)("an engine %s whose range is the host's: %s", (version, status, words) => {
  const daemon = QUIET_FACTS.daemon === null ? null : { ...QUIET_FACTS.daemon, version };
  const facts = { ...QUIET_FACTS, daemon, inner: QUIET_NAMESPACE };
  const check = diagnose(facts, "test").checks.find(({ id }) => id === "port-range");
  expect(check).toMatchObject({ status, meaning: expect.stringMatching(words) as unknown });
  expect(check?.commands).toEqual([
    "nsenter --target 4005 --net --user --preserve-credentials sysctl -w 'net.ipv4.ip_local_port_range=15360 32767'",
  ]);
});
