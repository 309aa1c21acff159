import { expect, test } from "vitest";
import { healthCheck, healthCommand } from "../../../../harness/core/runners/health-checks.ts";
import { stacks } from "../../../../scenarios/stacks.ts";

test.each(["debian", "hub"])("every service of a stack has a health command in %s", (set) => {
  const commands = stacks.services.map(({ name }) => healthCommand(set, name));
  expect(commands).not.toContain(null);
});

test("a check is a shell command, first run ten seconds after the start", () => {
  expect(healthCheck("debian", "redis")).toEqual({
    test: ["CMD-SHELL", "redis-cli ping"],
    interval: 10_000,
    timeout: 5_000,
    retries: 5,
    startPeriod: 0,
  });
});

test("of images that the user names nothing is known", () => {
  expect(healthCheck("images.yaml", "redis")).toBeNull();
  expect(healthCheck("debian", "postgres")).toBeNull();
});
