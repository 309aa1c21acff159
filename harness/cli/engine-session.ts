/**
 * An engine to work on, however it was chosen, and what it takes to let go of it.
 */
import { statSync } from "node:fs";
import type Dockerode from "dockerode";
import { connect } from "../../docker/client/connect.ts";
import { exchange } from "../../docker/client/exchange.ts";
import { findEngine, parseHost, type EngineAddress } from "../../docker/client/find-engine.ts";
import { createRuntime, type RuntimeOptions } from "../../docker/client/runtime.ts";
import { foundLog, managedLog } from "../../docker/evidence/daemon-log.ts";
import { engineUnder } from "../../docker/evidence/engine-under.ts";
import { localPortRange } from "../../docker/evidence/port-range.ts";
import { rootlesskitInfo } from "../../docker/evidence/rootlesskit.ts";
import { listeningPorts } from "../../docker/evidence/sockets.ts";
import { createWitness, type LogSource } from "../../docker/evidence/witness.ts";
import { dialFake } from "../../docker/fake/dial.ts";
import { optionsOf } from "../../docker/fake/options.ts";
import { spawnFakeEngine } from "../../docker/fake/spawn.ts";
import { fakeWitness } from "../../docker/fake/witness.ts";
import type { DaemonJson } from "../../docker/managed/daemon-config.ts";
import { listEngines, startManagedEngine } from "../../docker/managed/engine.ts";
import { startRootfulEngine } from "../../docker/managed/rootful-engine.ts";
import { portRangeOf } from "../../docker/managed/slot.ts";
import { dialTcp, type Dial } from "../../docker/probe/dial.ts";
import { LocalPorts } from "../../docker/probe/local-ports.ts";
import type { Clock, Runtime, Witness } from "../core/ports.ts";
import { unreachable } from "../core/errors.ts";
import { millis, seconds, type Millis } from "../core/units.ts";
import type { CleanupStack } from "../run/cleanup.ts";
import type { ResolvedProfile } from "./profiles.ts";
import { systemClock } from "../run/clock.ts";
import { withDeadline } from "../run/deadline.ts";
import type { EngineChoice } from "./engine-choice.ts";
import { programsAtHand } from "./engine-programs.ts";
import { narrated } from "./heartbeat.ts";

export interface EngineSession {
  readonly docker: Dockerode;
  readonly address: EngineAddress;
  /** Ours alone: started for this run, or simulated. */
  readonly own: boolean;
  readonly simulated: boolean;
  readonly enginePortRange: readonly [number, number] | null;
  /** Directories of the engine's own programs, written like PATH; null for an engine that is not ours. */
  readonly programs: string | null;
  readonly dialPublished: (hostPort: number) => Dial;
  readonly listening: Runtime["listening"];
  /** @param runDirectory - where evidence too large for the journal goes; null: nowhere */
  readonly witness: (runDirectory: string | null) => Witness;
}

export interface SessionOptions {
  readonly stateDir: string;
  /** The parsed daemon.json for a managed engine; null: the engine's defaults. */
  readonly daemonJson: DaemonJson | null;
  /** How a managed engine is set up, whose programs included; absent: by `daemonJson` alone. */
  readonly profile?: ResolvedProfile;
  readonly say: (line: string) => void;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** How long the engine may take to say who it is; absent: half a minute, which is also the most. */
  readonly deadline?: Millis;
}

const CONNECT_DEADLINE = seconds(30);

const connectTo = (
  address: EngineAddress,
  { say, signal, deadline = CONNECT_DEADLINE }: SessionOptions,
): Promise<Dockerode> => {
  const duration = millis(Math.min(CONNECT_DEADLINE, deadline));
  return narrated(say, `waiting for an answer of ${address.description}`, () =>
    withDeadline({ clock: systemClock(), duration, outer: signal }, (bounded) =>
      connect(address, bounded),
    ),
  );
};

/** Null for an engine that is reached over a network. */
export const socketPathOf = ({ target }: EngineAddress): string | null =>
  target.kind === "socket" ? target.path : null;

/** @param log - null where there is none that we may read */
const witnessOf =
  (docker: Dockerode, address: EngineAddress, log: LogSource | null): EngineSession["witness"] =>
  (runDirectory) =>
    createWitness({
      socketPath: socketPathOf(address),
      ask: (path, signal) => exchange(docker, { method: "GET", path }, { signal }),
      log,
      runDirectory,
    });

/** That of an engine which `stress engine up` started, by its record; null for any other. */
const recordedLog = (stateDir: string, socketPath: string | null): string | null => {
  if (socketPath?.startsWith(`${stateDir}/`) !== true) return null;
  const record = listEngines(stateDir).find((each) => each.socketPath === socketPath);
  return record?.logFile ?? null;
};

/** Root's socket is a rootful engine's; that of anybody else belongs to whom the engine runs as. */
const logOf = async (
  { log }: Extract<EngineChoice, { kind: "auto" }>,
  address: EngineAddress,
  { stateDir }: SessionOptions,
): Promise<LogSource | null> => {
  const path = socketPathOf(address);
  const file = log ?? recordedLog(stateDir, path);
  const uid = path === null ? null : (statSync(path, { throwIfNoEntry: false })?.uid ?? null);
  const rootless = uid !== null && uid !== 0;
  return await foundLog({ file, rootless, uid, since: new Date() });
};

/** Probes reach published ports over loopback, from local ports that no daemon allocates. */
const overLoopback = (): ((hostPort: number) => Dial) => {
  const localPorts = new LocalPorts();
  return (hostPort) => dialTcp({ host: "127.0.0.1", port: hostPort, localPorts });
};

/** Of a simulated engine's dynamic ports; null: as the kernel has them, which is what it simulates by itself. */
const simulatedRange = ({ profile }: SessionOptions): readonly [number, number] | null => {
  const range = profile?.profile.portRange ?? "kernel";
  if (range === "kernel") return null;
  return range === "own" ? portRangeOf(0) : range;
};

/**
 * Finds or starts the engine; what it takes to end it again is deferred to `cleanup`.
 *
 * @throws StressError("environment") when there is none, StressError("usage") for a bad address or directory
 */
export const openEngine = async (
  choice: EngineChoice,
  options: SessionOptions,
  cleanup: CleanupStack,
): Promise<EngineSession> => {
  const { say, signal } = options;
  switch (choice.kind) {
    case "auto": {
      const address = findEngine({ ...choice, environment: options.environment });
      say(`engine: ${address.description}`);
      if (socketPathOf(address) === null) {
        say(
          "the engine is reached over TCP: times include what lies between, and of another machine no port holder, process or log is read",
        );
      }
      const docker = await connectTo(address, options);
      return {
        docker,
        address,
        own: false,
        simulated: false,
        enginePortRange: null,
        programs: null,
        dialPublished: overLoopback(),
        listening: listeningPorts,
        witness: witnessOf(docker, address, await logOf(choice, address, options)),
      };
    }
    case "managed":
    case "directory":
    case "source": {
      const directory = options.profile?.directory ?? (await programsAtHand(choice, options));
      const rootful = options.profile?.profile.rootful ?? false;
      const start = rootful ? startRootfulEngine : startManagedEngine;
      const engine = await narrated(say, "starting the engine", () =>
        start({
          directory,
          daemonJson: options.daemonJson,
          ...(options.profile === undefined ? {} : { profile: options.profile.profile }),
          stateDir: options.stateDir,
          narrate: say,
          signal,
        }),
      );
      cleanup.defer(() => narrated(say, `stopping engine ${engine.name}`, () => engine.stop()));
      const address = parseHost(`unix://${engine.socketPath}`, engine.name);
      const docker = await connectTo(address, options);
      return {
        docker,
        address,
        own: true,
        simulated: false,
        enginePortRange: engine.portRange,
        programs: directory.programs,
        dialPublished: overLoopback(),
        listening: listeningPorts,
        witness: witnessOf(docker, address, managedLog(engine.logFile)),
      };
    }
    case "fake": {
      say("engine: a simulation, nothing real is started");
      const portRange = simulatedRange(options);
      const engine = await spawnFakeEngine({
        ...optionsOf(options.daemonJson),
        ...(portRange === null ? {} : { portRange }),
      });
      cleanup.defer(() => engine.stop());
      const address = parseHost(`unix://${engine.socketPath}`, "SIMULATED");
      return {
        docker: await connectTo(address, options),
        address,
        own: true,
        simulated: true,
        enginePortRange: portRange,
        programs: null,
        dialPublished: (port) =>
          dialFake({ socketPath: engine.socketPath, host: "127.0.0.1", port }),
        listening: () => Promise.resolve(null),
        witness: () => fakeWitness(engine.socketPath),
      };
    }
    default:
      return unreachable(choice);
  }
};

/** The session's engine as the run sees it. */
export const runtimeOf = async (
  session: EngineSession,
  options: {
    readonly clock: Clock;
    readonly images: Readonly<Record<string, string>>;
    readonly readyDeadline: Millis;
    /** Other people use this engine too. */
    readonly shared: boolean;
    /** Where evidence too large for the journal goes; null or absent: nowhere. */
    readonly runDirectory?: string | null;
  } & Pick<RuntimeOptions, "processes" | "instruments">,
): Promise<Runtime> => {
  const { apiSocket } = await engineUnder(socketPathOf(session.address));
  return createRuntime({
    docker: session.docker,
    clock: options.clock,
    known: {
      simulated: session.simulated,
      address: session.address.description,
      hostPortRange: await localPortRange(),
      enginePortRange: session.enginePortRange === null ? null : [...session.enginePortRange],
      images: options.images,
      rootlesskit: apiSocket === null ? null : await rootlesskitInfo(apiSocket),
    },
    dialPublished: session.dialPublished,
    shared: options.shared,
    listening: session.listening,
    witness: session.witness(options.runDirectory ?? null),
    readyDeadline: options.readyDeadline,
    ...(options.processes === undefined ? {} : { processes: options.processes }),
    ...(options.instruments === undefined ? {} : { instruments: options.instruments }),
  });
};
