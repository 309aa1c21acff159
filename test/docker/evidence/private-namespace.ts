/**
 * Network namespaces of a test's own, as root or as an ordinary user who may make user namespaces.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { beforeAll, onTestFinished } from "vitest";
import { ensurePrograms, isRoot } from "../../../docker/managed/host-needs.ts";
import { SYSTEM_PATH } from "../../../docker/managed/program.ts";

/** Has root install what these tests run, and tells anybody else what is missing. */
export const needNetworkPrograms = (): void => {
  beforeAll(async () => {
    const options = { narrate: () => undefined, signal: AbortSignal.timeout(60_000) };
    await ensurePrograms(["iptables", "nft", "ip", "nsenter"], options);
  }, 60_000);
};

const HOLD = ["sh", "-c", "echo up; exec cat"];

/**
 * Starts a program and waits for its first line; it ends with the test, or with this process.
 *
 * @throws with what it wrote to its standard error when it ends without a line
 */
export const startProgram = async (
  program: string,
  args: readonly string[],
  options: { readonly argv0?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<{ readonly pid: number; readonly line: string }> => {
  const child = spawn(program, args, { stdio: "pipe", ...options });
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (complaints += chunk));
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  });
  for await (const line of createInterface({ input: child.stdout })) {
    if (child.pid !== undefined) return { pid: child.pid, line };
  }
  throw new Error(`${program} ${args.join(" ")}: ${complaints}`);
};

/** Runs a program in fresh namespaces, loopback up, as their root; its pid is that of the namespaces' first process. */
export const inFreshNamespace = (
  namespaces: readonly ("net" | "mount")[],
  command: readonly string[] = HOLD,
): Promise<{ readonly pid: number; readonly line: string }> => {
  // In two steps: files of a network namespace belong to who was root of its user namespace when it was made.
  const user = isRoot() ? [] : ["unshare", "--user", "--map-root-user"];
  const [program = "", ...args] = [
    ...user,
    ...["unshare", ...namespaces.map((name) => `--${name}`)],
    ...["sh", "-c", `${namespaces.includes("net") ? "ip link set lo up && " : ""}exec "$@"`, "sh"],
    ...command,
  ];
  return startProgram(program, args, { env: { ...process.env, PATH: SYSTEM_PATH } });
};
