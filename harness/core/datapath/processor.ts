/**
 * The processor time of a measurement, as cores that it kept busy.
 */
import { z } from "zod";
import { sum } from "../statistics.ts";
import { SPENDERS, type Cost, type Spender } from "./measurements.ts";

const number = z.number();

export const processorSchema = z.object({
  /** Cores that were busy with it in all: the machine's, without those of processes that have no part in it. */
  busyCores: number,
  /** What the machine had left, a fraction of 1: `mpstat`'s idle. */
  idle: number,
  /** Cores by who kept them busy, in the order of `SPENDERS`, who did none of it left out. */
  spenders: z.array(z.object({ spender: z.enum(SPENDERS), cores: number })).readonly(),
  /** Where `softirq` is `within`, it is in the others' cores, and must not be added. */
  softirq: z.enum(["apart", "within"]).nullable(),
});
/** Means of the rounds, so that the parts make the whole. */
export type Processor = z.infer<typeof processorSchema>;

/** From the machine's own account, in which software interrupts are exactly once, wherever the kernel books them. */
export const busyCoresOf = ({ machine, processor, seconds }: Cost): number =>
  Math.max(0, machine.busyMs - processor.other) / 1000 / seconds;

const idleOf = ({ machine: { busyMs, idleMs, stealMs } }: Cost): number => {
  const all = busyMs + idleMs + stealMs;
  return all === 0 ? 0 : idleMs / all;
};

const mean = (values: readonly number[]): number => sum(values) / values.length;

/** @returns null where nothing was measured */
export const processorOf = (costs: readonly Cost[]): Processor | null => {
  const [first] = costs;
  if (first === undefined) return null;
  const coresOf = (spender: Spender): number =>
    mean(costs.map(({ processor, seconds }) => processor[spender] / 1000 / seconds));
  return {
    busyCores: mean(costs.map(busyCoresOf)),
    idle: mean(costs.map(idleOf)),
    spenders: SPENDERS.map((spender) => ({ spender, cores: coresOf(spender) })).filter(
      ({ cores }) => cores > 0,
    ),
    softirq: first.softirq,
  };
};
