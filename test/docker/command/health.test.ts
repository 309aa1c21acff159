import { expect, test } from "vitest";
import { healthAnswer, pollHealth, type Failure } from "../../../docker/command/health.ts";
import type { Health } from "../../../docker/command/published.ts";
import { classifyAnswer } from "../../../harness/core/classify.ts";
import { DeadlinePassed } from "../../../harness/core/errors.ts";
import type { Clock } from "../../../harness/core/ports.ts";
import type { Polling } from "../../../harness/core/runners/polling.ts";
import { millis, seconds, type Millis } from "../../../harness/core/units.ts";

/** Time passes only where somebody sleeps; sleepers wake in the order of their times. */
const virtualClock = (): Clock => {
  let now = 0;
  const sleepers: { readonly at: number; readonly wake: () => void }[] = [];
  const wakeNext = (): void => {
    sleepers.sort((one, other) => one.at - other.at);
    const next = sleepers.shift();
    if (next === undefined) return;
    now = next.at;
    next.wake();
  };
  return {
    now: () => millis(now),
    sleep: (duration, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) {
          resolve();
          return;
        }
        signal.addEventListener("abort", () => {
          resolve();
        });
        sleepers.push({ at: now + duration, wake: resolve });
        setImmediate(wakeNext);
      }),
  };
};

const named = (...services: readonly string[]) =>
  services.map((service) => ({ service, container: `stress-${service}` }));

/** Polls services that get healthy (or not) at these times; what was asked, and when. */
const poll = async (
  states: Readonly<Record<string, (at: number) => Health | Failure>>,
  {
    polling,
    signal = new AbortController().signal,
    onAsk,
  }: { polling: Polling; signal?: AbortSignal; onAsk?: (at: Millis) => void },
) => {
  const clock = virtualClock();
  const asked: (readonly [container: string, second: number])[] = [];
  const polled = await pollHealth({
    services: named(...Object.keys(states)),
    polling,
    seed: "w1j1",
    ask: (container) => {
      asked.push([container.replace("stress-", ""), Math.round(clock.now() / 1000)]);
      onAsk?.(clock.now());
      const state = states[container.replace("stress-", "")];
      return Promise.resolve(state?.(clock.now()) ?? "");
    },
    clock,
    signal,
  });
  return { polled, asked };
};

const healthyFrom =
  (second: number) =>
  (at: number): Health =>
    at >= second * 1000 ? "healthy" : "starting";

test("github asks service by service: the second one's wait begins when the first one's ends", async () => {
  const { polled, asked } = await poll(
    { mysql: healthyFrom(10), redis: healthyFrom(10), clickhouse: healthyFrom(24) },
    { polling: "github" },
  );
  expect(asked.map(([service]) => service).join(" ")).toBe(
    "mysql mysql mysql mysql redis clickhouse clickhouse clickhouse clickhouse",
  );
  expect(polled.map(({ service, polls }) => [service, polls])).toEqual([
    ["mysql", 4],
    ["redis", 1],
    ["clickhouse", 4],
  ]);
  const [mysql, redis, clickhouse] = polled;
  // Ready at 10 s, known near 14 s; ready at 24 s, known near 14 + 14 s: the grid begins anew.
  expect(mysql?.after).toBeGreaterThan(12_000);
  expect(mysql?.after).toBeLessThan(16_000);
  expect(redis?.after).toBe(mysql?.after);
  expect(clickhouse?.after).toBeGreaterThan(2 * 12_000);
  expect(clickhouse?.after).toBeLessThan(2 * 16_000);
});

test("act asks about all at once, one, three, seven and fifteen seconds after it began", async () => {
  const { polled, asked } = await poll(
    { mysql: healthyFrom(10), redis: healthyFrom(2) },
    { polling: "act" },
  );
  expect(asked.filter(([service]) => service === "mysql").map(([, at]) => at)).toEqual([
    0, 1, 3, 7, 15,
  ]);
  expect(asked.filter(([service]) => service === "redis").map(([, at]) => at)).toEqual([0, 1, 3]);
  expect(healthAnswer(polled)).toEqual({
    kind: "done",
    measured: {
      kind: "perceived",
      services: [
        { service: "mysql", after: 15_000, polls: 5 },
        { service: "redis", after: 3_000, polls: 3 },
      ],
    },
  });
});

test("a service without a health check is ready at once, whether it is or not", async () => {
  const { polled } = await poll({ redis: () => "" }, { polling: "github" });
  expect(healthAnswer(polled)).toEqual({
    kind: "done",
    measured: { kind: "perceived", services: [{ service: "redis", after: 0, polls: 1 }] },
  });
});

test("github looks at the services behind an unhealthy one, and names it in words that have a class", async () => {
  const { polled } = await poll(
    { mysql: () => "unhealthy", redis: () => "healthy" },
    { polling: "github" },
  );
  const answer = healthAnswer(polled);
  expect(answer).toEqual({
    kind: "refused",
    by: "daemon",
    message: "container stress-mysql is unhealthy",
    measured: { kind: "perceived", services: [{ service: "redis", after: 0, polls: 1 }] },
  });
  expect(classifyAnswer(answer, "health")?.class).toBe("container.unhealthy");
});

test("act gives up after the 31st question, within its five minutes", async () => {
  const { polled, asked } = await poll({ redis: () => "starting" }, { polling: "act" });
  expect(asked).toHaveLength(31);
  expect(asked.at(-1)).toEqual(["redis", 275]);
  const answer = healthAnswer(polled);
  expect(answer).toMatchObject({
    message:
      "container stress-redis: health check never passed: still starting when asked for the 31th time",
  });
  expect(classifyAnswer(answer, "health")?.class).toBe("container.unhealthy");
});

test("a question that the daemon refuses ends github's wait in the daemon's words", async () => {
  const refusal: Failure = { kind: "refused", by: "daemon", message: "Error: No such object: x" };
  const { polled, asked } = await poll(
    { mysql: () => refusal, redis: () => "healthy" },
    { polling: "github" },
  );
  expect(asked.map(([service]) => service)).toEqual(["mysql"]);
  expect(healthAnswer(polled)).toMatchObject(refusal);
});

test("github waits without end, so its wait ends with the signal's reason", async () => {
  const controller = new AbortController();
  const { polled } = await poll(
    { redis: () => "starting" },
    {
      polling: "github",
      signal: controller.signal,
      onAsk: (at) => {
        if (at > 60_000) controller.abort(new DeadlinePassed(seconds(60)));
      },
    },
  );
  expect(healthAnswer(polled)).toEqual({
    kind: "unknown",
    reason: "timeout",
    message: "no answer within 60.0s",
  });
});
