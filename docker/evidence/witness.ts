/**
 * The evidence of a run on a real engine: every source of it, asked at the right moment and no more often than needed.
 */
import { readFile } from "node:fs/promises";
import { unreachable } from "../../harness/core/errors.ts";
import type { Question, Sight, SightOf, SocketSeen } from "../../harness/core/evidence.ts";
import type { Witness } from "../../harness/core/ports.ts";
import { PortUsers } from "./containers-on-port.ts";
import { readCounters } from "./counters.ts";
import { GoroutineDumps, processState } from "./daemon-state.ts";
import { EngineInSight } from "./engine-in-sight.ts";
import { engineProcessor } from "./engine-processor.ts";
import type { EngineUnder } from "./engine-under.ts";
import type { EngineQuestions } from "./engine-questions.ts";
import { HolderSearch, type HoldersFound } from "./holders.ts";
import { holdersOfName, subnetsTaken } from "./holders-of-names.ts";
import { readProcesses } from "./process-table.ts";
import { rootlesskitForwards } from "./rootlesskit.ts";
import { natRules, rulesForPort } from "./rules.ts";
import { sharedReading } from "./shared-reading.ts";
import { readSockets, type Socket, type SocketTable } from "./sockets.ts";
import { userNames } from "./users.ts";

/** Where the daemon's log comes from: a file, or the journal of systemd. */
export interface LogSource {
  /** Whole lines since the last call, oldest first; null where there is none to read. */
  readonly newLines: () => Promise<readonly string[] | null>;
}

export interface WitnessOptions {
  /** Of the engine under test; null for one that is reached over TCP, of which no process is known. */
  readonly socketPath: string | null;
  /** Asks the engine under test, by its API. */
  readonly ask: EngineQuestions["ask"];
  /** Null where no log can be read. */
  readonly log: LogSource | null;
  /** Where goroutine dumps go; null: they are not taken. */
  readonly runDirectory: string | null;
  /** How long the engine may take to answer one question, in milliseconds; 2000 if it is not said. */
  readonly deadlineMs?: number;
}

const DEADLINE_MS = 2000;
const UNPRIVILEGED_START = "/proc/sys/net/ipv4/ip_unprivileged_port_start";

const unprivilegedStart = async (): Promise<number | null> =>
  readFile(UNPRIVILEGED_START, "utf8").then(Number, () => null);

const withHolders = (
  sockets: readonly Socket[],
  found: HoldersFound | null,
): readonly SocketSeen[] =>
  sockets.map(({ inode, ...socket }) => ({
    ...socket,
    holder: found?.holders.get(inode) ?? null,
  }));

const isHost = ({ namespace }: EngineUnder): boolean => namespace?.kind === "host";

/**
 * Looks at this machine and at one engine on it.
 *
 * Every source has readings of its own: a daemon that answers slowly does not keep the socket tables from being
 * read again, and sixteen refusals at once make two readings of each, not sixteen.
 */
export const createWitness = (options: WitnessOptions): Witness => {
  const { socketPath, runDirectory } = options;
  const questions: EngineQuestions = {
    ask: options.ask,
    deadlineMs: options.deadlineMs ?? DEADLINE_MS,
  };
  const sight = new EngineInSight(socketPath);
  const portUsers = new PortUsers(questions);
  const dumps =
    socketPath === null || runDirectory === null
      ? null
      : new GoroutineDumps(socketPath, runDirectory);

  const hostSockets = sharedReading(() =>
    // Without waiting for anything: what holds a port may be gone in a moment.
    readSockets(sight.known?.hostNamespace ?? { kind: "host" }),
  );
  const engineSockets = sharedReading(async () => {
    const engine = await sight.current();
    return engine.namespace === null || isHost(engine) ? null : await readSockets(engine.namespace);
  });
  const forwards = sharedReading(async () => {
    const { apiSocket } = await sight.current();
    return apiSocket === null ? null : await rootlesskitForwards(apiSocket);
  });
  const rules = sharedReading(async () => {
    const { namespace } = await sight.current();
    return namespace === null ? null : await natRules(namespace);
  });
  const users = sharedReading(() => portUsers.read());
  const search = new HolderSearch(async () => {
    const [engine, processes, names] = await Promise.all([
      sight.current(),
      readProcesses(),
      userNames(),
    ]);
    return processes === null ? null : { engine, processes, users: names };
  });
  const networks = sharedReading(() => subnetsTaken(questions));

  const lookAtPort = async (port: number, hostIp: string): Promise<SightOf<"port">> => {
    const seen = async (reading: Promise<SocketTable | null>) => {
      const sockets = (await reading)?.onPort(port) ?? null;
      const found = await search.find(sockets ?? []);
      return { sockets: sockets === null ? null : withHolders(sockets, found), found };
    };
    const [host, engine, forwarded, containers, nat, start] = await Promise.all([
      seen(hostSockets()),
      seen(engineSockets()),
      forwards(),
      users(),
      rules(),
      unprivilegedStart(),
    ]);
    return {
      about: "port",
      port,
      hostIp,
      host: host.sockets,
      engine: engine.sockets,
      forwards: forwarded?.filter(({ parentPort }) => parentPort === port) ?? null,
      containers: containers?.filter(({ hostPort }) => hostPort === port) ?? null,
      rules: nat === null ? null : rulesForPort(nat, port),
      otherEngines: host.found?.otherEngines ?? null,
      unprivilegedStart: start,
    };
  };

  const answersPing = async (): Promise<boolean> =>
    options.ask("/_ping", AbortSignal.timeout(questions.deadlineMs)).then(
      () => true,
      () => false,
    );

  const lookAtDaemon = async (hang: boolean): Promise<SightOf<"daemon">> => {
    await sight.current();
    const { daemon } = sight;
    const state = daemon === null ? null : processState(daemon);
    const [answers, goroutines] = await Promise.all([
      answersPing(),
      // The daemon stands still for a dump: only where it hangs does that cost nobody anything.
      hang && state !== "T" && state !== "gone" ? (dumps?.dump() ?? null) : null,
    ]);
    return { about: "daemon", state, pid: daemon?.pid ?? null, answers, goroutines };
  };
  const daemonThatHangs = sharedReading(() => lookAtDaemon(true));
  const daemonThatAnswers = sharedReading(() => lookAtDaemon(false));

  return {
    look: async (question: Question): Promise<Sight> => {
      switch (question.about) {
        case "port":
          return await lookAtPort(question.port, question.hostIp);
        case "subnets":
          return { about: "subnets", networks: await networks() };
        case "name":
          return { ...question, holders: await holdersOfName(questions, question) };
        case "daemon":
          return await (question.hang ? daemonThatHangs() : daemonThatAnswers());
        default:
          return unreachable(question);
      }
    },
    ports: async () => {
      const engine = await sight.current();
      const [forwarded, table] = await Promise.all([
        forwards(),
        isHost(engine) ? hostSockets() : engineSockets(),
      ]);
      const listening = table?.listening().map(({ localPort }) => localPort) ?? null;
      return {
        forwards: forwarded,
        engineListening:
          listening === null ? null : [...new Set(listening)].toSorted((a, b) => a - b),
      };
    },
    counters: async () => readCounters(await sight.current(), forwards),
    processor: async () => engineProcessor(await sight.current()),
    log: async () => (await options.log?.newLines()) ?? null,
  };
};
