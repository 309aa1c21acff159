/**
 * File systems for images, built from recipes and kept in the state directory.
 */
import { createReadStream, createWriteStream, existsSync, writeFileSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { LABEL } from "../../harness/core/model.ts";
import { StressError, messageOf } from "../../harness/core/errors.ts";
import { extractPackages, type DebianRelease } from "../managed/debian-packages.ts";
import type { HostOptions } from "../managed/host-needs.ts";
import { contentKey, renameUnlessThere, scratchDirectory } from "../managed/state-directory.ts";
import { removeContainer, type Call } from "../client/calls.ts";
import { createdAnswer, decode, waitAnswer } from "../client/daemon-schemas.ts";
import { ConnectionLost, exchange } from "../client/exchange.ts";
import { logText } from "../client/log-frames.ts";
import {
  encodeReference,
  endIfSilent,
  IMAGE_MS,
  importImage,
  type ImageCall,
} from "./engine-images.ts";
import { recipeKey, type Recipe } from "./recipe.ts";
import { tar } from "./tar.ts";

export interface RootfsOptions extends HostOptions, ImageCall {
  readonly recipe: Recipe;
  readonly release: DebianRelease;
  readonly stateDir: string;
  /** Value of the owner label: the process on whose behalf containers are made. */
  readonly owner: string;
}

/** Nobody reads manuals in these containers; Perl comes with packages' scripts, of which none is run. */
const EXCLUDED = [
  "/usr/share/doc/*",
  "/usr/share/man/*",
  "/usr/share/info/*",
  "/usr/share/locale/*",
  "/usr/share/lintian/*",
  "/usr/share/perl/*",
  "/usr/share/perl5/*",
  "/usr/lib/*/perl/*",
  "/usr/lib/*/perl-base/*",
  "/usr/lib/*/libperl.so*",
];

const REMOVE_MS = 30_000;

/** The largest real one is under 1 GiB. */
const MOST_ROOTFS = 8 * 1024 ** 3;
const MOST_ROOTFS_TEXT = "8 GiB";

/** The line that says most about a failure: the first that says it is an error, or the last. */
const failureIn = (output: string): string => {
  const lines = output.split("\n").map((line) => line.trim());
  return lines.find((line) => /\berror\b/i.test(line)) ?? lines.at(-1) ?? "";
};

/**
 * The container that prepares a recipe's file system, labelled like those of a run so that it is found when
 * this process is killed. Pure.
 */
export const preparation = (
  { image, command }: { image: string; command: readonly string[] },
  { recipe, release, owner }: Pick<RootfsOptions, "recipe" | "release" | "owner">,
): {
  readonly Image: string;
  readonly Cmd: readonly string[];
  readonly Labels: Readonly<Record<string, string>>;
  readonly NetworkDisabled: boolean;
} => ({
  Image: image,
  Cmd: [...command],
  Labels: {
    // A run has one owner: two processes may build the same image at once, and one of them may be dead.
    [LABEL.run]: `images-${recipeKey(recipe, release)}-${contentKey([owner]).slice(0, 8)}`,
    [LABEL.owner]: owner,
  },
  NetworkDisabled: true,
});

/** Writes what the engine sends to a file. @throws Error if it falls silent or sends too much */
const download = async (
  call: Call,
  target: string,
  { docker, signal }: ImageCall,
): Promise<void> => {
  const response = (await exchange(docker, call, { signal, stream: true })) as IncomingMessage;
  endIfSilent(response);
  let length = 0;
  const limit = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      length += chunk.length;
      if (length <= MOST_ROOTFS) done(null, chunk);
      else done(new ConnectionLost(`the file system is larger than ${MOST_ROOTFS_TEXT}`));
    },
  });
  await pipeline(response, limit, createWriteStream(target), { signal });
};

/** Runs the command in a container made from `image`, and writes the container's files to `target`. */
const runAndExport = async (
  { image, command, target }: { image: string; command: readonly string[]; target: string },
  options: RootfsOptions,
): Promise<void> => {
  const { recipe, docker, signal } = options;
  const create: Call = {
    method: "POST",
    path: "/containers/create",
    body: { ...preparation({ image, command }, options) },
  };
  const { Id } = decode(
    createdAnswer,
    await exchange(docker, create, { signal }),
    `POST ${create.path}`,
  );
  const path = `/containers/${Id}`;
  try {
    await exchange(docker, { method: "POST", path: `${path}/start` }, { signal });
    const wait: Call = { method: "POST", path: `${path}/wait` };
    const { StatusCode } = decode(
      waitAnswer,
      await exchange(docker, wait, { signal, within: IMAGE_MS }),
      `POST ${wait.path}`,
    );
    if (StatusCode !== 0) {
      const logs: Call = { method: "GET", path: `${path}/logs?stdout=true&stderr=true` };
      const log = await exchange(docker, logs, { signal });
      const output = Buffer.isBuffer(log) ? logText(log).trim() : "";
      throw new StressError(
        "environment",
        `Preparing image ${recipe.name} failed: ${failureIn(output)}`,
        { cause: new Error(output) },
      );
    }
    await download({ method: "GET", path: `${path}/export` }, target, options);
  } finally {
    await exchange(docker, removeContainer(Id), { signal: AbortSignal.timeout(REMOVE_MS) });
  }
};

const prepare = async (
  { unpacked, target, command }: { unpacked: string; target: string; command: readonly string[] },
  options: RootfsOptions,
): Promise<void> => {
  const { recipe, release, docker, signal } = options;
  const image = `rootless-stress/building:${recipeKey(recipe, release)}`;
  const rootfs = createReadStream(unpacked);
  await importImage({ reference: image, rootfs, changes: recipe.changes }, { docker, signal });
  try {
    await runAndExport({ image, command, target }, options);
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof StressError) throw cause;
    const why = messageOf(cause);
    throw new StressError("environment", `Cannot prepare image ${recipe.name}: ${why}`, { cause });
  } finally {
    const removal: Call = {
      method: "DELETE",
      path: `/images/${encodeReference(image)}?force=true`,
    };
    await exchange(docker, removal, { signal: AbortSignal.timeout(REMOVE_MS) });
  }
};

/**
 * Path of a tar file with the recipe's file system; built at the first call and kept.
 *
 * @throws StressError("environment") when packages cannot be had or the preparation fails
 */
export const ensureRootfs = async (options: RootfsOptions): Promise<string> => {
  const { recipe, release, stateDir, narrate, signal } = options;
  const home = join(stateDir, "images", `${recipe.name}-${recipeKey(recipe, release)}`);
  const kept = join(home, "rootfs.tar");
  if (existsSync(kept)) return kept;
  narrate(
    `Building image ${recipe.name} from Debian ${release.suite}'s packages (${recipe.packages.join(", ")})`,
  );
  const scratch = await scratchDirectory(stateDir);
  try {
    const overlay = join(scratch, "overlay.tar");
    writeFileSync(overlay, tar(recipe.files));
    const unpacked = join(scratch, "unpacked.tar");
    const { packages } = recipe;
    await extractPackages({
      release,
      packages,
      target: unpacked,
      exclude: EXCLUDED,
      overlay,
      scratch,
      narrate,
      signal,
    });
    const whole = join(scratch, "whole");
    await mkdir(whole);
    const target = join(whole, "rootfs.tar");
    if (recipe.prepare === null) await rename(unpacked, target);
    else await prepare({ unpacked, target, command: recipe.prepare }, options);
    await mkdir(join(stateDir, "images"), { recursive: true });
    await renameUnlessThere(whole, home);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return kept;
};
