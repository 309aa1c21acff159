/**
 * The kernel's socket tables, `/proc/net/tcp` and `/proc/net/tcp6`, readable without root.
 *
 * @see https://docs.kernel.org/networking/proc_net_tcp.html
 */
import { readFile } from "node:fs/promises";

/** The states of `include/net/tcp_states.h` that matter here, by their hexadecimal column. */
export const TCP_STATE = { established: "01", timeWait: "06", listen: "0A" } as const;

export interface Socket {
  readonly localPort: number;
  readonly remotePort: number;
  /** Two hexadecimal digits, see TCP_STATE. */
  readonly state: string;
}

const portOf = (address: string | undefined): number =>
  Number.parseInt(address?.split(":")[1] ?? "", 16);

/** @param table - the text of one such file; its first line is the heading */
export const parseSocketTable = (table: string): readonly Socket[] =>
  table
    .split("\n")
    .slice(1)
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const [, local, remote, state] = line.trim().split(/\s+/);
      return { localPort: portOf(local), remotePort: portOf(remote), state: state ?? "" };
    });

/** All TCP sockets of this process's own network namespace; null where the tables cannot be read. */
export const readSockets = async (): Promise<readonly Socket[] | null> => {
  try {
    const tables = await Promise.all(
      ["/proc/net/tcp", "/proc/net/tcp6"].map((path) => readFile(path, "utf8").catch(() => "")),
    );
    return tables.some((table) => table !== "") ? tables.flatMap(parseSocketTable) : null;
  } catch {
    return null;
  }
};

/** Those of the ports on which somebody listens, ascending; null where that cannot be seen. */
export const listeningPorts = async (
  ports: readonly number[],
): Promise<readonly number[] | null> => {
  const sockets = await readSockets();
  if (sockets === null) return null;
  const listening = new Set(
    sockets.filter(({ state }) => state === TCP_STATE.listen).map(({ localPort }) => localPort),
  );
  return [...new Set(ports)].filter((port) => listening.has(port)).sort((a, b) => a - b);
};
