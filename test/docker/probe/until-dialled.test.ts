import { duplexPair } from "node:stream";
import { expect, test } from "vitest";
import type { Dial } from "../../../docker/probe/dial.ts";
import type { JobSurroundings } from "../../../docker/probe/job.ts";
import { untilDialled } from "../../../docker/probe/until-dialled.ts";
import { millis } from "../../../harness/core/units.ts";
import { VirtualClock } from "../../harness/run/virtual-clock.ts";

const accepted: Dial = () => Promise.resolve(duplexPair()[0]);
const refused: Dial = () => Promise.reject(new Error("connect ECONNREFUSED"));

interface Scene {
  /** From when on each port accepts; one that is not named never does. */
  readonly acceptsAt: Readonly<Record<number, number>>;
  readonly cancelAt?: number;
}

/** @returns whether it was reached, when that was known, and each dial as `port@time` */
const waited = async ({ acceptsAt, cancelAt }: Scene) => {
  const clock = new VirtualClock();
  const cancelled = new AbortController();
  const dials: string[] = [];
  const surroundings: Pick<JobSurroundings, "dial" | "sleep" | "signal"> = {
    dial: ({ port }) => {
      dials.push(`${String(port)}@${String(clock.now())}`);
      return clock.now() >= (acceptsAt[port] ?? Infinity) ? accepted : refused;
    },
    sleep: (duration, signal) => clock.sleep(millis(duration), signal),
    signal: cancelled.signal,
  };
  if (cancelAt !== undefined) {
    void clock.sleep(millis(cancelAt), new AbortController().signal).then(() => {
      cancelled.abort();
    });
  }
  const request = { deadlineMs: 3500, retryMs: 1000, dial: { host: "db", ports: [1, 2] } };
  const reached = await clock.drive(untilDialled(request, surroundings));
  return { reached, at: clock.now(), dials };
};

test("the first port that accepts ends the wait, whatever the others do", async () => {
  expect(await waited({ acceptsAt: { 2: 1500 } })).toEqual({
    reached: true,
    at: 2000,
    dials: ["1@0", "2@0", "1@1000", "2@1000", "1@2000", "2@2000"],
  });
});

test("a service that is there already is not waited for", async () => {
  expect(await waited({ acceptsAt: { 1: 0, 2: 0 } })).toMatchObject({ reached: true, at: 0 });
});

test("nobody is waited for beyond the deadline", async () => {
  expect(await waited({ acceptsAt: {} })).toMatchObject({ reached: false, at: 3500 });
});

test("a wait that is cancelled has reached nobody", async () => {
  expect(await waited({ acceptsAt: { 1: 3000 }, cancelAt: 1500 })).toMatchObject({
    reached: false,
    at: 1500,
  });
});
