/**
 * Network namespaces of engines, and how to run a program in one.
 */
import { SYSTEM_PATH, runProgram } from "../managed/program.ts";
import { isRoot } from "../managed/host-needs.ts";

export type EngineNamespace =
  /** The one this process is in. */
  | { readonly kind: "host" }
  /** That of a process. */
  | { readonly kind: "pid"; readonly pid: number }
  /**
   * Kept by a file alone, as Engine 29.5 and later do: dockerd itself stays in the host's.
   * `userPid` is a process of the user namespace that owns it.
   */
  | { readonly kind: "file"; readonly path: string; readonly userPid: number };

/** How nsenter is told to go there; root needs no way through the user namespace. Pure. */
export const entrance = (namespace: EngineNamespace, root: boolean): readonly string[] => {
  switch (namespace.kind) {
    case "host":
      return [];
    case "pid": {
      const target = ["--target", String(namespace.pid)];
      return root ? [...target, "--net"] : [...target, "--user", "--preserve-credentials", "--net"];
    }
    case "file": {
      const net = `--net=${namespace.path}`;
      const target = ["--target", String(namespace.userPid), "--user", "--preserve-credentials"];
      return root ? [net] : [...target, net];
    }
  }
};

/**
 * What a program of this machine writes to its standard output when it is run in the namespace, as root
 * or as the engine's own user. Files and processes are those of this machine all the same.
 *
 * @throws StressError("environment") when the program is missing or fails, or the namespace cannot be entered
 */
export const inNamespace = async (
  namespace: EngineNamespace,
  program: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<string> => {
  const options = {
    signal,
    // Packet filter tools lie in sbin, which ordinary users often do not search.
    env: { ...process.env, PATH: SYSTEM_PATH, LC_ALL: "C" },
  };
  const flags = entrance(namespace, isRoot());
  return flags.length === 0
    ? await runProgram(program, args, options)
    : await runProgram("nsenter", [...flags, "--", program, ...args], options);
};
