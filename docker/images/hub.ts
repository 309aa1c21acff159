/**
 * The image set `hub`: what users' own stacks run, from the registry that the engine pulls from.
 */
import type { ImageUse } from "../../harness/core/model.ts";
import { contentKey } from "../managed/state-directory.ts";
import type { ImageSource, ResolvedImageSet } from "./image-source.ts";
import { PROBE_COMMAND, readProbeFiles } from "./probe-files.ts";

const SERVICES: Readonly<Record<string, ImageUse>> = {
  mysql: { reference: "mysql:8.0", command: null, env: { MYSQL_ALLOW_EMPTY_PASSWORD: "yes" } },
  redis: { reference: "redis:latest", command: null, env: {} },
  clickhouse: {
    reference: "clickhouse/clickhouse-server:latest",
    command: null,
    // Since 24.10 the image otherwise lets its user `default` in from inside the container only.
    env: { CLICKHOUSE_SKIP_USER_SETUP: "1" },
  },
};

/** Any image with a `node` of version 18 or later in its PATH. */
export const JOB_BASE = "node:20-slim";

/** A job image made from an image of a registry by adding the probe. */
export const pulledJob = (
  base: string,
  probeDirectory: string,
): { readonly use: ImageUse; readonly source: ImageSource } => ({
  use: {
    reference: `rootless-stress/job:${contentKey([base, readProbeFiles(probeDirectory).key]).slice(0, 12)}`,
    command: PROBE_COMMAND,
    env: {},
  },
  source: { kind: "probe", base, baseSource: { kind: "pull" }, probeDirectory },
});

/** @throws StressError("environment") when the probe has not been compiled */
export const hubSet = (probeDirectory: string): ResolvedImageSet => {
  const job = pulledJob(JOB_BASE, probeDirectory);
  const sources = Object.keys(SERVICES).map((role) => [role, { kind: "pull" }] as const);
  return {
    name: "hub",
    images: { ...SERVICES, job: job.use },
    sources: { ...Object.fromEntries(sources), job: job.source },
  };
};
