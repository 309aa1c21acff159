/**
 * Where Docker keeps its static archives, and which belong together. Pure.
 */
import { dirname } from "node:path";
import { StressError } from "../../harness/core/errors.ts";
import { isAddress } from "../../harness/core/engine-source.ts";

const DOCKER = "https://download.docker.com/linux/static/stable";

/** Docker's names for what Node calls `process.arch`. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  x64: "x86_64",
  arm64: "aarch64",
  arm: "armhf",
  ppc64: "ppc64le",
  s390x: "s390x",
};

/**
 * Both archives of a version: the engine, and what it takes to run it rootless.
 *
 * @param from - the directory or address that holds them; null for Docker's own
 * @param arch - as Node names it
 * @throws StressError("usage") for an architecture that Docker has no name for
 */
export const archivesOfVersion = (
  version: string,
  { from, arch }: { from: string | null; arch: string },
): readonly string[] => {
  const directory = ARCHITECTURES[arch];
  if (from === null && directory === undefined) {
    throw new StressError(
      "usage",
      `Docker has no archives for ${arch}; name a place that has with --from`,
    );
  }
  const place = (from ?? `${DOCKER}/${directory ?? ""}`).replace(/\/+$/, "");
  return ["docker", "docker-rootless-extras"].map((name) => `${place}/${name}-${version}.tgz`);
};

/** The last part of a path or an address, as a file is called. */
export const fileNameOf = (from: string): string =>
  (isAddress(from) ? new URL(from).pathname : from).split("/").at(-1) ?? from;

/** Of Docker's first archive, the second that lies beside it; null for any other. */
export const companionOf = (from: string): string | null => {
  const version = /^docker-(\d.*\.tgz)$/.exec(fileNameOf(from))?.[1];
  if (version === undefined) return null;
  const name = `docker-rootless-extras-${version}`;
  return isAddress(from) ? new URL(name, from).href : `${dirname(from)}/${name}`;
};
