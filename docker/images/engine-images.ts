/**
 * Images on an engine: asked for, pulled, imported, built, in the few calls that the tool needs.
 */
import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import type Dockerode from "dockerode";
import { z } from "zod";
import { StressError, messageOf } from "../../harness/core/errors.ts";
import { decode, imageAnswer } from "../client/daemon-schemas.ts";
import { ConnectionLost, exchange, Refusal } from "../client/exchange.ts";

export interface ImageCall {
  readonly docker: Dockerode;
  readonly signal: AbortSignal;
}

/**
 * How long an engine may be silent while it works on an image, in milliseconds: it unpacks a layer of a gigabyte
 * without a word.
 */
export const IMAGE_MS = 600_000;

/** All progress of one image; the longest real one was a few MiB. */
const MOST_PROGRESS = 64 * 1024 * 1024;

/** Breaks an answer off that brings nothing for too long. */
export const endIfSilent = (response: IncomingMessage): void => {
  response.setTimeout(IMAGE_MS, () => {
    response.destroy(new ConnectionLost("the engine fell silent"));
  });
};

const progressLine = z.object({ status: z.string().nullish(), error: z.string().nullish() });

interface Progress {
  readonly status: string | null;
  readonly error: string | null;
}

/**
 * One line of the progress that an engine reports while it works on an image.
 *
 * @throws UnusableAnswer for anything else
 */
export const decodeProgress = (line: string): Progress => {
  const decoded = decode(progressLine, parsed(line), "the work on an image");
  return { status: decoded.status ?? null, error: decoded.error ?? null };
};

const parsed = (line: string): unknown => {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return null;
  }
};

/**
 * Reads progress to its end: the engine answers 200 before it begins, so a failure is a line in it.
 *
 * @throws Error with the engine's words
 */
const toEnd = async (progress: IncomingMessage): Promise<void> => {
  endIfSilent(progress);
  let rest = "";
  let length = 0;
  let failure: string | null = null;
  for await (const chunk of progress as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MOST_PROGRESS) throw new ConnectionLost("the engine's progress has no end");
    const lines = (rest + chunk.toString()).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines.filter((each) => each.trim() !== "")) {
      failure = decodeProgress(line).error ?? failure;
    }
  }
  if (rest.trim() !== "") failure = decodeProgress(rest).error ?? failure;
  if (failure !== null) throw new Error(failure);
};

/** Has the engine work on an image, to the end. @throws Error with the engine's words */
const work = async (
  query: Readonly<Record<string, string | readonly string[]>>,
  { path, upload }: { readonly path: string; readonly upload?: Readable },
  { docker, signal }: ImageCall,
): Promise<void> => {
  const parameters = new URLSearchParams(
    Object.entries(query).flatMap(([name, values]) =>
      [values].flat().map((value): [string, string] => [name, value]),
    ),
  );
  const call = { method: "POST", path: `${path}?${parameters.toString()}` } as const;
  try {
    const options = { signal, stream: true, within: IMAGE_MS };
    const answer = await exchange(docker, call, {
      ...options,
      ...(upload === undefined ? {} : { upload }),
    });
    await toEnd(answer as IncomingMessage);
  } finally {
    upload?.destroy();
  }
};

/**
 * What the engine has under this reference: the digest it was pulled by, or its id; null when it has nothing.
 */
export const imageId = async (
  reference: string,
  { docker, signal }: ImageCall,
): Promise<string | null> => {
  const call = { method: "GET", path: `/images/${encodeReference(reference)}/json` } as const;
  try {
    const { Id, RepoDigests } = decode(
      imageAnswer,
      await exchange(docker, call, { signal }),
      `GET ${call.path}`,
    );
    return RepoDigests[0] ?? Id;
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof Refusal && cause.status === 404) return null;
    const words = `Cannot look up image ${reference}: ${messageOf(cause)}`;
    throw new StressError("environment", words, { cause });
  }
};

/** Slashes and colons stand in the path as they are. */
export const encodeReference = (reference: string): string =>
  encodeURIComponent(reference).replaceAll("%2F", "/").replaceAll("%3A", ":");

const split = (reference: string): { repo: string; tag: string } => {
  const colon = reference.lastIndexOf(":");
  return { repo: reference.slice(0, colon), tag: reference.slice(colon + 1) };
};

/** @throws StressError("environment") with the engine's words and what to do */
export const pullImage = async (reference: string, call: ImageCall): Promise<void> => {
  try {
    await work(fromImage(reference), { path: "/images/create" }, call);
  } catch (cause) {
    call.signal.throwIfAborted();
    throw new StressError(
      "environment",
      `The engine cannot pull ${reference}: ${messageOf(cause).trim()}; without a registry use \`--images debian\``,
      { cause },
    );
  }
};

/** Without a tag an engine pulls every tag there is. */
const fromImage = (reference: string): Readonly<Record<string, string>> => {
  if (reference.includes("@")) return { fromImage: reference };
  const isTagged = reference.lastIndexOf(":") > reference.lastIndexOf("/");
  const { repo, tag } = split(isTagged ? reference : `${reference}:latest`);
  return { fromImage: repo, tag };
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
  call: ImageCall,
): Promise<void> => {
  try {
    const query = { fromSrc: "-", ...split(reference), changes };
    await work(query, { path: "/images/create", upload: rootfs }, call);
  } catch (cause) {
    call.signal.throwIfAborted();
    const words = `The engine cannot import ${reference}: ${messageOf(cause)}`;
    throw new StressError("environment", words, { cause });
  }
};

/**
 * Builds an image from a tar archive that holds a Dockerfile.
 *
 * @throws StressError("environment") with the engine's words
 */
export const buildImage = async (
  { reference, context }: { reference: string; context: Readable },
  call: ImageCall,
): Promise<void> => {
  try {
    const query = { t: reference, rm: "true", forcerm: "true" };
    await work(query, { path: "/build", upload: context }, call);
  } catch (cause) {
    call.signal.throwIfAborted();
    const words = `The engine cannot build ${reference}: ${messageOf(cause)}`;
    throw new StressError("environment", words, { cause });
  }
};
