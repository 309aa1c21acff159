import { expect, test } from "vitest";
import { emission, EMITTED } from "../../../harness/core/emission.ts";
import { laddered } from "./laddered.ts";

test("what a profile's daemon.json is shown to mend is emitted, with the run that shows it", () => {
  const run = laddered({ failed: { nothing: 4 } });
  expect(emission(run, "daemon.json")).toMatchObject({
    kind: "daemon.json",
    daemonJson: { "default-address-pools": [{ base: "10.200.0.0/14", size: 24 }] },
    support: {
      run: "k3x9",
      arm: "wide-pools/ports/n8",
      baseline: "default/ports/n8",
      failures: { failed: 0, of: 32 },
      baselineFailures: { failed: 16, of: 32 },
      faults: 0,
    },
  });
});

test("the range that is emitted is the one that the engine had in the run", () => {
  const run = laddered({ failed: { nothing: 4 } });
  expect(emission(run, "systemd")).toMatchObject({
    portRange: [13_312, 15_359],
    environment: {},
    sysctls: {},
    support: { arm: "disjoint-port-range/ports/n8" },
  });
});

test("of what jobs may publish, that with the rarest failures is emitted", () => {
  const failed = { nothing: 6, loopback: 6, "fewer-ports": 1 } as const;
  expect(emission(laddered({ failed: { ...failed, noports: 2 } }), "workflow")).toMatchObject({
    publishing: "used-ports",
  });
  expect(emission(laddered({ failed }), "workflow")).toMatchObject({
    publishing: "nothing",
    services: [{ name: "redis", port: 6379, image: "redis:7" }],
  });
});

test.each(EMITTED)(
  "a %s without a significant difference is refused, with the numbers",
  (emitted) => {
    const failed = { nothing: 1, "wide-pools": 1, noports: 1, loopback: 1, "fewer-ports": 1 };
    const run = laddered({ failed: { ...failed, "disjoint-range": 1 } });
    const found = emission(run, emitted);
    if (found.kind !== "unsupported") throw new Error("it is supported");
    expect(found.why).toMatch(/against default\/ports\/n8: no difference shown/);
  },
);

test.each(EMITTED)("a %s that makes things worse is refused", (emitted) => {
  const failed = { "wide-pools": 8, noports: 8, loopback: 8, "fewer-ports": 8 };
  const run = laddered({ failed: { ...failed, "disjoint-range": 8 } });
  expect(emission(run, emitted).kind).toBe("unsupported");
});

test("a run without such an arm is refused, and what it takes is said", () => {
  const skipped = { "wide-pools": "no", "disjoint-port-range": "no" };
  const run = laddered({ failed: { nothing: 4 }, skipped });
  expect(emission(run, "daemon.json")).toMatchObject({
    why: "it needs two profiles that differ in their daemon.json alone",
  });
  expect(emission(run, "sysctl").kind).toBe("unsupported");
});
