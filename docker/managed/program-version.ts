/**
 * What a program says of its version. It is run to ask it, so one that came from elsewhere is not run as root.
 */
import { existsSync, readFileSync } from "node:fs";
import { StressError } from "../../harness/core/errors.ts";
import { accountIn, ENGINE_ACCOUNT } from "./account.ts";
import { isRoot } from "./host-needs.ts";
import { runProgram, SYSTEM_PATH, type ProgramOptions } from "./program.ts";

/** On an emulated machine it takes 1.2 s; in milliseconds. */
const DEADLINE_MS = 20_000;

const PASSWD = "/etc/passwd";

/** Where the account for engines has not been made, that of Debian's `nobody`. */
const NOBODY = { uid: 65_534, gid: 65_534 };

/** The user to run it as: for root an ordinary one, otherwise this process's own. */
const ordinaryUser = (): Pick<ProgramOptions, "account"> => {
  if (!isRoot()) return {};
  const passwd = existsSync(PASSWD) ? readFileSync(PASSWD, "utf8") : "";
  const { uid, gid } = accountIn(passwd, ENGINE_ACCOUNT) ?? NOBODY;
  return { account: { uid, gid } };
};

const isClosed = (error: unknown): boolean =>
  error instanceof Error &&
  error.cause instanceof Error &&
  "code" in error.cause &&
  error.cause.code === "EACCES";

/**
 * What `--version` prints.
 *
 * @param options.trusted - apt has verified the program, or the user has put it where it is: it is run as this process
 * @throws StressError("environment") when it cannot be run, fails, does not end in time or prints without end
 */
export const printedVersion = async (
  program: string,
  { trusted, signal }: { readonly trusted: boolean; readonly signal: AbortSignal },
): Promise<string> => {
  const limits = { signal, deadlineMs: DEADLINE_MS, outputMib: 1 };
  if (trusted) return await runProgram(program, ["--version"], limits);
  // Nothing of the caller's environment or directory.
  const apart = { env: { PATH: SYSTEM_PATH }, cwd: "/", ...ordinaryUser() };
  try {
    return await runProgram(program, ["--version"], { ...limits, ...apart });
  } catch (cause) {
    if (!isClosed(cause)) throw cause;
    throw new StressError(
      "environment",
      `${program} cannot be run by an ordinary user, as engines are; open its parent directories`,
      { cause },
    );
  }
};
