/**
 * An engine to work on, however it was chosen, and what it takes to let go of it.
 */
import type Dockerode from "dockerode";
import { connect } from "../../docker/client/connect.ts";
import { findEngine, parseHost, type EngineAddress } from "../../docker/client/find-engine.ts";
import { createRuntime } from "../../docker/client/runtime.ts";
import {
  DaemonLog,
  isNetnsRestoreLine,
  isPortRetryLine,
} from "../../docker/evidence/daemon-log.ts";
import { localPortRange } from "../../docker/evidence/port-range.ts";
import { rootlesskitInfo } from "../../docker/evidence/rootlesskit.ts";
import { listeningPorts } from "../../docker/evidence/sockets.ts";
import { dialFake } from "../../docker/fake/dial.ts";
import { optionsOf } from "../../docker/fake/options.ts";
import { spawnFakeEngine } from "../../docker/fake/spawn.ts";
import type { DaemonJson } from "../../docker/managed/daemon-config.ts";
import { resolveEngineDirectory } from "../../docker/managed/engine-directory.ts";
import { startManagedEngine } from "../../docker/managed/engine.ts";
import { dialTcp, type Dial } from "../../docker/probe/dial.ts";
import { LocalPorts } from "../../docker/probe/local-ports.ts";
import type { Signals } from "../core/events.ts";
import type { Clock, Runtime } from "../core/ports.ts";
import { unreachable } from "../core/errors.ts";
import { seconds, type Millis } from "../core/units.ts";
import type { CleanupStack } from "../run/cleanup.ts";
import { systemClock } from "../run/clock.ts";
import { withDeadline } from "../run/deadline.ts";
import type { EngineChoice } from "./command-line.ts";

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
  readonly signals: () => Promise<Signals>;
}

export interface SessionOptions {
  readonly stateDir: string;
  /** The parsed daemon.json for a managed engine; null: the engine's defaults. */
  readonly daemonJson: DaemonJson | null;
  readonly say: (line: string) => void;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/** How long an engine may take to say who it is. */
const CONNECT_DEADLINE = seconds(30);

const connectTo = (address: EngineAddress, signal: AbortSignal): Promise<Dockerode> =>
  withDeadline({ clock: systemClock(), duration: CONNECT_DEADLINE, outer: signal }, (bounded) =>
    connect(address, bounded),
  );

const unreadableLog = (): Promise<Signals> =>
  Promise.resolve({ netnsRestoreLines: null, portRetryLines: null });

const signalsOf = (logFile: string) => {
  const log = new DaemonLog(logFile);
  return async (): Promise<Signals> => {
    const lines = await log.newLines();
    if (lines === null) return await unreadableLog();
    return {
      netnsRestoreLines: lines.filter(isNetnsRestoreLine).length,
      portRetryLines: lines.filter(isPortRetryLine).length,
    };
  };
};

/** Probes reach published ports over loopback, from local ports that no daemon allocates. */
const overLoopback = (): ((hostPort: number) => Dial) => {
  const localPorts = new LocalPorts();
  return (hostPort) => dialTcp({ host: "127.0.0.1", port: hostPort, localPorts });
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
      return {
        docker: await connectTo(address, signal),
        address,
        own: false,
        simulated: false,
        enginePortRange: null,
        programs: null,
        dialPublished: overLoopback(),
        listening: listeningPorts,
        signals: unreadableLog,
      };
    }
    case "managed":
    case "directory": {
      const directory = await resolveEngineDirectory({
        path: choice.kind === "directory" ? choice.path : null,
        stateDir: options.stateDir,
        narrate: say,
        signal,
      });
      const engine = await startManagedEngine({
        directory,
        daemonJson: options.daemonJson,
        stateDir: options.stateDir,
        narrate: say,
        signal,
      });
      cleanup.defer(() => engine.stop());
      const address = parseHost(`unix://${engine.socketPath}`, engine.name);
      return {
        docker: await connectTo(address, signal),
        address,
        own: true,
        simulated: false,
        enginePortRange: engine.portRange,
        programs: directory.programs,
        dialPublished: overLoopback(),
        listening: listeningPorts,
        signals: signalsOf(engine.logFile),
      };
    }
    case "fake": {
      say("engine: a simulation, nothing real is started");
      const engine = await spawnFakeEngine(optionsOf(options.daemonJson));
      cleanup.defer(() => engine.stop());
      const address = parseHost(`unix://${engine.socketPath}`, "SIMULATED");
      return {
        docker: await connectTo(address, signal),
        address,
        own: true,
        simulated: true,
        enginePortRange: null,
        programs: null,
        dialPublished: (port) =>
          dialFake({ socketPath: engine.socketPath, host: "127.0.0.1", port }),
        listening: () => Promise.resolve(null),
        signals: unreadableLog,
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
  },
): Promise<Runtime> => {
  const { target } = session.address;
  return createRuntime({
    docker: session.docker,
    clock: options.clock,
    known: {
      simulated: session.simulated,
      address: session.address.description,
      hostPortRange: await localPortRange(),
      enginePortRange: session.enginePortRange === null ? null : [...session.enginePortRange],
      images: options.images,
      rootlesskit: target.kind === "socket" ? await rootlesskitInfo(target.path) : null,
    },
    dialPublished: session.dialPublished,
    shared: options.shared,
    listening: session.listening,
    signals: session.signals,
    readyDeadline: options.readyDeadline,
  });
};
