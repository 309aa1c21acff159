import { expect, test } from "vitest";
import { armOf, crossed } from "../../../harness/core/arms.ts";

const AXES = { profiles: [], modes: ["ports"], runners: [], ns: [16], mitigations: [] } as const;

const idsOf = (axes: Partial<Parameters<typeof crossed>[0]>): readonly string[] =>
  crossed({ ...AXES, ...axes }).map((spec) => armOf(spec, "stacks").id);

test("an arm is named for what makes it, and for nothing that it lacks", () => {
  expect(idsOf({})).toEqual(["ports/n16"]);
  expect(idsOf({ profiles: ["default"], mitigations: [{ kind: "retry", times: 3 }] })).toEqual([
    "default/ports/n16/retry:3",
  ]);
  expect(armOf({ mode: "ports", n: 4, ports: "minimal" }, "stacks").id).toBe("ports/n4/minimal");
});

test("every profile meets every mode, number of jobs and mitigation, doing nothing among them", () => {
  expect(
    idsOf({
      profiles: ["default", "wide-pools"],
      modes: ["ports", "noports"],
      ns: [1, 16],
      mitigations: [null, { kind: "serialise" }],
    }),
  ).toEqual(
    ["default", "wide-pools"].flatMap((profile) =>
      ["ports", "noports"].flatMap((mode) =>
        ["n1", "n16"].flatMap((n) =>
          ["", "/serialise"].map((mitigation) => `${profile}/${mode}/${n}${mitigation}`),
        ),
      ),
    ),
  );
});
