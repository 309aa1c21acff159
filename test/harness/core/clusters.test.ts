import fc from "fast-check";
import { expect, test } from "vitest";
import { template } from "../../../harness/core/clusters.ts";

test.each([
  ["ids", "task 4f0c4f0c4f0c failed", "task <id> failed"],
  ["full ids", `task ${"4f0c".repeat(16)} failed`, "task <id> failed"],
  ["addresses with their ports", "dial 172.18.0.2:3306", "dial <address>"],
  ["addresses of version 6", "dial [::1]:32768", "dial <address>"],
  ["ports", "port 32768 is odd", "port <n> is odd"],
  ["durations", "gave up after 16.5s and 3 ms", "gave up after <duration> and <duration>"],
  ["names of this run", "endpoint stress-k3x9-w1j03-mysql is odd", "endpoint <name> is odd"],
  ["client prefixes", "Error response from daemon: it is odd", "it is odd"],
])("%s differ from job to job and are masked", (_, message, shape) => {
  expect(template(message, "k3x9")).toBe(shape);
});

test("the same words about two jobs have one shape", () => {
  const words = fc.record({
    port: fc.integer({ min: 1024, max: 65_535 }),
    id: fc.stringMatching(/^[0-9a-f]{64}$/),
    job: fc.integer({ min: 1, max: 99 }),
  });
  const message = ({ port, id, job }: { port: number; id: string; job: number }): string =>
    `endpoint stress-k3x9-w1j${String(job)}-redis (${id}) on 0.0.0.0:${String(port)} is odd`;
  fc.assert(
    fc.property(words, words, (one, other) => {
      expect(template(message(one), "k3x9")).toBe(template(message(other), "k3x9"));
    }),
  );
});

test("different words keep different shapes", () => {
  expect(template("the bridge is odd", "k3x9")).not.toBe(template("the veth is odd", "k3x9"));
});
