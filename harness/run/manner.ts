/**
 * How a wave makes its calls: all at once, one network at a time, or again where they are refused.
 */
import pLimit from "p-limit";
import { unreachable } from "../core/errors.ts";
import type { Mitigation } from "../core/mitigations.ts";
import type { Operation } from "../core/model.ts";
import type { Locks } from "../core/ports.ts";

/** What a mitigation changes of one wave. */
export interface Manner {
  /**
   * Makes a call when it is its turn. The wait is the job's; the call begins after it.
   *
   * @returns null where its turn did not come, as when the signal aborted: nothing was called
   */
  readonly inTurn: <Result>(
    operation: Operation,
    signal: AbortSignal,
    call: () => Promise<Result>,
  ) => Promise<Result | null>;
  /** How often a call is made at most. */
  readonly tries: number;
  /** A container whose start was refused is removed and created again before the next try. */
  readonly recreates: boolean;
}

const AT_ONCE: Manner = {
  inTurn: (_operation, _signal, call) => call(),
  tries: 1,
  recreates: false,
};

const isSerialised = ({ kind }: Operation): boolean => kind === "network.create";

const serialised = (): Manner => {
  const limit = pLimit(1);
  return {
    ...AT_ONCE,
    inTurn: async (operation, signal, call) =>
      isSerialised(operation)
        ? await limit(async () => (signal.aborted ? null : await call()))
        : await call(),
  };
};

const lockedBy = (path: string, locks: Locks): Manner => ({
  ...AT_ONCE,
  inTurn: async (operation, signal, call) => {
    if (!isSerialised(operation)) return await call();
    const release = await locks.hold(path, signal);
    if (release === null) return null;
    try {
      return await call();
    } finally {
      release();
    }
  },
});

/** Where no locks are given, nobody gets one. */
const NO_LOCKS: Locks = { hold: () => Promise.resolve(null) };

/** For one wave: its jobs wait for each other, those of another wave do not. */
export const mannerOf = (mitigation: Mitigation | undefined, locks: Locks = NO_LOCKS): Manner => {
  switch (mitigation?.kind) {
    case undefined:
      return AT_ONCE;
    case "serialise":
      return serialised();
    case "lock-file":
      return lockedBy(mitigation.path, locks);
    case "retry":
    case "restart":
      return { ...AT_ONCE, tries: mitigation.times + 1, recreates: mitigation.kind === "retry" };
    default:
      return unreachable(mitigation);
  }
};
