import { expect, test } from "vitest";
import { diagnose } from "../../../../harness/core/doctor/diagnosis.ts";
import { QUIET_FACTS } from "./quiet-facts.ts";

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
