/**
 * What the edges implement and the run uses: a clock, an engine, a journal.
 */
import type { Capacity } from "./capacity.ts";
import type { Event, EngineFacts } from "./events.ts";
import type { Counters, PortsSeen, Question, Sight } from "./evidence.ts";
import type { Answer, Inventory, Operation, PortBinding, WavePlan } from "./model.ts";
import type { InjectedFault } from "./nemesis.ts";
import type { Millis } from "./units.ts";

/** Monotonic; its zero is the start of the run. */
export interface Clock {
  readonly now: () => Millis;
  /** Resolves after `duration`, or at once when the signal aborts; never rejects. */
  readonly sleep: (duration: Millis, signal: AbortSignal) => Promise<void>;
}

/** What an operation may need to know of the job's earlier answers. */
export interface Knowledge {
  /** Published ports by container name, filled by `container.inspect`. */
  readonly bindings: ReadonlyMap<string, readonly PortBinding[]>;
}

/** An answer, and when the request left this process (null where no request was written). */
export interface Performed {
  readonly answer: Answer;
  readonly writtenAt: Millis | null;
}

/** An engine, as far as a run needs one. */
export interface Runtime {
  /** Performs one operation. Resolves to data whatever happens; an abort gives `unknown`. */
  readonly perform: (
    operation: Operation,
    knowledge: Knowledge,
    signal: AbortSignal,
  ) => Promise<Performed>;
  /** Opens connections so that a burst does not pay for them. */
  readonly warm: (connections: number, signal: AbortSignal) => Promise<void>;
  /** @throws StressError when the engine does not answer */
  readonly describe: (signal: AbortSignal) => Promise<EngineFacts>;
  readonly alive: (signal: AbortSignal) => Promise<boolean>;
  /** Everything labelled with this run; volumes: all that the daemon has. */
  readonly inventory: (run: string, signal: AbortSignal) => Promise<Inventory>;
  /** Removes these containers and networks; returns what could not be removed, in words. */
  readonly remove: (
    run: string,
    what: Inventory,
    signal: AbortSignal,
  ) => Promise<readonly string[]>;
  /** Those of the ports on which somebody listens on this machine; null where that cannot be seen. */
  readonly listening: (ports: readonly number[]) => Promise<readonly number[] | null>;
  /** Evidence beside what the daemon answers. */
  readonly witness: Witness;
}

/** An engine that is ready for a wave. */
export interface ReadyEngine {
  readonly runtime: Runtime;
  /** Makes trouble on purpose; null in an ordinary run. */
  readonly trouble: Troublemaker | null;
  /** Null where the run has one engine and no profile. */
  readonly profile: string | null;
  readonly facts: EngineFacts;
  readonly capacity: Capacity | null;
}

/** The engines of a run. */
export interface Engines {
  /**
   * The engine of the wave's arm, started where need be: the same object as long as it is the same engine, another
   * one after a fresh start. Asked again for the same wave, it gives the same.
   *
   * @throws StressError when it does not start or does not answer
   */
  readonly of: (wave: WavePlan, signal: AbortSignal) => Promise<ReadyEngine>;
}

/** Looks without touching: at this machine, and at the engine from beside it. Nothing here ever rejects. */
export interface Witness {
  /**
   * Answers a question as things stand now: every source is read after the call. Cheap enough to be asked in
   * the middle of a burst; questions that come while one is being answered share the next reading.
   */
  readonly look: (question: Question) => Promise<Sight>;
  readonly ports: () => Promise<PortsSeen>;
  readonly counters: () => Promise<Counters>;
  /**
   * Processor time that the engine's own programs have used so far, without the containers; null where they cannot
   * be seen. Ended programs count as far as their parents have waited for them.
   */
  readonly processor: () => Promise<Millis | null>;
  /** Whole lines of the daemon's log since the last call (or the start); null where there is none to read. */
  readonly log: () => Promise<readonly string[] | null>;
}

/** Makes trouble whose truth is known. */
export interface Troublemaker {
  /**
   * Makes trouble for a wave that is about to be released. What stands at once is reported before it resolves;
   * what comes in the middle of the burst, when it comes.
   *
   * @throws StressError("environment") when the machine does not let it
   */
  readonly strike: (
    wave: WavePlan,
    report: (fault: InjectedFault) => void,
    signal: AbortSignal,
  ) => Promise<void>;
  /** Ends all of it, also what is still to come. May be called again; never rejects. */
  readonly lift: () => Promise<void>;
}

/** Locks among all processes of the machine that lock the same file, by flock(2). */
export interface Locks {
  /**
   * Waits until nobody else has the lock, and takes it. Never rejects.
   *
   * @returns what lets go of it; null where the signal aborted first, or the lock is not to be had
   */
  readonly hold: (path: string, signal: AbortSignal) => Promise<(() => void) | null>;
}

/** The append-only record. */
export interface Journal {
  /**
   * Written when it returns. Never throws: a wave must not break off in the middle because a disk is full.
   * The first failure cancels the run instead, and the events stay in memory.
   */
  readonly append: (event: Event) => void;
}

/** How much processor time this process and what it has started and waited for have used, user and system together. */
export interface ProcessorMeter {
  readonly used: () => Millis;
  readonly cores: number;
}
