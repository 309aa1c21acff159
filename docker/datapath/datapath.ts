/**
 * Measures the ways into an engine's containers, and looks at what carries their traffic.
 */
import type Dockerode from "dockerode";
import type {
  Carriers,
  FlowMeasurement,
  Reach,
  RequestMeasurement,
  Unreachable,
} from "../../harness/core/datapath/measurements.ts";
import type { FlowSpec, RequestsSpec, Way } from "../../harness/core/model.ts";
import { engineUnder } from "../evidence/engine-under.ts";
import { defaultProbeDirectory } from "../images/probe-files.ts";
import { carriersOf } from "./carriers.ts";
import { reachOf } from "./client.ts";
import { measureFlow } from "./flow.ts";
import { ensureHostPrograms, type HostPrograms } from "./host-programs.ts";
import { HostServers, type ServerKind } from "./host-servers.ts";
import { measureRequests } from "./requests.ts";
import { NoTarget, targetOf, type Family, type Path, type PathOptions } from "./target.ts";

export interface DatapathOptions {
  readonly docker: Dockerode;
  /** Of the engine; null for one whose processes are not on this machine. */
  readonly socketPath: string | null;
  readonly stateDir: string;
  readonly narrate: (line: string) => void;
  /** The compiled probe; without it, the one of this package. */
  readonly probeDirectory?: string;
}

/**
 * One measurement at a time: they are of the whole machine's processor time.
 *
 * The client of a way runs beside the harness, or in `way.client`, a container of the role `iperf3`. What the daemon
 * or the socket says on the way is thrown; that a way leads nowhere is a result.
 */
export interface Datapath {
  /** Has what runs outside containers at hand; otherwise the first measurement waits for it. */
  readonly prepare: (signal: AbortSignal) => Promise<void>;
  readonly measureFlow: (
    way: Way,
    flow: FlowSpec,
    signal: AbortSignal,
  ) => Promise<FlowMeasurement | Unreachable>;
  readonly measureRequests: (
    way: Way,
    requests: RequestsSpec,
    signal: AbortSignal,
  ) => Promise<RequestMeasurement | Unreachable>;
  /** @param kind - what the server of the way is */
  readonly lookAtPath: (
    way: Way,
    kind: ServerKind,
    signal: AbortSignal,
  ) => Promise<Carriers | Unreachable>;
  /** Ends the servers that were started outside any container. */
  readonly close: () => Promise<void>;
}

const unreachable = (words: string): Unreachable => ({ kind: "unreachable", words });

const FAMILIES: Readonly<Record<Family, string>> = { 4: "IPv4", 6: "IPv6" };

/** `IPv6: [::1]:32768 leads nowhere: accepted, and no answer within 2 s`. */
const wordsOf = ({ address, port, outcome, words }: Reach, family: Family): string => {
  const host = address.includes(":") ? `[${address}]` : address;
  const how = outcome === "leads-nowhere" ? "leads nowhere" : outcome;
  return `${FAMILIES[family]}: ${host}:${String(port)} ${how}${words === null ? "" : `: ${words}`}`;
};

export const createDatapath = (options: DatapathOptions): Datapath => {
  const { docker, socketPath, stateDir, narrate } = options;
  const probeDirectory = options.probeDirectory ?? defaultProbeDirectory();
  let assembled: Promise<HostPrograms> | null = null;
  let servers: HostServers | null = null;

  /** Unpacked once; after a failure, when it is asked for again. */
  const programsFor = (signal: AbortSignal) => (): Promise<HostPrograms> => {
    assembled ??= ensureHostPrograms({ stateDir, narrate, signal }).catch((error: unknown) => {
      assembled = null;
      throw error;
    });
    return assembled;
  };

  const find = async (
    what: { readonly way: Way; readonly kind: ServerKind; readonly family: Family },
    signal: AbortSignal,
  ): Promise<Path> => {
    const engine = await engineUnder(socketPath);
    servers ??= new HostServers(engine.hostNamespace);
    const programs = programsFor(signal);
    return { engine, target: await targetOf(what, { docker, engine, servers, programs, signal }) };
  };

  /** Finds the path and measures along it, if anybody answers at its end. */
  const along = async <Result>(
    what: { readonly way: Way; readonly kind: ServerKind; readonly family: Family },
    signal: AbortSignal,
    measure: (path: Path, pathOptions: PathOptions) => Promise<Result>,
  ): Promise<Result | Unreachable> => {
    const pathOptions = { docker, programs: programsFor(signal), probeDirectory, signal };
    try {
      const path = await find(what, signal);
      const { kind: question, family } = what;
      const reach = await reachOf({ target: path.target, question, family }, pathOptions);
      if (reach.outcome !== "answers") return unreachable(wordsOf(reach, family));
      return await measure(path, pathOptions);
    } catch (error) {
      if (error instanceof NoTarget) return unreachable(error.message);
      throw error;
    }
  };

  return {
    prepare: async (signal) => {
      await programsFor(signal)();
    },
    measureFlow: (way, flow, signal) =>
      along({ way, kind: "iperf3", family: flow.family }, signal, (path, pathOptions) =>
        measureFlow(flow, path, pathOptions),
      ),
    measureRequests: (way, requests, signal) =>
      along({ way, kind: "redis", family: requests.family }, signal, (path, pathOptions) =>
        measureRequests(requests, path, pathOptions),
      ),
    lookAtPath: async (way, kind, signal) => {
      const pathOptions = { docker, programs: programsFor(signal), probeDirectory, signal };
      try {
        const path = await find({ way, kind, family: 4 }, signal);
        const sixth = await find({ way, kind, family: 6 }, signal);
        const reach = {
          4: await reachOf({ target: path.target, question: kind, family: 4 }, pathOptions),
          6: await reachOf({ target: sixth.target, question: kind, family: 6 }, pathOptions),
        };
        return await carriersOf(path, reach);
      } catch (error) {
        if (error instanceof NoTarget) return unreachable(error.message);
        throw error;
      }
    },
    close: async () => {
      await servers?.close();
    },
  };
};
