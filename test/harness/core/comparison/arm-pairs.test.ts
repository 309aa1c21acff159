import { expect, test } from "vitest";
import { crossed, armOf } from "../../../../harness/core/arms.ts";
import { armPairs } from "../../../../harness/core/comparison/arm-pairs.ts";
import type { Arm } from "../../../../harness/core/model.ts";

const armsOf = (axes: Partial<Parameters<typeof crossed>[0]>): readonly Arm[] =>
  crossed({ profiles: [], modes: ["ports"], runners: [], ns: [16], mitigations: [], ...axes }).map(
    (spec) => armOf(spec, "stacks"),
  );

const told = (arms: readonly Arm[], baseline: string | null = null): readonly string[] =>
  armPairs(arms, baseline).map(
    (pair) => `${pair.arm.id} : ${pair.baseline.id} (${pair.differsIn.join(", ")})`,
  );

test("each profile is compared with the first, in the same mode and with as many jobs", () => {
  expect(
    told(
      armsOf({ profiles: ["default", "wide-pools"], modes: ["ports", "noports"], ns: [16, 40] }),
    ),
  ).toEqual([
    "default/noports/n16 : default/ports/n16 (mode)",
    "default/noports/n40 : default/ports/n40 (mode)",
    "wide-pools/ports/n16 : default/ports/n16 (profile)",
    "wide-pools/ports/n40 : default/ports/n40 (profile)",
    "wide-pools/noports/n16 : default/noports/n16 (profile)",
    "wide-pools/noports/n40 : default/noports/n40 (profile)",
  ]);
});

test("each mitigation is compared with nothing done", () => {
  const mitigations = [null, { kind: "serialise" }, { kind: "retry", times: 3 }] as const;
  expect(told(armsOf({ mitigations }))).toEqual([
    "ports/n16/serialise : ports/n16 (mitigation)",
    "ports/n16/retry:3 : ports/n16 (mitigation)",
  ]);
});

test("fewer ports are compared with all of them", () => {
  const [all] = armsOf({});
  const spec = { mode: "ports", n: 16, ports: "minimal" } as const;
  expect(told([...(all === undefined ? [] : [all]), armOf(spec, "stacks")])).toEqual([
    "ports/n16/minimal : ports/n16 (ports)",
  ]);
});

test("numbers of jobs are never compared with one another, nor is an arm that differs in two things", () => {
  expect(told(armsOf({ ns: [1, 16, 64] }))).toEqual([]);
  const two = [
    armOf({ mode: "ports", n: 16, profile: "a" }, "stacks"),
    armOf({ mode: "noports", n: 16, profile: "b" }, "stacks"),
  ];
  expect(told(two)).toEqual([]);
});

test("a baseline by name is compared with all arms of as many jobs, whatever they differ in", () => {
  const arms = armsOf({
    profiles: ["default", "wide-pools"],
    modes: ["ports", "noports"],
    ns: [1, 16],
  });
  expect(told(arms, "wide-pools/noports/n16")).toEqual([
    "default/ports/n16 : wide-pools/noports/n16 (profile, mode)",
    "default/noports/n16 : wide-pools/noports/n16 (profile)",
    "wide-pools/ports/n16 : wide-pools/noports/n16 (mode)",
  ]);
});
