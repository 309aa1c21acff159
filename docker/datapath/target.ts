/**
 * What a way in leads to: the address that the client connects to, and the server's process.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type Dockerode from "dockerode";
import { z } from "zod";
import type { Way } from "../../harness/core/model.ts";
import { decode, map } from "../client/daemon-schemas.ts";
import { inspectContainer } from "../client/calls.ts";
import { exchange } from "../client/exchange.ts";
import type { EngineUnder } from "../evidence/engine-under.ts";
import { readSockets } from "../evidence/sockets.ts";
import type { HostPrograms } from "./host-programs.ts";
import type { HostServers, ServerKind } from "./host-servers.ts";
import type { Place } from "./place.ts";

export type Family = 4 | 6;

export interface Target {
  /** An address, or the name by which the client knows the server. */
  readonly host: string;
  readonly port: number;
  readonly serverPid: number;
  /** Null for a server outside any container. */
  readonly containerPort: number | null;
  readonly from: Place;
}

/** A way in, found. */
export interface Path {
  readonly engine: EngineUnder;
  readonly target: Target;
}

/** What measuring along a path needs. */
export interface PathOptions {
  readonly docker: Dockerode;
  /** Of this machine. */
  readonly programs: () => Promise<HostPrograms>;
  /** The compiled probe on this machine. */
  readonly probeDirectory: string;
  readonly signal: AbortSignal;
}

/** There is nothing to connect to, in words. */
export class NoTarget extends Error {
  override readonly name = "NoTarget";
}

const bindings = z
  .array(z.object({ HostIp: z.string(), HostPort: z.string() }))
  .nullish()
  .transform((list) => list ?? []);

const serverAnswer = z.object({
  State: z.object({ Pid: z.int() }),
  NetworkSettings: z.object({ Ports: map(bindings) }),
});

type Server = z.infer<typeof serverAnswer>;

const LOOPBACK: Readonly<Record<Family, string>> = { 4: "127.0.0.1", 6: "::1" };

const isFamily = (address: string, family: Family): boolean =>
  address === "" || address.includes(":") === (family === 6);

/**
 * The host's port for a port of the container. A container that is published on IPv4 alone is asked for at that port
 * over IPv6 as well: that somebody else answers there, or nobody, is what is looked for.
 */
const publishedPort = ({ NetworkSettings }: Server, port: number, family: Family): number => {
  const published = NetworkSettings.Ports[`${String(port)}/tcp`] ?? [];
  const binding = published.find(({ HostIp }) => isFamily(HostIp, family)) ?? published[0];
  if (binding === undefined)
    throw new NoTarget(`no host port is published for ${String(port)}/tcp`);
  return Number(binding.HostPort);
};

/** For a server that its container has just started. */
const LISTEN_MS = 10_000;
const POLL_MS = 50;

/** Until the server listens in its own namespace, so that no proxy before it can be taken for it. */
const untilListening = async (pid: number, port: number, signal: AbortSignal): Promise<void> => {
  for (const end = performance.now() + LISTEN_MS; performance.now() < end;) {
    const table = await readSockets({ kind: "pid", pid });
    // Where that cannot be seen, there is nothing to wait for.
    if (table === null || table.onPort(port).some(({ state }) => state === "listen")) return;
    await sleep(POLL_MS, undefined, { signal });
  }
};

export interface TargetOptions {
  readonly docker: Dockerode;
  readonly engine: EngineUnder;
  readonly servers: HostServers;
  readonly programs: PathOptions["programs"];
  readonly signal: AbortSignal;
}

/**
 * @throws NoTarget when the server's container does not run or publishes nothing; what the daemon answers otherwise
 */
export const targetOf = async (
  { way, kind, family }: { readonly way: Way; readonly kind: ServerKind; readonly family: Family },
  { docker, engine, servers, programs, signal }: TargetOptions,
): Promise<Target> => {
  const host: Place = { kind: "host", namespace: engine.hostNamespace };
  const from: Place = way.client === null ? host : { kind: "container", container: way.client };
  if (way.server === null) {
    const { port, pid } = await servers.of(kind, programs);
    return { host: LOOPBACK[family], port, serverPid: pid, containerPort: null, from };
  }
  const { container, port } = way.server;
  const answer = await exchange(docker, inspectContainer(container), { signal });
  const server = decode(serverAnswer, answer, "container.inspect");
  const serverPid = server.State.Pid;
  if (serverPid <= 0) throw new NoTarget(`the container ${container} does not run`);
  await untilListening(serverPid, port, signal);
  const target = { serverPid, containerPort: port, from };
  switch (way.mode) {
    case "noports":
      return { ...target, host: way.host, port };
    case "host":
      return { ...target, host: LOOPBACK[family], port };
    default:
      return { ...target, host: LOOPBACK[family], port: publishedPort(server, port, family) };
  }
};
