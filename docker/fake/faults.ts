import { z } from "zod";
import { seeded, type Random } from "../../harness/core/random.ts";

const OPERATIONS = [
  "network.create",
  "container.create",
  "container.start",
  "container.remove",
  "network.remove",
] as const;

const occurrence = {
  operation: z.enum(OPERATIONS),
  /** Of each call of the operation, as a fraction of 1. */
  probability: z.number().min(0).max(1).exactOptional(),
  /** The one call that fails: 1 is the operation's first. */
  nth: z.int().positive().exactOptional(),
};

const atStart = { ...occurrence, operation: z.literal("container.start") };

/** What goes wrong on purpose. */
export const faultSchema = z
  .discriminatedUnion("kind", [
    /** Nothing is done, and the daemon says so. */
    z.strictObject({
      ...occurrence,
      kind: z.literal("refuse"),
      status: z.int().min(400).max(599),
      message: z.string(),
    }),
    /** It is done, and no answer ever comes. */
    z.strictObject({ ...occurrence, kind: z.literal("hang") }),
    /** It is done, and the connection breaks off in the middle of the answer. */
    z.strictObject({ ...occurrence, kind: z.literal("close-mid-answer") }),
    z.strictObject({ ...occurrence, kind: z.literal("slow"), ms: z.number().positive() }),
    /** Whoever wants this container's service reaches another job's. */
    z.strictObject({ ...atStart, kind: z.literal("crosstalk") }),
    /** The container starts and exits with code 1 at once. */
    z.strictObject({ ...atStart, kind: z.literal("exit-early") }),
  ])
  .refine(({ probability, nth }) => (probability === undefined) !== (nth === undefined), {
    error: "a fault has either a probability or nth",
  });

export type Fault = z.infer<typeof faultSchema>;
export type FaultyOperation = Fault["operation"];

/** Faults that happened, in their order: what calibration compares the harness's findings with. */
export const injectedSchema = z.array(
  z.object({
    operation: z.enum(OPERATIONS),
    kind: z.enum(["refuse", "hang", "close-mid-answer", "slow", "crosstalk", "exit-early"]),
    /** The container's or network's name. */
    name: z.string(),
  }),
);
export type InjectedFault = Readonly<z.infer<typeof injectedSchema>[number]>;

/** One fault's own sequence of draws, so that it does not depend on the other faults. */
interface Source {
  readonly fault: Fault;
  readonly random: Random;
  calls: number;
}

/**
 * Decides which calls go wrong. The k-th call of an operation meets the k-th draw: the same seed makes as many calls
 * fail, at the same places in the sequence; which names these are is up to the order of arrival.
 */
export class FaultInjector {
  readonly #sources: readonly Source[];
  readonly #injected: InjectedFault[] = [];

  constructor(faults: readonly Fault[], seed: string) {
    this.#sources = faults.map((fault, index) => ({
      fault,
      random: seeded(`${seed}/fault/${String(index)}`),
      calls: 0,
    }));
  }

  get injected(): readonly InjectedFault[] {
    return this.#injected;
  }

  /** The fault of this call, if it has one: the first in the list where several would fire. */
  draw(operation: FaultyOperation, name: string): Fault | null {
    const sources = this.#sources.filter(({ fault }) => fault.operation === operation);
    const fired = sources.filter((source) => {
      source.calls += 1;
      const drawn = source.random.next();
      const { probability = 0, nth } = source.fault;
      return nth === undefined ? drawn < probability : source.calls === nth;
    });
    const fault = fired[0]?.fault;
    if (fault === undefined) return null;
    this.#injected.push({ operation, kind: fault.kind, name });
    return fault;
  }
}
