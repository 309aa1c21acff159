/**
 * Servers outside any container: what the ways into containers are compared with.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { iperf3Command, redisCommand } from "../../harness/core/datapath/commands.ts";
import { StressError } from "../../harness/core/errors.ts";
import { endChild } from "../child-process.ts";
import type { EngineNamespace } from "../evidence/namespace.ts";
import { readSockets } from "../evidence/sockets.ts";
import type { HostPrograms } from "./host-programs.ts";
import { commandIn } from "./place.ts";

export type ServerKind = "iperf3" | "redis";

export interface HostServer {
  readonly port: number;
  /** Of a process whose child the server is. */
  readonly pid: number;
}

/** Below every range from which kernels and engines take ports, and above those of probes. */
const FIRST_PORT = 9728;
const LAST_PORT = 10_239;

const START_MS = 10_000;
const POLL_MS = 20;
/** For a server to end when it is asked to. */
const END_MS = 5000;

/** Of what a server writes to its standard error, for messages. */
const LAST_WORDS = 2000;

/** Ends the server, and then itself, when its input ends: when it is told to, and also when this process is killed. */
const TIED =
  'exec 3<&0; "$@" </dev/null & server=$!; cat <&3 >/dev/null; kill -KILL $server; wait $server';

const COMMANDS = { iperf3: iperf3Command, redis: redisCommand } as const;

const listeningPorts = async (namespace: EngineNamespace): Promise<ReadonlySet<number>> => {
  const sockets = await readSockets(namespace);
  return new Set(sockets?.listening().map(({ localPort }) => localPort) ?? []);
};

/** Starts them when they are first asked for. */
export class HostServers {
  readonly #namespace: EngineNamespace;
  readonly #servers = new Map<ServerKind, Promise<HostServer>>();
  readonly #children: ChildProcess[] = [];

  /** @param namespace - the one where ports of the host are bound */
  constructor(namespace: EngineNamespace) {
    this.#namespace = namespace;
  }

  /** @throws StressError("environment") when it does not come up; it is then tried again when asked for again */
  of(kind: ServerKind, programs: () => Promise<HostPrograms>): Promise<HostServer> {
    const running = this.#servers.get(kind);
    if (running !== undefined) return running;
    const server = this.#start(kind, programs);
    this.#servers.set(kind, server);
    server.catch(() => this.#servers.delete(kind));
    return server;
  }

  /** Ends all of them. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#servers.values());
    await Promise.all(this.#children.map((child) => endChild(child, END_MS, "end-of-input")));
  }

  async #start(kind: ServerKind, ready: () => Promise<HostPrograms>): Promise<HostServer> {
    const programs = await ready();
    const taken = await listeningPorts(this.#namespace);
    let port = FIRST_PORT + (kind === "redis" ? 1 : 0);
    while (taken.has(port)) port += 2;
    if (port > LAST_PORT) {
      throw new StressError(
        "environment",
        `Every port from ${String(FIRST_PORT)} to ${String(LAST_PORT)} is taken`,
      );
    }
    const [, ...args] = COMMANDS[kind](port);
    const [program = "", ...rest] = commandIn(this.#namespace, [
      ...["sh", "-c", TIED, "sh"],
      ...[programs[kind], ...args],
    ]);
    const child = spawn(program, rest, { detached: true, stdio: ["pipe", "ignore", "pipe"] });
    this.#children.push(child);
    let complaints = "";
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      complaints = (complaints + chunk).slice(-LAST_WORDS);
    });
    child.once("error", (error) => (complaints += error.message));
    for (const end = performance.now() + START_MS; performance.now() < end;) {
      if ((await listeningPorts(this.#namespace)).has(port) && child.pid !== undefined) {
        return { port, pid: child.pid };
      }
      await sleep(POLL_MS);
    }
    throw new StressError(
      "environment",
      `${kind} does not listen on port ${String(port)}: ${complaints.trim() || "it said nothing"}`,
    );
  }
}
