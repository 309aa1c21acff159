/**
 * Programs that look like those of an engine from outside, and do nothing but listen.
 */
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { inFreshNamespace, startProgram } from "./private-namespace.ts";

/** Keeps command lines short: what is run comes by a variable. */
const RUN = ["-e", "eval(process.env.SCRIPT)"];

/** Listens at a path or on a free port of 127.0.0.1, prints which, and stays. */
const LISTEN = `
  const server = require("node:net").createServer();
  const path = process.env.LISTEN_AT;
  server.listen(...(path === undefined ? [0, "127.0.0.1"] : [path]), () =>
    console.log(path ?? server.address().port));
  // Whoever started it holds the other end, and need not live to end it.
  process.stdin.on("end", () => process.exit()).resume();
`;

/** A process of this name that listens on a port. */
export const listener = async (
  argv0: string,
  ...args: readonly string[]
): Promise<{ readonly pid: number; readonly port: number }> => {
  const { pid, line } = await startProgram(process.execPath, [...RUN, "--", ...args], {
    argv0,
    env: { ...process.env, SCRIPT: LISTEN },
  });
  return { pid, port: Number(line) };
};

/** A dockerd that serves a socket; its command line may say so: `-H unix://…`. */
export const daemonAt = async (path: string, words: readonly string[] = []): Promise<number> =>
  (
    await startProgram(process.execPath, [...RUN, "--", ...words], {
      argv0: "dockerd",
      env: { ...process.env, SCRIPT: LISTEN, LISTEN_AT: path },
    })
  ).pid;

/**
 * A RootlessKit: a parent that starts itself again with the same arguments, which starts a dockerd. Each half is told
 * by a variable what it is, as the real one is.
 */
const ROOTLESSKIT = `
  const { spawn } = require("node:child_process");
  const { ROLE, LISTEN } = process.env;
  const [program, args] = ROLE === "parent"
    ? ["/proc/self/exe", process.execArgv.concat("--", process.argv.slice(1))]
    : ["dockerd", process.execArgv];
  const child = spawn(process.execPath, args, {
    argv0: program,
    env: { ...process.env, ROLE: "child", ...(ROLE === "child" && { SCRIPT: LISTEN }) },
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdout.on("data", (line) => {
    if (ROLE === "child") console.log(process.ppid, process.pid, child.pid);
    else process.stdout.write(line);
  });
  process.stdin.on("end", () => process.exit()).resume();
`;

export interface RootlesskitPids {
  readonly parent: number;
  readonly child: number;
  readonly daemon: number;
}

/**
 * @param path - where its dockerd listens
 * @param flags - of its command line, besides the state directory
 */
export const rootlesskitWith = async (
  path: string,
  stateDir: string,
  flags: readonly string[] = [],
): Promise<RootlesskitPids> => {
  const words = [...flags, `--state-dir=${stateDir}`];
  const { line } = await startProgram(process.execPath, [...RUN, "--", ...words], {
    argv0: "rootlesskit",
    env: { ...process.env, SCRIPT: ROOTLESSKIT, LISTEN, LISTEN_AT: path, ROLE: "parent" },
  });
  const [parent = 0, child = 0, daemon = 0] = line.split(" ").map(Number);
  return { parent, child, daemon };
};

/** The same with a detached network namespace: kept by the file `netns`, with this range of dynamic ports. */
export const detachedRootlesskit = async (
  directory: string,
  range: readonly [number, number],
): Promise<RootlesskitPids> => {
  const set = `echo "${range.join(" ")}" > /proc/sys/net/ipv4/ip_local_port_range`;
  const { pid } = await inFreshNamespace(["net"], ["sh", "-c", `${set}; echo up; exec cat`]);
  const stateDir = join(directory, "state");
  mkdirSync(stateDir);
  symlinkSync(`/proc/${String(pid)}/ns/net`, join(stateDir, "netns"));
  return await rootlesskitWith(join(directory, "docker.sock"), stateDir, ["--detach-netns"]);
};
