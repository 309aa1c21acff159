/**
 * What differs between Engine versions: words, statuses, and what is tried again.
 *
 * Sources: moby's source at its tags; what was measured on a real engine is said where it is used.
 */

import { isAtLeast, retriesAddPort } from "../../harness/core/known-engines.ts";

/** What is left of an endpoint when its network is to be removed. */
interface EndpointName {
  readonly id: string;
  readonly name: string;
}

export interface Behaviour {
  readonly version: string;
  readonly apiVersion: string;
  readonly minApiVersion: string;
  /** A dynamic port that RootlessKit refuses is replaced by the next, up to ten times. */
  readonly retriesAddPort: boolean;
  /** A container whose start was refused starts the next time, but without networks and ports (moby#51758). */
  readonly startsWithoutNetworkAfterRefusal: boolean;
  readonly addPortRefused: (words: string) => string;
  /** Put before everything that goes wrong with a container's network at start. */
  readonly networkingPrefix: string;
  readonly exhausted: { readonly status: number; readonly message: string };
  readonly overlap: string;
  /** `rotating`: the search goes on after the last subnet handed out. */
  readonly subnetOrder: "lowest-free" | "rotating";
  readonly networkName: { readonly unique: boolean; readonly takenStatus: number };
  readonly activeEndpoints: (
    network: { readonly name: string; readonly id: string },
    endpoints: readonly EndpointName[],
  ) => string;
  readonly removeRunning: (container: { readonly name: string; readonly id: string }) => string;
  readonly multiplexedType: string;
  /** Component and version, beside the engine itself. */
  readonly components: Readonly<
    Record<"containerd" | "runc" | "rootlesskit" | "slirp4netns", string>
  >;
}

/** `[since, value]`, oldest first: the last one not newer than the version counts. */
type History<Value> = readonly (readonly [string, Value])[];

/** moby's api/common.go at each tag; 29.3 and later are not in the sources at hand and keep 29.2's. */
const API_VERSIONS: History<string> = [
  ["0", "1.41"],
  ["23.0", "1.42"],
  ["24.0", "1.43"],
  ["25.0", "1.44"],
  ["26.0", "1.45"],
  ["27.0", "1.46"],
  ["27.2", "1.47"],
  ["28.0", "1.48"],
  ["28.1", "1.49"],
  ["28.2", "1.50"],
  ["28.3", "1.51"],
  ["29.0", "1.52"],
  ["29.2", "1.53"],
];

/** 29.0 asked for 1.44; 29.6.0 accepts 1.40 [measured]. */
const MIN_API_VERSIONS: History<string> = [
  ["0", "1.12"],
  ["25.0", "1.24"],
  ["29.0", "1.44"],
  ["29.5", "1.40"],
];

const ROOTLESSKIT_VERSIONS: History<string> = [
  ["0", "0.14.4"],
  ["23.0", "1.1.0"],
  ["25.0", "2.0.0"],
  ["26.0", "2.0.2"],
  ["27.5", "2.3.2"],
  ["28.5", "2.3.4"],
  ["29.0", "2.3.5"],
  ["29.2", "2.3.6"],
  ["29.5", "3.0.0"],
  ["29.6", "3.0.1"],
  ["29.7", "3.0.2"],
];

const at = (version: string, history: History<string>): string =>
  history.findLast(([since]) => isAtLeast(version, since))?.[1] ?? "unknown";

/** @param version - of the engine, as `29.6.0` */
export const behaviourOf = (version: string): Behaviour => {
  const since = (first: string): boolean => isAtLeast(version, first);
  const poolOverlap = "Pool overlaps with other one on this address space";
  return {
    version,
    apiVersion: at(version, API_VERSIONS),
    minApiVersion: at(version, MIN_API_VERSIONS),
    retriesAddPort: retriesAddPort(version) ?? false,
    // Seen on 29.6.0 on 2026-11-30, reported for 29.1.2; 28.5.2 does not do it.
    startsWithoutNetworkAfterRefusal: since("29.1"),
    addPortRefused: since("28.0")
      ? (words) => `error while calling RootlessKit PortManager.AddPort(): ${words}`
      : (words) =>
          `Error starting userland proxy: error while calling PortManager.AddPort(): ${words}`,
    networkingPrefix: since("28.0.1") ? "failed to set up container networking: " : "",
    exhausted: since("27.0")
      ? { status: 400, message: "all predefined address pools have been fully subnetted" }
      : {
          status: 404,
          message:
            "could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network",
        },
    overlap: since("27.0") ? `invalid pool request: ${poolOverlap}` : poolOverlap,
    subnetOrder: since("27.0") ? "lowest-free" : "rotating",
    networkName: { unique: since("25.0"), takenStatus: since("25.0") ? 409 : 403 },
    activeEndpoints: since("28.0")
      ? ({ name }, endpoints) => {
          const list = endpoints.map((each) => `name:"${each.name}" id:"${each.id.slice(0, 12)}"`);
          return `error while removing network: network ${name} has active endpoints (${list.join(", ")})`;
        }
      : ({ name, id }) =>
          `error while removing network: network ${name} id ${id} has active endpoints`,
    removeRunning: since("25.0")
      ? ({ name }) =>
          `cannot remove container "/${name}": container is running: stop the container before removing or force remove`
      : ({ id }) =>
          `You cannot remove a running container ${id}. Stop the container before attempting removal or force remove`,
    multiplexedType: since("23.0")
      ? "application/vnd.docker.multiplexed-stream"
      : "application/vnd.docker.raw-stream",
    components: {
      containerd: since("29.0") ? "v2.1.5" : since("23.0") ? "1.7.28" : "1.4.13",
      runc: since("29.0") ? "1.3.3" : since("23.0") ? "1.2.6" : "1.0.2",
      rootlesskit: at(version, ROOTLESSKIT_VERSIONS),
      slirp4netns: "1.2.0",
    },
  };
};
