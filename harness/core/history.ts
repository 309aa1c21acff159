/**
 * What happened, put together from the journal's lines: waves with their jobs, jobs with their steps. Any
 * prefix of a journal has a history: a killed process loses the end of it.
 */
import { StressError } from "./errors.ts";
import type { Event, EventOf } from "./events.ts";
import type { Answer, OperationKind } from "./model.ts";
import type { Millis } from "./units.ts";

/** One answered operation. */
export interface Step {
  readonly operation: OperationKind;
  /** Null for network operations. */
  readonly service: string | null;
  /** Which of several of its kind; null where there is one. */
  readonly step: string | null;
  readonly invokedAt: Millis;
  /** When the request left the process; null where none was written. */
  readonly writtenAt: Millis | null;
  readonly answeredAt: Millis;
  readonly answer: Answer;
  /** 1, or more where a mitigation asked again. */
  readonly try: number;
  /** It was refused and asked again: then this answer alone fails no job. */
  readonly again: boolean;
}

export interface JobHistory {
  readonly id: string;
  /** In the order of the answers. */
  readonly burst: readonly Step[];
  readonly teardown: readonly Step[];
  /** Operations of the burst that were invoked and have no answer. */
  readonly pending: number;
  /** Every service that an operation of the burst was about, answered or not. */
  readonly services: ReadonlySet<string>;
}

export interface WaveHistory {
  readonly started: EventOf<"wave.started">;
  readonly jobs: readonly JobHistory[];
  readonly gateAt: Millis | null;
  readonly burstEnded: EventOf<"burst.ended"> | null;
  readonly ended: EventOf<"wave.ended"> | null;
  /** What was looked at because something failed, in the order in which the looks ended. */
  readonly looks: readonly EventOf<"looked">[];
  readonly portsSeen: EventOf<"ports.seen"> | null;
  readonly log: EventOf<"daemon.logged"> | null;
  readonly faults: readonly EventOf<"fault.injected">[];
}

export interface RunHistory {
  readonly started: EventOf<"run.started">;
  /** In the order in which they were ready; empty in journals before version 3. */
  readonly engines: readonly EventOf<"engine.started">[];
  readonly waves: readonly WaveHistory[];
  /** Looks at the waves so far, of a run that may end when all is decided. */
  readonly interims: readonly EventOf<"interim.looked">[];
  /** Events that could not be written down. */
  readonly refused: readonly EventOf<"event.refused">[];
  /** `killed`: there is no end. */
  readonly ended: EventOf<"run.ended">["reason"] | "killed";
  /** What the engine said or did not say when it was lost. */
  readonly endMessage: string | null;
  readonly lastAt: Millis;
}

/** Whether it belongs to the burst or to what comes after it; a runner's commands are in both. */
type Part = "burst" | "teardown";

const isRemoval = (operation: OperationKind): boolean =>
  operation === "container.remove" || operation === "network.remove" || operation === "stack.down";

class JobUnderWay {
  readonly id: string;
  readonly burst: Step[] = [];
  readonly teardown: Step[] = [];
  readonly services = new Set<string>();
  readonly #invoked = new Map<
    string,
    { readonly event: EventOf<"invoked">; readonly part: Part }
  >();

  constructor(id: string) {
    this.id = id;
  }

  get pending(): number {
    return [...this.#invoked.values()].filter(({ part }) => part === "burst").length;
  }

  /** @param during - what the wave was at */
  invoke(event: EventOf<"invoked">, during: Part): void {
    const part = isRemoval(event.operation) ? "teardown" : during;
    this.#invoked.set(JobUnderWay.#keyOf(event), { event, part });
    if (event.try !== undefined) this.#markAskedAgain(event);
    if (event.service !== undefined && part === "burst") {
      this.services.add(event.service);
    }
  }

  answer(event: EventOf<"answered">): void {
    const key = JobUnderWay.#keyOf(event);
    const invoked = this.#invoked.get(key);
    if (invoked === undefined) throw corrupt(`job ${this.id} has an answer to nothing (${key})`);
    this.#invoked.delete(key);
    (invoked.part === "teardown" ? this.teardown : this.burst).push({
      operation: event.operation,
      service: event.service ?? null,
      step: event.step ?? null,
      invokedAt: invoked.event.at,
      writtenAt: event.writtenAt,
      answeredAt: event.at,
      answer: event.answer,
      try: event.try ?? 1,
      again: false,
    });
  }

  #markAskedAgain({ operation, service, step: name, try: number }: EventOf<"invoked">): void {
    const at = this.burst.findLastIndex(
      (step) =>
        step.operation === operation &&
        step.service === (service ?? null) &&
        step.step === (name ?? null) &&
        step.try + 1 === number,
    );
    const step = this.burst[at];
    if (step !== undefined) this.burst.splice(at, 1, { ...step, again: true });
  }

  static #keyOf({ operation, service, step }: EventOf<"invoked" | "answered">): string {
    return `${operation} ${service ?? ""} ${step ?? ""}`;
  }
}

interface WaveUnderWay {
  readonly started: EventOf<"wave.started">;
  readonly jobs: ReadonlyMap<string, JobUnderWay>;
  gateAt: Millis | null;
  burstEnded: EventOf<"burst.ended"> | null;
  ended: EventOf<"wave.ended"> | null;
  readonly looks: EventOf<"looked">[];
  portsSeen: EventOf<"ports.seen"> | null;
  log: EventOf<"daemon.logged"> | null;
  readonly faults: EventOf<"fault.injected">[];
}

const corrupt = (what: string): StressError =>
  new StressError("corrupt", `not a journal of this tool: ${what}; was the file edited or joined?`);

/**
 * @param events - a journal, or the beginning of one; at least its first event
 * @throws StressError("corrupt") for events that no run writes in this order
 */
export const history = (events: Iterable<Event>): RunHistory => {
  let started: EventOf<"run.started"> | null = null;
  let arms: ReadonlySet<string> = new Set();
  let lastAt: Millis | null = null;
  const waves = new Map<number, WaveUnderWay>();
  const engines: EventOf<"engine.started">[] = [];
  const interims: EventOf<"interim.looked">[] = [];
  const refused: EventOf<"event.refused">[] = [];
  let ended: RunHistory["ended"] = "killed";
  let endMessage: string | null = null;

  const waveOf = (index: number): WaveUnderWay => {
    const wave = waves.get(index);
    if (wave === undefined) throw corrupt(`wave ${String(index)} was never started`);
    return wave;
  };
  const jobOf = ({ wave, job: id }: EventOf<"invoked" | "answered" | "looked">): JobUnderWay => {
    const job = waveOf(wave).jobs.get(id);
    if (job === undefined) throw corrupt(`wave ${String(wave)} has no job ${id}`);
    return job;
  };

  for (const event of events) {
    if (started === null && event.event !== "run.started") break;
    if (ended !== "killed") throw corrupt("it goes on after its end");
    lastAt = event.at;
    switch (event.event) {
      case "run.started":
        if (started !== null) throw corrupt("it holds two runs");
        started = event;
        arms = new Set(event.arms.map(({ id }) => id));
        break;
      case "engine.started":
        engines.push(event);
        break;
      case "wave.started":
        if (!arms.has(event.arm)) throw corrupt(`arm ${event.arm} is not among the run's`);
        if (event.wave !== waves.size + 1) {
          throw corrupt(
            `wave ${String(event.wave)} is started where wave ${String(waves.size + 1)} is next`,
          );
        }
        waves.set(event.wave, {
          started: event,
          jobs: new Map(event.jobs.map((id) => [id, new JobUnderWay(id)])),
          gateAt: null,
          burstEnded: null,
          ended: null,
          looks: [],
          portsSeen: null,
          log: null,
          faults: [],
        });
        break;
      case "gate.opened":
        waveOf(event.wave).gateAt = event.at;
        break;
      case "invoked":
        jobOf(event).invoke(event, waveOf(event.wave).burstEnded === null ? "burst" : "teardown");
        break;
      case "answered":
        jobOf(event).answer(event);
        break;
      case "burst.ended":
        waveOf(event.wave).burstEnded = event;
        break;
      case "looked":
        jobOf(event);
        waveOf(event.wave).looks.push(event);
        break;
      case "ports.seen":
        waveOf(event.wave).portsSeen = event;
        break;
      case "daemon.logged":
        waveOf(event.wave).log = event;
        break;
      case "fault.injected":
        waveOf(event.wave).faults.push(event);
        break;
      case "wave.ended":
        waveOf(event.wave).ended = event;
        break;
      case "interim.looked":
        interims.push(event);
        break;
      case "event.refused":
        refused.push(event);
        break;
      case "run.ended":
        ended = event.reason;
        endMessage = event.message ?? null;
        break;
    }
  }
  if (started === null || lastAt === null) throw corrupt("it does not begin with run.started");
  return {
    started,
    engines,
    interims,
    refused,
    waves: [...waves.values()].map((wave) => ({ ...wave, jobs: [...wave.jobs.values()] })),
    ended,
    endMessage,
    lastAt,
  };
};
