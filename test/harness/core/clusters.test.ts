import fc from "fast-check";
import { expect, test } from "vitest";
import { template } from "../../../harness/core/clusters.ts";

test.each([
  ["ids", "task 4f0c4f0c4f0c failed", "task <id> failed"],
  ["full ids", `task ${"4f0c".repeat(16)} failed`, "task <id> failed"],
  ["addresses with their ports", "dial 172.18.0.2:3306", "dial <address>"],
  ["addresses of version 6", "dial [::1]:32768", "dial <address>"],
  ["bare addresses of version 6", "dial fe80::1 and ::1", "dial <address> and <address>"],
  ["subnets of version 6", "pool fd00:1::/64 overlaps", "pool <address> overlaps"],
  ["whole addresses of version 6", "to 1:2:3:4:5:6:7:8 now", "to <address> now"],
  ["times", 'time="2026-01-20T12:19:40.014232241+01:00" is odd', 'time="<time>" is odd'],
  ["a clock", "at 12:19:40 it was odd", "at <n>:<n>:<n> it was odd"],
  ["digests", `pull sha256:${"4f0c".repeat(16)} failed`, "pull <id> failed"],
  ["addresses in memory", "panic at 0x7f18cc3ab8d7", "panic at <id>"],
  ["uuids", "sandbox-9b51d619-f7ea-105d-c6a0-40fec309c38e is odd", "sandbox-<id> is odd"],
  ["ids in paths", `open /run/netns/4f0c4f0c4f0c/x: odd`, "open /run/netns/<id>/x: odd"],
  ["ids with an ending", `docker-${"4f0c".repeat(16)}.scope is odd`, "docker-<id>.scope is odd"],
  ["interfaces", "veth050abd6 and br-4f0c4f0c4f0c are odd", "veth<id> and br-<id> are odd"],
  ["quoted names of this run", 'endpoint "stress-k3x9-w1j03" is odd', 'endpoint "<name>" is odd'],
  ["compound durations", "gave up after 1h2m3.5s", "gave up after <duration>"],
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

test.each(["the cafe faded", "a decade", "added: feed", "std::exception"])(
  "%j holds words and no ids",
  (message) => {
    expect(template(message, "k3x9")).toBe(message);
  },
);

test("different words keep different shapes", () => {
  expect(template("the bridge is odd", "k3x9")).not.toBe(template("the veth is odd", "k3x9"));
});
