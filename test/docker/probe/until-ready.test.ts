import { expect, test } from "vitest";
import { untilReady } from "../../../docker/probe/until-ready.ts";

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

/** Time that passes only when everything else stands still. */
const virtualTime = () => {
  let now = 0;
  let sleepers: readonly Sleeper[] = [];
  const slept: number[] = [];
  const advance = (): void => {
    const [next] = [...sleepers].sort((one, other) => one.at - other.at);
    if (next === undefined) return;
    now = next.at;
    next.wake();
  };
  const sleep = (duration: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const wake = (): void => {
        sleepers = sleepers.filter((each) => each !== sleeper);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      const sleeper = { at: now + duration, wake };
      sleepers = [...sleepers, sleeper];
      slept.push(duration);
      signal.addEventListener("abort", wake, { once: true });
      setImmediate(advance);
    });
  return { now: () => now, sleep, slept };
};

const never = new AbortController().signal;
const refused = (): Promise<void> => Promise.reject(new Error("connect ECONNREFUSED"));

test("a service that answers at once takes one try and no wait", async () => {
  const time = virtualTime();
  const probe = (): Promise<void> => Promise.resolve();
  expect(await untilReady({ ...time, probe, deadlineMs: 1000, signal: never })).toBe(1);
  expect(time.now()).toBe(0);
});

test("waits grow from 50 ms by half to 400 ms", async () => {
  const time = virtualTime();
  const tries: number[] = [];
  const probe = (): Promise<void> => {
    tries.push(time.now());
    return tries.length < 9 ? refused() : Promise.resolve();
  };
  expect(await untilReady({ ...time, probe, deadlineMs: 60_000, signal: never })).toBe(9);
  const waits = tries.slice(1).map((at, index) => at - (tries[index] ?? 0));
  expect(waits).toEqual([50, 75, 112.5, 168.75, 253.125, 379.6875, 400, 400]);
});

test("the deadline ends it with the words of the last whole try", async () => {
  const time = virtualTime();
  const waiting = untilReady({ ...time, probe: refused, deadlineMs: 1500, signal: never });
  await expect(waiting).rejects.toThrow("not ready within 1.5s: connect ECONNREFUSED");
  expect(time.now()).toBe(1500);
});

test("a try that does not end is ended after two seconds", async () => {
  const time = virtualTime();
  const aborted: number[] = [];
  const probe = (signal: AbortSignal): Promise<void> =>
    new Promise(() => {
      signal.addEventListener("abort", () => aborted.push(time.now()));
    });
  const waiting = untilReady({ ...time, probe, deadlineMs: 3000, signal: never });
  await expect(waiting).rejects.toThrow("not ready within 3s: no answer within 2s");
  expect(aborted).toEqual([2000, 3000]);
});

test("an abort ends it with the signal's reason", async () => {
  const time = virtualTime();
  const abort = new AbortController();
  const probe = (): Promise<void> => {
    if (time.now() > 100) abort.abort(new Error("interrupted"));
    return refused();
  };
  const waiting = untilReady({ ...time, probe, deadlineMs: 60_000, signal: abort.signal });
  await expect(waiting).rejects.toThrow("interrupted");
});

test("what onWait throws ends it, and it hears the words of each failed try", async () => {
  const time = virtualTime();
  const heard: string[] = [];
  const onWait = (words: string): void => {
    heard.push(words);
    if (heard.length === 2) throw new Error("it exited");
  };
  const waiting = untilReady({ ...time, probe: refused, deadlineMs: 9000, signal: never, onWait });
  await expect(waiting).rejects.toThrow("it exited");
  expect(heard).toEqual(["connect ECONNREFUSED", "connect ECONNREFUSED"]);
});
