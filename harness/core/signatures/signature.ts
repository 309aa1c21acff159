/**
 * What a signature is, and the places that its words come from.
 */
import type { FailureClass } from "../classes.ts";
import type { Answer } from "../model.ts";
import type { Phase } from "../phases.ts";

/** Whose words a message is. */
export type Speaker = Extract<Answer, { readonly kind: "refused" }>["by"];

/** Where the words are printed. */
export interface Source {
  readonly repository: string;
  readonly file: string;
  /** Releases that print it, as sampled: "≤" and "≥" mark the ends of the sample. */
  readonly versions: string;
}

export interface Signature {
  readonly class: Exclude<FailureClass, "unknown">;
  readonly pattern: RegExp;
  readonly source: Source;
  /** Who can say it; where absent: the daemon, or the transport to it. */
  readonly by?: readonly Speaker[];
  /** Where alone it means this; where absent: anywhere. */
  readonly phases?: readonly Phase[];
}

export const sourceIn =
  (repository: string) =>
  (file: string, versions: string): Source => ({ repository, file, versions });

export const moby = sourceIn("moby/moby");
export const rootlesskit = sourceIn("rootless-containers/rootlesskit");
export const runc = sourceIn("opencontainers/runc");
export const crun = sourceIn("containers/crun");
export const containerd = sourceIn("containerd/containerd");
export const compose = sourceIn("docker/compose");
export const podman = sourceIn("containers/podman");
export const netavark = sourceIn("containers/netavark");
export const kernel = sourceIn("torvalds/linux");
export const node = sourceIn("nodejs/node");
export const go = sourceIn("golang/go");
export const glibc = sourceIn("glibc");
export const clickhouse = sourceIn("ClickHouse/ClickHouse");
export const redis = sourceIn("redis/redis");
export const mysql = sourceIn("mysql/mysql-server");
export const testcontainers = sourceIn("testcontainers");

export const ANY = "any";
/** Every sampled release of the engine. */
export const EVERY_ENGINE = "≤20.10.27–29.7.2";

/** The calls to the daemon, as opposed to the use of a service. */
export const CALLS: readonly Phase[] = [
  "network_create",
  "container_create",
  "image_pull",
  "container_start",
  "container_stop",
  "container_remove",
  "network_remove",
  "connect",
  "daemon_start",
  "daemon_log",
];
export const USES: readonly Phase[] = ["readiness", "exec", "container_log"];

/** Whoever tells of the use of a service: its own words, its socket's, or those of the probe. */
export const PEER: readonly Speaker[] = ["service", "transport", "harness"];
export const PROBE: readonly Speaker[] = ["service", "harness"];
export const HARNESS: readonly Speaker[] = ["harness"];
