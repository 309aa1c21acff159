/**
 * What trouble is made with, and how one kind of it is put together with the others.
 */
import type Dockerode from "dockerode";
import type { WavePlan } from "../../harness/core/model.ts";
import type { InjectedFault, Occupant } from "../../harness/core/nemesis.ts";
import type { Targets } from "../../harness/core/nemesis-targets.ts";
import type { PortHolder } from "./port-holder.ts";

/** The process of the daemon under test. */
export interface DaemonProcess {
  /** Both say what was done to whom, for people. */
  readonly pause: () => Promise<string>;
  readonly kill: () => Promise<string>;
  /** Never rejects; may be called although it was not paused. */
  readonly resume: () => Promise<void>;
}

/** An engine and its machine, real or simulated, as far as trouble is made there. */
export interface Arsenal {
  readonly docker: Dockerode;
  /** @throws StressError("environment") where there is none of this kind */
  readonly occupant: (by: Occupant) => Promise<PortHolder>;
  /** @throws StressError("environment") where there is none */
  readonly secondEngine: () => Promise<PortHolder>;
  /** @throws StressError when it cannot be found, or is not ours to stop */
  readonly daemon: () => Promise<DaemonProcess>;
  /**
   * The ports that the daemon hands out next, at this host address, in their order.
   *
   * @param image - of a container that may be started to find out
   */
  readonly nextPorts: (
    options: { readonly hostIp: string; readonly image: string },
    signal: AbortSignal,
  ) => Promise<readonly number[]>;
  /** The host's own `ip_local_port_range`: where its connections get their ports. Both ends included. */
  readonly hostPorts: () => Promise<readonly [number, number]>;
  /**
   * Resolves in the middle of a burst that begins about now, or when the signal aborts; never rejects.
   *
   * @param moment - 0: soon; 1: at the end of the burst's first part
   */
  readonly midBurst: (
    options: { readonly moment: number; readonly jobs: number },
    signal: AbortSignal,
  ) => Promise<void>;
}

/**
 * Does one thing of a strike in time: with a signal that aborts with the run, or when the time for it is over.
 *
 * @throws StressError("environment") when it took too long
 */
export type InTime = <Result>(body: (signal: AbortSignal) => Promise<Result>) => Promise<Result>;

/** One wave as a part of the trouble sees it. */
export interface Strike {
  readonly wave: WavePlan;
  readonly targets: Targets;
  /** A host port that nothing of this strike was given yet; null when there is none left. */
  readonly nextPort: () => Promise<number | null>;
  /** The same for a port of the host's own range: see `ephemeralPorts`. */
  readonly nextEphemeral: () => Promise<number | null>;
  /** The same for the name of a container. */
  readonly nextContainer: () => string | null;
  /** 0 … 1, see `midBurst`. */
  readonly moment: number;
  readonly report: (fault: Omit<InjectedFault, "id">) => void;
  readonly inTime: InTime;
}

/** One kind of trouble in one wave: struck once, lifted as often as one likes. */
export interface TroublePart {
  /** @throws StressError("environment") when it cannot be made */
  readonly strike: (strike: Strike) => Promise<void>;
  /** Undoes whatever `strike` has done so far. Never rejects. */
  readonly lift: () => Promise<void>;
}
