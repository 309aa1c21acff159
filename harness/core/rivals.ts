/**
 * The other jobs of a wave that had, or were about to have, a port: the daemon does not list a container's ports
 * while it is being started, but the run knows what it asked for.
 */
import type { WaveHistory } from "./history.ts";
import type { WavePlan } from "./model.ts";
import type { Millis } from "./units.ts";

export interface Rival {
  readonly job: string;
  readonly service: string;
  readonly hostIp: string;
  /** `bound`: the daemon reported it, and it was asked for or had by then. `starting`: its start was under way. */
  readonly how: "bound" | "starting";
}

interface Asked {
  readonly job: string;
  readonly service: string;
  readonly hostIp: string;
}

/** Services of other jobs that ask for this very port. */
const asking = (planned: WavePlan | null, port: number): readonly Asked[] =>
  (planned?.jobs ?? []).flatMap(({ id: job, phases }) =>
    phases
      .flat()
      .flatMap((each) =>
        each.kind === "container.create"
          ? each.spec.publish
              .filter(({ hostPort }) => hostPort === port)
              .map(({ hostIp }) => ({ job, service: each.service, hostIp }))
          : [],
      ),
  );

/**
 * @param planned - the wave as it was planned; null where the journal does not tell
 * @param failedAt - when the job was refused
 */
export const rivalsFor = (
  port: number,
  {
    job,
    wave,
    planned,
    failedAt,
  }: {
    readonly job: string;
    readonly wave: WaveHistory;
    readonly planned: WavePlan | null;
    readonly failedAt: Millis;
  },
): readonly Rival[] => {
  const others = wave.jobs.filter(({ id }) => id !== job);
  const asked = asking(planned, port);
  const bound = others.flatMap(({ id, burst }) =>
    burst.flatMap(({ service, answer }): readonly Rival[] => {
      if (answer.kind !== "done") return [];
      // The last one, where a start was tried again: earlier ones got no port.
      const start = burst.findLast(
        (step) =>
          (step.operation === "container.start" && step.service === service) ||
          // A process that starts the whole stack.
          step.operation === "stack.up",
      );
      // One that was started afterwards got the port from whoever had it before.
      if (start === undefined || start.invokedAt > failedAt) return [];
      const isOwnWish = asked.some((each) => each.job === id && each.service === service);
      const how = isOwnWish || start.answeredAt <= failedAt ? "bound" : "starting";
      return (answer.bindings ?? [])
        .filter(({ hostPort }) => hostPort === port)
        .map(({ hostIp }) => ({ job: id, service: service ?? "", hostIp, how }));
    }),
  );
  const starting = asked.flatMap((wish): Rival[] => {
    const isUnderWay = others
      .find(({ id }) => id === wish.job)
      ?.burst.some(
        ({ operation, service, invokedAt, answeredAt, answer }) =>
          operation === "container.start" &&
          service === wish.service &&
          invokedAt <= failedAt &&
          (answer.kind !== "refused" || answeredAt >= failedAt),
      );
    return isUnderWay === true ? [{ ...wish, how: "starting" }] : [];
  });
  return [...bound, ...starting];
};
