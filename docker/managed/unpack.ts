/**
 * Unpacks an archive of programs that somebody else made.
 */
import { lstatSync, readdirSync, realpathSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join, sep } from "node:path";
import { StressError, messageOf } from "../../harness/core/errors.ts";
import { BUILD_MS, runProgram } from "./program.ts";

/** Names of members that lead out of the directory they are unpacked in. Pure. */
const escapingNames = (names: readonly string[]): readonly string[] =>
  names.filter((name) => name.startsWith("/") || name.split("/").includes(".."));

const leadsOutside = (path: string, root: string): boolean => {
  try {
    return !`${realpathSync(path)}${sep}`.startsWith(`${root}${sep}`);
  } catch {
    // A link to nothing leads nowhere.
    return false;
  }
};

/** Of what was unpacked, all that is neither a file nor a directory nor a link to one beside it. */
const strangersIn = (root: string, directory: string): readonly string[] =>
  readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return strangersIn(root, path);
    if (entry.isSymbolicLink()) return leadsOutside(path, root) ? [path] : [];
    return lstatSync(path).isFile() ? [] : [path];
  });

/**
 * @param name - of the archive, for messages
 * @param target - made; half of the archive may be there when this rejects
 * @throws StressError("environment") for what is no archive, and for one with members that lead out of it
 */
export const unpackArchive = async (
  archive: string,
  { name, target, signal }: { name: string; target: string; signal: AbortSignal },
): Promise<void> => {
  const tar = (...args: readonly string[]): Promise<string> =>
    // A colon in a path would be the name of another machine.
    runProgram("tar", [...args, "--force-local", `--file=${archive}`], {
      signal,
      deadlineMs: BUILD_MS,
    });
  const refuse = (what: string, options?: ErrorOptions): never => {
    throw new StressError("environment", `${name} ${what}`, options);
  };
  const unreadable = (cause: unknown): never => {
    signal.throwIfAborted();
    return refuse(
      `is no archive that tar can unpack: ${messageOf(cause).split(" failed: ").at(-1) ?? ""}`,
      {
        cause,
      },
    );
  };
  const names = (await tar("--list").catch(unreadable)).split("\n").filter(Boolean);
  const [outside] = escapingNames(names);
  if (outside !== undefined)
    refuse(`has ${outside} in it, which leads out of it; it was not unpacked`);
  await mkdir(target, { recursive: true });
  const ours = ["--no-same-owner", "--no-same-permissions"];
  await tar("--extract", `--directory=${target}`, ...ours).catch(unreadable);
  const [stranger] = strangersIn(realpathSync(target), target);
  if (stranger !== undefined) {
    refuse(
      `has ${stranger.slice(target.length + 1)} in it, which is neither a file nor a link to one of it`,
    );
  }
};
