import { expect, test } from "vitest";
import type { Answer, Operation } from "../../../harness/core/model.ts";
import { isWorthRetrying } from "../../../harness/core/retrying.ts";
import { portTaken } from "./history.ts";

const SPEC = { image: "i", network: "n", aliases: [], command: null, env: {}, labels: {} };

const jobWith = (hostPort: number | null) => {
  const publish = [{ containerPort: 6379, hostIp: "", hostPort }];
  const create = { kind: "container.create", service: "redis", container: "c" } as const;
  return { id: "j", phases: [[{ ...create, spec: { ...SPEC, publish } }]], teardown: [] };
};

const START: Operation = { kind: "container.start", service: "redis", container: "c" };
const NETWORK: Operation = { kind: "network.create", network: "n", labels: {} };

const refused = (message: string, status = 500): Answer => ({
  kind: "refused",
  by: "daemon",
  status,
  message,
});

const POOLS = refused("all predefined address pools have been fully subnetted", 400);
const VETH = refused(
  "failed to add the host (veth1) <=> sandbox (veth2) pair interfaces: operation not supported",
);

test.each<[what: string, operation: Operation, answer: Answer, again: boolean]>([
  ["a dynamic port that the host holds", START, refused(portTaken(32_768)), true],
  ["an unknown refusal", START, refused("something that nobody has said before"), true],
  ["pools without a subnet", NETWORK, POOLS, false],
  ["a service that refuses", START, { kind: "refused", by: "service", message: "no" }, false],
  ["a lost answer", START, { kind: "unknown", reason: "timeout", message: "no answer" }, false],
  ["what was done", START, { kind: "done" }, false],
])("%s: whether it is asked for again", (_what, operation, answer, again) => {
  expect(isWorthRetrying({ operation, answer, job: jobWith(null), try: 1 })).toBe(again);
});

test("a port that was asked for by number is not asked for again", () => {
  const answer = refused(portTaken(6379));
  expect(isWorthRetrying({ operation: START, answer, job: jobWith(6379), try: 1 })).toBe(false);
});

test("what is worth repeating once is repeated once", () => {
  const again = (number: number): boolean =>
    isWorthRetrying({ operation: START, answer: VETH, job: jobWith(null), try: number });
  expect([again(1), again(2)]).toEqual([true, false]);
});
