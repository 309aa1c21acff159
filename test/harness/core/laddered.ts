/**
 * Journals of ladders that were climbed, told by how many jobs of each wave failed on each rung.
 */
import type { Event } from "../../../harness/core/events.ts";
import { history, type RunHistory } from "../../../harness/core/history.ts";
import {
  ladderArms,
  RUNG_NAMES,
  type LadderArm,
  type RungName,
} from "../../../harness/core/ladder.ts";
import { AS_DOCKER_COMES, type Profile } from "../../../harness/core/profile.ts";
import { millis } from "../../../harness/core/units.ts";
import { portTaken } from "./history.ts";
import { recorded, refusedBy, REQUEST } from "./recorded.ts";

export const N = 8;

const PROFILES: readonly Profile[] = [
  { ...AS_DOCKER_COMES, name: "default", title: "as Docker comes" },
  {
    ...AS_DOCKER_COMES,
    name: "wide-pools",
    title: "wide pools",
    daemonJson: { "default-address-pools": [{ base: "10.200.0.0/14", size: 24 }] },
  },
  {
    ...AS_DOCKER_COMES,
    name: "disjoint-port-range",
    title: "apart",
    portRange: "own",
  },
];

export const LADDER: readonly LadderArm[] = ladderArms({
  ...{ rungs: RUNG_NAMES, n: N, retries: 3, lockFile: "/tmp/a.lock", ownEngine: true },
});

export interface Ladder {
  readonly waves?: number;
  /** Failed jobs of each wave by rung; 0 where nothing is said. */
  readonly failed: Partial<Record<RungName, number>>;
  /** Profiles that could not be had. */
  readonly skipped?: Readonly<Record<string, string>>;
  readonly faults?: boolean;
}

/** Everything of the arms' waves is done, but for the redis starts of the first so many jobs of each wave. */
export const laddered = ({
  waves = 4,
  failed,
  skipped = {},
  faults = false,
}: Ladder): RunHistory => {
  const there = LADDER.filter(({ arm }) => skipped[arm.profile ?? ""] === undefined);
  const request = { ...REQUEST, arms: there.map(({ arm }) => arm), waves };
  const calm = recorded({ request });
  const armOfWave = new Map(
    calm.flatMap((event) => (event.event === "wave.started" ? [[event.wave, event]] : [])),
  );
  const rungOfArm = new Map(
    calm.flatMap((event) =>
      event.event === "run.started"
        ? event.arms.map(({ id }, index) => [id, there[index]?.rung] as const)
        : [],
    ),
  );
  const troubles = [...armOfWave.values()].flatMap(({ arm, jobs }) => {
    const rung = rungOfArm.get(arm);
    return jobs.slice(0, rung === undefined ? 0 : (failed[rung] ?? 0)).map((job) => ({
      job,
      operation: "container.start" as const,
      service: "redis",
      answer: refusedBy(portTaken(32_768)),
    }));
  });
  const events = recorded({ request, troubles }).flatMap((event): readonly Event[] => {
    switch (event.event) {
      case "run.started":
        return [
          {
            ...event,
            profiles: PROFILES.map((profile) => ({
              profile,
              skipped: skipped[profile.name] ?? null,
            })),
          },
          ...PROFILES.map(({ name }) => ({
            event: "engine.started" as const,
            at: event.at,
            profile: name,
            engine: {
              ...event.engine,
              ...(name === "disjoint-port-range"
                ? { enginePortRange: [13_312, 15_359] as [number, number] }
                : {}),
            },
            capacity: null,
          })),
        ];
      case "burst.ended":
        return [{ ...event, processor: millis(40), engineProcessor: millis(900) }];
      case "gate.opened":
        return faults
          ? [
              {
                event: "fault.injected",
                at: event.at,
                wave: event.wave,
                fault: {
                  id: `f${String(event.wave)}`,
                  kind: "occupy",
                  target: { of: "port", port: 32_768 },
                  truth: "outbound_connection",
                  note: "a connection",
                },
              },
              event,
            ]
          : [event];
      default:
        return [event];
    }
  });
  return history(events);
};
