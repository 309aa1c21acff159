/**
 * Image sets by name, and the images of a set on an engine.
 */
import type Dockerode from "dockerode";
import { createReadStream, existsSync } from "node:fs";
import { Readable } from "node:stream";
import { StressError, unreachable } from "../../harness/core/errors.ts";
import type { ImageSet, ImageUse } from "../../harness/core/model.ts";
import { ownRelease, type DebianRelease } from "../managed/debian-packages.ts";
import { readInputFile } from "../read-input-file.ts";
import { debianSet } from "./debian.ts";
import { buildImage, imageId, importImage, pullImage } from "./engine-images.ts";
import { JOB_BASE, hubSet, pulledJob } from "./hub.ts";
import { parseImageFile } from "./image-file.ts";
import type { ImageSource, ResolvedImageSet } from "./image-source.ts";
import { PROBE_COMMAND, defaultProbeDirectory, readProbeFiles } from "./probe-files.ts";
import { ensureRootfs } from "./rootfs.ts";
import { tar } from "./tar.ts";

/** Named in references on a system that is no Debian, where the set can be planned with but not built. */
const NO_RELEASE: DebianRelease = { suite: "bookworm", architecture: process.arch };

const setFromFile = (file: string, probeDirectory: string): ResolvedImageSet => {
  if (!existsSync(file)) {
    throw new StressError(
      "usage",
      `No image set "${file}": say debian, hub, or the path of a YAML file`,
    );
  }
  const { job, ...services } = parseImageFile(readInputFile(file, `--images ${file}`), file);
  const images: Record<string, ImageUse> = { ...services };
  const sources: Record<string, ImageSource> = {};
  for (const role of Object.keys(services)) sources[role] = { kind: "pull" };
  if (job !== undefined && job.command !== null) {
    images["job"] = job;
    sources["job"] = { kind: "pull" };
  } else {
    const { use, source } = pulledJob(job?.reference ?? JOB_BASE, probeDirectory);
    images["job"] = { ...use, env: job?.env ?? {} };
    sources["job"] = source;
  }
  return { name: file, images, sources };
};

/**
 * The image set of that name: `debian`, `hub`, or the path of a YAML file.
 *
 * In a file, `job` names an image with `node` to which the probe is added; with a `command` of its own it is
 * taken as it is. Nothing is asked of an engine or a registry.
 *
 * @param probeDirectory - the compiled probe; without it, the one of this package
 * @throws StressError("usage") for an unknown set or a wrong file, StressError("environment") when the probe
 * has not been compiled
 */
export const resolveImageSet = (
  name: string,
  probeDirectory: string = defaultProbeDirectory(),
): ResolvedImageSet => {
  if (name === "debian") return debianSet(ownRelease() ?? NO_RELEASE, probeDirectory);
  if (name === "hub") return hubSet(probeDirectory);
  return setFromFile(name, probeDirectory);
};

export interface EnsureOptions {
  readonly set: ResolvedImageSet;
  readonly docker: Dockerode;
  readonly stateDir: string;
  /** Value of the owner label, as in a plan: tells a live build's containers from a dead one's. */
  readonly owner: string;
  readonly narrate: (line: string) => void;
  readonly signal: AbortSignal;
}

/** The Dockerfile that adds the probe to an image with `node`. */
const jobDockerfile = (base: string): string =>
  [
    `FROM ${base}`,
    "COPY opt /opt",
    "ENTRYPOINT []",
    `CMD ${JSON.stringify(PROBE_COMMAND)}`,
    "",
  ].join("\n");

const make = async (
  reference: string,
  source: ImageSource,
  options: EnsureOptions,
): Promise<void> => {
  const { docker, stateDir, owner, narrate, signal } = options;
  switch (source.kind) {
    case "pull":
      narrate(`Pulling ${reference}`);
      await pullImage(reference, { docker, signal });
      return;
    case "recipe": {
      const { recipe, release } = source;
      if (ownRelease() === null) {
        throw new StressError(
          "environment",
          "This system is no Debian, so images cannot be built here; use `--images hub`",
        );
      }
      const rootfs = await ensureRootfs({
        recipe,
        release,
        stateDir,
        owner,
        docker,
        narrate,
        signal,
      });
      narrate(`Loading ${reference} into the engine`);
      const { changes } = recipe;
      await importImage(
        { reference, rootfs: createReadStream(rootfs), changes },
        { docker, signal },
      );
      return;
    }
    case "probe": {
      const { base, baseSource, probeDirectory } = source;
      await ensureImage(base, baseSource, options);
      narrate(`Building ${reference} from ${base} and the probe`);
      const { entries } = readProbeFiles(probeDirectory);
      const dockerfile = {
        kind: "file",
        path: "Dockerfile",
        content: jobDockerfile(base),
      } as const;
      const context = Readable.from([tar([dockerfile, ...entries])]);
      await buildImage({ reference, context }, { docker, signal });
      return;
    }
    default:
      return unreachable(source);
  }
};

const ensureImage = async (
  reference: string,
  source: ImageSource,
  options: EnsureOptions,
): Promise<string> => {
  const { docker, signal } = options;
  const present = await imageId(reference, { docker, signal });
  if (present !== null) return present;
  await make(reference, source, options);
  const made = await imageId(reference, { docker, signal });
  if (made !== null) return made;
  throw new StressError("environment", `The engine took ${reference} but does not have it`);
};

/**
 * Makes sure that the engine has every image of the set: builds, loads or pulls what it lacks.
 *
 * When it lacks none this is one short call an image. `ids` has, by reference, the digest an image was pulled
 * by, or its id.
 *
 * @throws StressError("environment") when an image cannot be had
 */
export const ensureImages = async (
  options: EnsureOptions,
): Promise<{ readonly set: ImageSet; readonly ids: Readonly<Record<string, string>> }> => {
  const { set } = options;
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const tasks = Object.entries(set.images).map(async ([role, { reference }]) => {
    try {
      const source = set.sources[role] ?? { kind: "pull" };
      return [reference, await ensureImage(reference, source, { ...options, signal })] as const;
    } catch (thrown) {
      // The first failure ends the others; all have ended when this function does.
      failed.abort(thrown);
      throw thrown;
    }
  });
  await Promise.allSettled(tasks);
  options.signal.throwIfAborted();
  failed.signal.throwIfAborted();
  return { set, ids: Object.fromEntries(await Promise.all(tasks)) };
};

export interface ListedImage {
  readonly role: string;
  readonly reference: string;
  /** As in `ensureImages`; null when the engine lacks it. */
  readonly id: string | null;
}

/** The images of a set and whether the engine has them. @throws StressError("environment") */
export const listImages = async ({
  set,
  docker,
  signal,
}: Pick<EnsureOptions, "docker" | "signal"> & { readonly set: ImageSet }): Promise<
  readonly ListedImage[]
> =>
  Promise.all(
    Object.entries(set.images).map(async ([role, { reference }]) => ({
      role,
      reference,
      id: await imageId(reference, { docker, signal }),
    })),
  );
