/**
 * All kinds of trouble as the run sees them: one thing that is struck before each wave and lifted after it.
 */
import { setMaxListeners } from "node:events";
import { DeadlinePassed, StressError, unreachable } from "../../harness/core/errors.ts";
import type { WavePlan } from "../../harness/core/model.ts";
import { NEMESIS_KINDS, type Nemesis } from "../../harness/core/nemesis.ts";
import {
  ephemeralPorts,
  momentOf,
  targetsOf,
  type Targets,
} from "../../harness/core/nemesis-targets.ts";
import type { Troublemaker } from "../../harness/core/ports.ts";
import { killDaemon, killRunner, slowDaemon } from "./daemon-trouble.ts";
import { exhaustSubnets } from "./exhaust-subnets.ts";
import type { Marks } from "./marks.ts";
import { nameClash } from "./name-clash.ts";
import { OCCUPANT_TRUTH, takePorts } from "./take-ports.ts";
import type { Arsenal, InTime, Strike, TroublePart } from "./trouble.ts";

export interface TroubleOptions extends Marks {
  /** The plan's: decides which ports and names are hit, and when. */
  readonly seed: string;
  readonly arsenal: Arsenal;
  readonly nemesesOf: (wave: WavePlan) => readonly Nemesis[] | Promise<readonly Nemesis[]>;
  /** Gives each step of a strike the time that it may take; its signal then aborts with DeadlinePassed. */
  readonly bounded: <Result>(
    outer: AbortSignal,
    body: (signal: AbortSignal) => Promise<Result>,
  ) => Promise<Result>;
}

const partFor = (nemesis: Nemesis, { arsenal, run, owner }: TroubleOptions): TroublePart => {
  const { docker } = arsenal;
  switch (nemesis.kind) {
    case "occupy": {
      const { kind, ports, by } = nemesis;
      return takePorts({
        kind,
        ports,
        holder: () => arsenal.occupant(by),
        truth: OCCUPANT_TRUTH[by],
        from: by === "ephemeral" ? "nextEphemeral" : "nextPort",
      });
    }
    case "second-engine": {
      const { kind, ports } = nemesis;
      const holder = arsenal.secondEngine;
      return takePorts({ kind, ports, holder, truth: "other_engine", from: "nextPort" });
    }
    case "exhaust-subnets":
      return exhaustSubnets(docker, { run, owner });
    case "name-clash":
      return nameClash(docker, { run, owner });
    case "slow-daemon":
      return slowDaemon(arsenal, nemesis.seconds);
    case "kill-daemon":
      return killDaemon(arsenal);
    case "kill-runner":
      return killRunner(arsenal);
    default:
      return unreachable(nemesis);
  }
};

/** What takes long comes first, what lasts only a while (TIME_WAIT) or counts from the gate comes last. */
const ORDER: readonly Nemesis["kind"][] = [
  "exhaust-subnets",
  "name-clash",
  "second-engine",
  "occupy",
];

const rank = (nemesis: Nemesis): number => {
  const place = ORDER.indexOf(nemesis.kind);
  if (place === -1) return ORDER.length + NEMESIS_KINDS.indexOf(nemesis.kind) + 1;
  return nemesis.kind === "occupy" && nemesis.by === "timewait" ? ORDER.length : place;
};

/** Gives out each of them once, found when the first is wanted. */
const supplyOf = (find: () => Promise<readonly number[]>): Strike["nextPort"] => {
  let found: Promise<Iterator<number>> | null = null;
  return async () => {
    found ??= find().then((ports) => ports.values());
    const port = (await found).next();
    return port.done === true ? null : port.value;
  };
};

/**
 * The ports that jobs ask for by number, or, where there are none, those that the daemon hands out next; and of the
 * latter those that a connection of the host can have.
 */
const portSupplies = (
  { fixedPorts, dynamicHostIp, image }: Targets,
  { nextPorts, hostPorts }: Arsenal,
  inTime: InTime,
): Pick<Strike, "nextPort" | "nextEphemeral"> => {
  let asked: Promise<readonly number[]> | null = null;
  const dynamic = async (): Promise<readonly number[]> => {
    if (dynamicHostIp === null || image === null) return [];
    // Found out once: to be handed a port moves the cursor on.
    asked ??= inTime((signal) => nextPorts({ hostIp: dynamicHostIp, image }, signal));
    return await asked;
  };
  return {
    nextPort: supplyOf(async () => (fixedPorts.length > 0 ? fixedPorts : await dynamic())),
    nextEphemeral: supplyOf(async () => ephemeralPorts(await dynamic(), await hostPorts())),
  };
};

const inTimeOf =
  ({ bounded }: TroubleOptions, outer: AbortSignal): InTime =>
  (body) =>
    bounded(outer, async (signal) => {
      try {
        return await body(signal);
      } catch (cause) {
        const { reason } = signal as { readonly reason: unknown };
        if (!(reason instanceof DeadlinePassed)) throw cause;
        const words = `the trouble that was asked for does not get ready: ${reason.message}`;
        throw new StressError("environment", words, { cause });
      }
    });

/** Several nemeses of one wave aim at different jobs, as far as there are enough of them. */
export const createTroublemaker = (options: TroubleOptions): Troublemaker => {
  const { arsenal, seed, nemesesOf } = options;
  /** Parts that were struck, or are being struck. */
  const standing: TroublePart[] = [];
  let ids = 0;
  return {
    strike: async (wave, report, signal) => {
      // One listener for each call that is still being put away; Node warns from eleven on.
      setMaxListeners(0, signal);
      const targets = targetsOf(wave, seed);
      const inTime = inTimeOf(options, signal);
      const containers = targets.containers.values();
      const strike: Strike = {
        wave,
        targets,
        ...portSupplies(targets, arsenal, inTime),
        nextContainer: () => containers.next().value ?? null,
        moment: momentOf(wave, seed),
        report: (fault) => {
          ids += 1;
          report({ id: `f${String(ids)}`, ...fault });
        },
        inTime,
      };
      const nemeses = await nemesesOf(wave);
      for (const nemesis of nemeses.toSorted((a, b) => rank(a) - rank(b))) {
        const part = partFor(nemesis, options);
        standing.push(part);
        await part.strike(strike);
      }
    },
    lift: async () => {
      for (let part = standing.pop(); part !== undefined; part = standing.pop()) await part.lift();
    },
  };
};
