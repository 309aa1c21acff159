import { expect, test } from "vitest";
import { toAnswer } from "../../../docker/client/answer.ts";
import { containerAnswer, decode } from "../../../docker/client/daemon-schemas.ts";
import { eventSchema } from "../../../harness/core/events.ts";

const inspected = (Ports: unknown) => ({
  Id: "c1",
  State: { Running: true, ExitCode: 0 },
  NetworkSettings: { Ports },
});

const answerTo = (body: unknown) => {
  try {
    return decode(containerAnswer, body, "container.inspect");
  } catch (error) {
    return toAnswer(error, new AbortController().signal);
  }
};

test.each([
  [
    "a host port that is not a number",
    { "6379/tcp": [{ HostIp: "0.0.0.0", HostPort: "abc" }] },
    'NetworkSettings.Ports.6379/tcp.0.HostPort is "abc"',
  ],
  [
    "a host port of twenty digits",
    { "6379/tcp": [{ HostIp: "0.0.0.0", HostPort: "9".repeat(20) }] },
    'NetworkSettings.Ports.6379/tcp.0.HostPort is "99999999999999999999"',
  ],
  ["a container port that is not one", { redis: [] }, "NetworkSettings.Ports.redis is []"],
  ["no bindings but a text", "x".repeat(999), `NetworkSettings.Ports is "${"x".repeat(199)}`],
])("%s is an answer that the harness refuses, in the engine's own words", (_, ports, words) => {
  const answer = answerTo(inspected(ports));
  expect(answer).toEqual({
    kind: "refused",
    by: "harness",
    message: `the engine's answer to container.inspect cannot be understood: ${words}`,
  });
  const answered = { event: "answered", at: 1, wave: 1, job: "w1j1", operation: "ready", answer };
  expect(eventSchema.safeParse({ ...answered, writtenAt: null }).success).toBe(true);
});

test("a part that is missing is named", () => {
  expect(answerTo({ ...inspected({}), Id: undefined })).toMatchObject({
    message: expect.stringMatching(/cannot be understood: Id is missing$/) as string,
  });
});

test("a container without ports has none", () => {
  expect(answerTo(inspected(null))).toMatchObject({ NetworkSettings: { Ports: {} } });
});
