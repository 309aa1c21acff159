/**
 * The Engine API as the run's `Runtime`: operations become calls and probes, answers become data.
 */
import type Dockerode from "dockerode";
import type { z } from "zod";
import { DeadlinePassed, messageOf } from "../../harness/core/errors.ts";
import {
  exitedEarly,
  needsNetwork,
  withoutNetworks,
  wrongIdentity,
} from "../../harness/core/findings.ts";
import type {
  Answer,
  CallOperation,
  MeasureOperation,
  Operation,
  PortBinding,
  ProbeOperation,
} from "../../harness/core/model.ts";
import { commandOf, isMeasurement, isProbe, isRunnerStep } from "../../harness/core/operations.ts";
import type { Clock, Knowledge, Performed, Runtime, Witness } from "../../harness/core/ports.ts";
import { millis, seconds, type Millis } from "../../harness/core/units.ts";
import type { Dial } from "../probe/dial.ts";
import { probeNonces, probeReady } from "../probe/probe.ts";
import { untilReady } from "../probe/until-ready.ts";
import { isAlive } from "./alive.ts";
import { toAnswer } from "./answer.ts";
import { inspectContainer, toCall, type Call } from "./calls.ts";
import {
  containerAnswer,
  createdAnswer,
  decode,
  infoAnswer,
  UnusableAnswer,
  versionAnswer,
  waitAnswer,
} from "./daemon-schemas.ts";
import { engineFacts, type KnownOfEngine } from "./engine-facts.ts";
import { exchange, Refusal } from "./exchange.ts";
import { logText } from "./log-frames.ts";
import { JobOutput } from "./job-output.ts";
import { ask, inventoryOf, ownId, removeAll, removeById } from "./labelled.ts";

export interface RuntimeOptions {
  readonly docker: Dockerode;
  readonly clock: Clock;
  readonly known: KnownOfEngine;
  /** How this machine reaches a published port. */
  readonly dialPublished: (hostPort: number) => Dial;
  /** Other people use this engine too. */
  readonly shared: boolean;
  readonly listening: Runtime["listening"];
  /** Evidence beside what the daemon answers. */
  readonly witness: Witness;
  /** From the first probe of a service until it is given up. */
  readonly readyDeadline: Millis;
  /** Processes that runners start; absent: this run has none. */
  readonly processes?: Performer<Operation>;
  /** What is measured beside the calls; absent: this run measures nothing. */
  readonly instruments?: Performer<MeasureOperation>;
}

/** As the runtime's own: resolves to data whatever happens. */
export type Performer<Kind extends Operation> = (
  operation: Kind,
  knowledge: Knowledge,
  signal: AbortSignal,
) => Promise<Performed>;

/** A finding of the harness itself about a service: thrown here, an answer at the edge. */
class Finding extends Error {
  override readonly name = "Finding";
}

/** The daemon's own answer, while a service was being waited for. */
class DaemonSays extends Error {
  override readonly name = "DaemonSays";
  readonly answer: Answer;

  constructor(answer: Answer) {
    super("the daemon answered in the service's place");
    this.answer = answer;
  }
}

/** How often a service that is not ready is looked at from the daemon's side: has it exited? */
const EXIT_CHECK_INTERVAL = seconds(2);

/** How often a container that is not there yet is asked for: seldom enough to be no burden to the burst. */
const AWAITED_INTERVAL = millis(250);

const isAwaited = (operation: ProbeOperation): boolean =>
  operation.kind === "ready" && operation.awaited === true;

const bindingsOf = ({ NetworkSettings }: z.infer<typeof containerAnswer>): readonly PortBinding[] =>
  Object.entries(NetworkSettings.Ports).flatMap(([key, bindings]) =>
    bindings.map(({ HostIp, HostPort }) => ({
      containerPort: Number.parseInt(key, 10),
      hostIp: HostIp,
      hostPort: Number(HostPort),
    })),
  );

const inspected = (container: string, body: unknown): Answer => {
  const seen = decode(containerAnswer, body, "container.inspect");
  const network = seen.HostConfig?.NetworkMode;
  const isLost =
    seen.State.Running &&
    network !== undefined &&
    needsNetwork(network) &&
    Object.keys(seen.NetworkSettings.Networks ?? { unknown: null }).length === 0;
  return isLost
    ? { kind: "refused", by: "harness", message: withoutNetworks({ container, network }) }
    : { kind: "done", bindings: bindingsOf(seen) };
};

const ended = ({ service }: CallOperation & { readonly service: string }, code: number): Answer =>
  code === 0
    ? { kind: "done" }
    : {
        kind: "refused",
        by: "harness",
        message: exitedEarly({ service, exitCode: code, tail: "" }),
      };

/** What a successful call says, beyond having succeeded. */
const toDone = (operation: Operation, body: unknown): Answer => {
  switch (operation.kind) {
    case "network.create":
    case "container.create":
      return { kind: "done", id: decode(createdAnswer, body, operation.kind).Id };
    case "container.inspect":
      return inspected(operation.container, body);
    case "container.wait":
      return ended(operation, decode(waitAnswer, body, operation.kind).StatusCode);
    default:
      return { kind: "done" };
  }
};

type Removal = Extract<CallOperation, { kind: "container.remove" | "network.remove" }>;

const isRemoval = (operation: Operation): operation is Removal =>
  operation.kind === "container.remove" || operation.kind === "network.remove";

/** Removing what is not there has removed it. */
const isAlreadyGone = (operation: Operation, error: unknown): boolean =>
  isRemoval(operation) && error instanceof Refusal && error.status === 404;

/** @throws Error where a plan asks for what its run was not given: a mistake of ours */
const performed = async <Kind extends Operation>(
  performer: Performer<Kind> | undefined,
  operation: Kind,
  knowledge: Knowledge,
  signal: AbortSignal,
): Promise<Performed> => {
  if (performer === undefined) throw new Error(`nobody is there to perform ${operation.kind}`);
  return await performer(operation, knowledge, signal);
};

const found = (message: string): Answer => ({ kind: "refused", by: "harness", message });

const identified = (
  { service, nonce }: Extract<ProbeOperation, { kind: "identity" }>,
  nonces: readonly string[],
): Answer => {
  const wrong = wrongIdentity({ service, expected: nonce, found: nonces });
  return wrong === null ? { kind: "done" } : found(wrong);
};

export const createRuntime = (options: RuntimeOptions): Runtime => {
  const { docker, clock, known } = options;
  /** Job containers whose output is being followed, by name. */
  const outputs = new Map<string, JobOutput>();

  /** Removal goes by id, and only of what is ours: a name may be that of a foreign object. */
  const removal = async (operation: Removal, signal: AbortSignal): Promise<Call> => {
    const object =
      operation.kind === "container.remove"
        ? ({ kind: "container", name: operation.container } as const)
        : ({ kind: "network", name: operation.network } as const);
    const id = await ownId(docker, object, signal);
    if (id !== null) return removeById(object.kind, id);
    throw new Finding(`${object.kind} ${object.name} is not of this run: left alone`);
  };

  const get = (path: string, signal: AbortSignal): Promise<unknown> => ask(docker, path, signal);

  const performCall = async (operation: CallOperation, signal: AbortSignal): Promise<Performed> => {
    let writtenAt: Millis | null = null;
    const onWritten = (): void => {
      writtenAt ??= clock.now();
    };
    try {
      const call = isRemoval(operation) ? await removal(operation, signal) : toCall(operation);
      const body = await exchange(docker, call, { signal, onWritten, within: null });
      return { answer: toDone(operation, body), writtenAt };
    } catch (error) {
      if (error instanceof Finding) return { answer: found(error.message), writtenAt };
      if (isAlreadyGone(operation, error)) return { answer: { kind: "done" }, writtenAt };
      return { answer: toAnswer(error, signal), writtenAt };
    }
  };

  /** Throws a Finding if the container is no longer running, DaemonSays if the daemon does not know it. */
  const refuseExited = async (operation: ProbeOperation, signal: AbortSignal): Promise<void> => {
    const call = inspectContainer(operation.container);
    const body = await exchange(docker, call, { signal, within: null }).catch((error: unknown) => {
      throw new DaemonSays(toAnswer(error, signal));
    });
    const { State } = decode(containerAnswer, body, "container.inspect");
    if (State.Running) return;
    const path = `/containers/${encodeURIComponent(operation.container)}/logs?stdout=true&stderr=true&tail=5`;
    const logs = await exchange(docker, { method: "GET", path }, { signal }).catch(() => null);
    throw new Finding(
      exitedEarly({
        service: operation.service,
        exitCode: State.ExitCode,
        tail: Buffer.isBuffer(logs) ? logText(logs) : "",
      }),
    );
  };

  /** The ports of a container that another operation is making. @throws the signal's reason */
  const bindingsOnceUp = async (
    container: string,
    signal: AbortSignal,
  ): Promise<readonly PortBinding[]> => {
    for (;;) {
      const body = await exchange(docker, inspectContainer(container), {
        signal,
        within: null,
      }).catch((error: unknown) => {
        if (error instanceof Refusal && error.status === 404) return null;
        throw error;
      });
      const seen = body === null ? null : decode(containerAnswer, body, "container.inspect");
      if (seen?.State.Running === true) return bindingsOf(seen);
      await clock.sleep(AWAITED_INTERVAL, signal);
      signal.throwIfAborted();
    }
  };

  const throughPort = async (
    operation: ProbeOperation,
    containerPort: number,
    knowledge: Knowledge,
    signal: AbortSignal,
  ): Promise<Answer> => {
    const known = isAwaited(operation)
      ? await bindingsOnceUp(operation.container, signal)
      : knowledge.bindings.get(operation.container);
    const binding = known?.find((each) => each.containerPort === containerPort);
    if (binding === undefined) {
      // A container that ended at once has no ports any more: that is then the finding.
      await refuseExited(operation, signal);
      throw new Finding(`no host port is published for ${String(containerPort)}/tcp`);
    }
    const dial = options.dialPublished(binding.hostPort);
    if (operation.kind === "identity") {
      return identified(
        operation,
        await probeNonces(operation.protocol, dial, operation.nonce, signal),
      );
    }
    let lookedAt = clock.now();
    const attempts = await untilReady({
      probe: (bounded) => probeReady(operation.protocol, dial, bounded),
      deadlineMs: options.readyDeadline,
      now: clock.now,
      sleep: (duration, bounded) => clock.sleep(millis(duration), bounded),
      signal,
      onWait: async () => {
        if (clock.now() - lookedAt < EXIT_CHECK_INTERVAL) return;
        lookedAt = clock.now();
        await refuseExited(operation, signal);
      },
    });
    return { kind: "done", attempts };
  };

  const throughJob = async (
    operation: ProbeOperation,
    container: string,
    signal: AbortSignal,
  ): Promise<Answer> => {
    const output = outputs.get(container) ?? new JobOutput(docker, container);
    outputs.set(container, output);
    const line = await output.line(operation.kind, operation.service, signal);
    if ("error" in line) return { kind: "refused", by: "service", message: line.error };
    if (operation.kind === "identity") {
      return identified(operation, "nonces" in line ? line.nonces : []);
    }
    return "attempts" in line ? { kind: "done", attempts: line.attempts } : { kind: "done" };
  };

  const performProbe = async (
    operation: ProbeOperation,
    knowledge: Knowledge,
    signal: AbortSignal,
  ): Promise<Performed> => {
    const { access } = operation;
    try {
      const answer =
        access.via === "host"
          ? await throughPort(operation, access.containerPort, knowledge, signal)
          : await throughJob(operation, access.container, signal);
      return { answer, writtenAt: null };
    } catch (error) {
      if (error instanceof Finding) return { answer: found(error.message), writtenAt: null };
      if (error instanceof DaemonSays) return { answer: error.answer, writtenAt: null };
      if (signal.aborted || error instanceof DeadlinePassed || error instanceof UnusableAnswer) {
        return { answer: toAnswer(error, signal), writtenAt: null };
      }
      return {
        answer: { kind: "refused", by: "service", message: messageOf(error) },
        writtenAt: null,
      };
    }
  };

  return {
    perform: async (operation, knowledge, signal) => {
      if (isProbe(operation)) return await performProbe(operation, knowledge, signal);
      if (isMeasurement(operation)) {
        return await performed(options.instruments, operation, knowledge, signal);
      }
      if (isRunnerStep(operation) || commandOf(operation) !== null) {
        return await performed(options.processes, operation, knowledge, signal);
      }
      if (operation.kind === "container.remove") {
        outputs.get(operation.container)?.close();
        outputs.delete(operation.container);
      }
      return await performCall(operation, signal);
    },
    warm: async (connections, signal) => {
      const ping = async (): Promise<void> => {
        await get("/_ping", signal);
      };
      await Promise.all(Array.from({ length: connections }, ping));
    },
    describe: async (signal) =>
      engineFacts(
        decode(versionAnswer, await get("/version", signal), "GET /version"),
        decode(infoAnswer, await get("/info", signal), "GET /info"),
        known,
      ),
    alive: (signal) => isAlive(docker, signal),
    inventory: async (run, signal) => {
      const found = await inventoryOf(docker, run, signal);
      // On an engine that others use, a new volume may be theirs.
      return options.shared ? { ...found, volumes: [] } : found;
    },
    remove: (run, what, signal) => removeAll(docker, { run, what }, signal),
    listening: options.listening,
    witness: options.witness,
  };
};
