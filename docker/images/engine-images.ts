/**
 * Images on an engine: asked for, pulled, imported, built, in the few calls that the tool needs.
 */
import type Dockerode from "dockerode";
import type { Readable } from "node:stream";
import { StressError, messageOf } from "../../harness/core/errors.ts";

export interface ImageCall {
  readonly docker: Dockerode;
  readonly signal: AbortSignal;
}

interface Progress {
  readonly status: string | null;
  readonly error: string | null;
}

/** One line of the progress that an engine reports while it works on an image. */
export const decodeProgress = (line: string): Progress => {
  const value: unknown = JSON.parse(line);
  const text = (key: string): string | null => {
    const found: unknown =
      typeof value === "object" && value !== null
        ? Object.entries(value).find(([name]) => name === key)?.[1]
        : null;
    return typeof found === "string" ? found : null;
  };
  return { status: text("status"), error: text("error") };
};

/**
 * Reads progress to its end: the engine answers 200 before it begins, so a failure is a line in it.
 *
 * @throws Error with the engine's words
 */
const toEnd = async (progress: NodeJS.ReadableStream): Promise<void> => {
  let rest = "";
  let failure: string | null = null;
  for await (const chunk of progress) {
    const lines = (rest + chunk.toString()).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines.filter((each) => each.trim() !== "")) {
      failure = decodeProgress(line).error ?? failure;
    }
  }
  if (rest.trim() !== "") failure = decodeProgress(rest).error ?? failure;
  if (failure !== null) throw new Error(failure);
};

const isNotFound = (thrown: unknown): boolean =>
  thrown instanceof Error && "statusCode" in thrown && thrown.statusCode === 404;

/**
 * What the engine has under this reference: the digest it was pulled by, or its id; null when it has nothing.
 */
export const imageId = async (
  reference: string,
  { docker, signal }: ImageCall,
): Promise<string | null> => {
  try {
    const found = await docker.getImage(reference).inspect();
    // The types promise a list; engines also send null for images that were never pulled.
    const digests: unknown = found.RepoDigests;
    const digest: unknown = Array.isArray(digests) ? digests[0] : null;
    return typeof digest === "string" ? digest : found.Id;
  } catch (thrown) {
    signal.throwIfAborted();
    if (isNotFound(thrown)) return null;
    throw new StressError(
      "environment",
      `Cannot look up image ${reference}: ${messageOf(thrown)}`,
      {
        cause: thrown,
      },
    );
  }
};

/** @throws StressError("environment") with the engine's words and what to do */
export const pullImage = async (
  reference: string,
  { docker, signal }: ImageCall,
): Promise<void> => {
  try {
    await toEnd(await docker.pull(reference, { abortSignal: signal }));
  } catch (cause) {
    signal.throwIfAborted();
    throw new StressError(
      "environment",
      `The engine cannot pull ${reference}: ${messageOf(cause).trim()}; without a registry use \`--images debian\``,
      { cause },
    );
  }
};

const split = (reference: string): { repo: string; tag: string } => {
  const colon = reference.lastIndexOf(":");
  return { repo: reference.slice(0, colon), tag: reference.slice(colon + 1) };
};

/**
 * Makes an image of one layer from a file system.
 *
 * @param changes - instructions as in a Dockerfile
 * @throws StressError("environment") with the engine's words
 */
export const importImage = async (
  {
    reference,
    rootfs,
    changes,
  }: { reference: string; rootfs: Readable; changes: readonly string[] },
  { docker, signal }: ImageCall,
): Promise<void> => {
  try {
    const query = { fromSrc: "-", ...split(reference), changes };
    await toEnd(await docker.importImage(rootfs, { _query: query, abortSignal: signal }));
  } catch (cause) {
    signal.throwIfAborted();
    throw new StressError(
      "environment",
      `The engine cannot import ${reference}: ${messageOf(cause)}`,
      {
        cause,
      },
    );
  }
};

/**
 * Builds an image from a tar archive that holds a Dockerfile.
 *
 * @throws StressError("environment") with the engine's words
 */
export const buildImage = async (
  { reference, context }: { reference: string; context: Readable },
  { docker, signal }: ImageCall,
): Promise<void> => {
  try {
    await toEnd(
      await docker.buildImage(context, {
        t: reference,
        rm: true,
        forcerm: true,
        abortSignal: signal,
      }),
    );
  } catch (cause) {
    signal.throwIfAborted();
    throw new StressError(
      "environment",
      `The engine cannot build ${reference}: ${messageOf(cause)}`,
      {
        cause,
      },
    );
  }
};
