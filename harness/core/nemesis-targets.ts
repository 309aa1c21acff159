/**
 * What a nemesis can aim at in one wave: the ports that jobs ask for, the names that they will use.
 */
import type { JobPlan, PortRequest, WavePlan } from "./model.ts";
import { seeded, shuffled, type Random } from "./random.ts";

/** What can be hit in a wave, the first to be hit first. */
export interface Targets {
  /**
   * Host ports that jobs ask for by number: the first of each job, then the second of each, so that few faults
   * hit as many jobs. Empty where the daemon chooses, or nothing is published.
   */
  readonly fixedPorts: readonly number[];
  /** The host address of ports that the daemon chooses; null where it chooses none. */
  readonly dynamicHostIp: string | null;
  /**
   * One container of each job, the job that is the last to lose a port first: a job whose container cannot be
   * created never asks for its port.
   */
  readonly containers: readonly string[];
  /** The image of one of the jobs' containers; null in a wave without any. */
  readonly image: string | null;
}

const creations = ({ phases }: JobPlan) =>
  phases.flat().flatMap((operation) => (operation.kind === "container.create" ? [operation] : []));

const requestsOf = (job: JobPlan): readonly PortRequest[] =>
  creations(job).flatMap(({ spec }) => spec.publish);

/** Each job's own sequence; the same seed and wave give the same. */
const randomFor = (wave: WavePlan, seed: string): Random =>
  seeded(`${seed}/nemesis/${String(wave.index)}`);

/** @param seed - the plan's */
export const targetsOf = (wave: WavePlan, seed: string): Targets => {
  const jobs = shuffled(wave.jobs, randomFor(wave, seed));
  const fixed = jobs.map((job) => requestsOf(job).flatMap(({ hostPort }) => hostPort ?? []));
  const mostPorts = Math.max(0, ...fixed.map((ports) => ports.length));
  const rounds = Array.from({ length: mostPorts }, (_, round) =>
    fixed.flatMap((ports) => ports[round] ?? []),
  );
  const dynamic = jobs.flatMap(requestsOf).find(({ hostPort }) => hostPort === null);
  return {
    fixedPorts: [...new Set(rounds.flat())],
    dynamicHostIp: dynamic?.hostIp ?? null,
    containers: jobs.flatMap((job) => creations(job)[0]?.container ?? []).toReversed(),
    image: jobs.flatMap((job) => creations(job)[0]?.spec.image ?? [])[0] ?? null,
  };
};

/**
 * The ports that a daemon hands out next, which it does in order and round robin.
 *
 * @param cursor - the port that it handed out last
 * @param range - both ends included
 */
export const portsBehind = (
  cursor: number,
  [first, last]: readonly [number, number],
): readonly number[] => {
  const size = last - first + 1;
  const start = cursor < first || cursor >= last ? first : cursor + 1;
  return Array.from({ length: size }, (_, step) => first + ((start - first + step) % size));
};

/**
 * The ports on which connections of the host are in a daemon's way, if any can be: the next ones that it hands out, as
 * far as they are of the host's own range. Where its cursor is outside of that, or where it hands none out, the range's
 * own beginning: the connections are there all the same.
 *
 * @param ahead - what the daemon hands out next, in order; empty where it chooses no port
 * @param host - the host's `ip_local_port_range`, both ends included
 */
export const ephemeralPorts = (
  ahead: readonly number[],
  [first, last]: readonly [number, number],
): readonly number[] => {
  const isOfHost = (port: number | undefined): boolean =>
    port !== undefined && port >= first && port <= last;
  return isOfHost(ahead[0])
    ? ahead.filter(isOfHost)
    : Array.from({ length: last - first + 1 }, (_, step) => first + step);
};

/** When in the burst a nemesis comes: 0 is its very beginning, 1 the end of its first part. */
export const momentOf = (wave: WavePlan, seed: string): number =>
  seeded(`${seed}/moment/${String(wave.index)}`).next();
