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
  /** `bound`: the daemon reported it. `starting`: its start had been asked for, and was not refused before. */
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
  const bound = others.flatMap(({ id, burst }) =>
    burst.flatMap(({ service, answer }) =>
      answer.kind === "done"
        ? (answer.bindings ?? [])
            .filter(({ hostPort }) => hostPort === port)
            .map(({ hostIp }): Rival => ({ job: id, service: service ?? "", hostIp, how: "bound" }))
        : [],
    ),
  );
  const starting = asking(planned, port).flatMap((asked): Rival[] => {
    const start = others
      .find(({ id }) => id === asked.job)
      ?.burst.find(
        ({ operation, service }) => operation === "container.start" && service === asked.service,
      );
    const isUnderWay =
      start !== undefined &&
      start.invokedAt <= failedAt &&
      (start.answer.kind !== "refused" || start.answeredAt >= failedAt);
    return isUnderWay ? [{ ...asked, how: "starting" }] : [];
  });
  return [...bound, ...starting];
};
