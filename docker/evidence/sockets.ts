/**
 * The kernel's tables of TCP sockets, `/proc/net/tcp` and `/proc/net/tcp6`, of any network namespace.
 *
 * @see https://docs.kernel.org/networking/proc_net_tcp.html
 */
import { endianness } from "node:os";
import type { SocketState } from "../../harness/core/evidence.ts";
import type { EngineNamespace } from "./namespace.ts";
import { networkFiles } from "./network-files.ts";

export interface Socket {
  readonly family: 4 | 6;
  /** `127.0.0.1`, `::1`, `::ffff:127.0.0.1`. */
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly state: SocketState;
  readonly uid: number;
  /** 0 where no process holds it. */
  readonly inode: number;
}

/** By the hexadecimal column, as in the kernel's `include/net/tcp_states.h`. */
const STATES: Readonly<Record<string, SocketState>> = {
  "01": "established",
  "02": "syn-sent",
  "03": "syn-recv",
  "04": "fin-wait-1",
  "05": "fin-wait-2",
  "06": "time-wait",
  "07": "close",
  "08": "close-wait",
  "09": "last-ack",
  "0A": "listen",
  "0B": "closing",
  // A request that is not accepted yet has a state of its own since Linux 4.4.
  "0C": "syn-recv",
};

/** The kernel prints an address as words of 32 bits in the machine's own order. */
const bytesOf = (hex: string): readonly number[] => {
  const words = hex.match(/.{8}/g) ?? [];
  return words.flatMap((word) => {
    const bytes = (word.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16));
    return endianness() === "LE" ? bytes.toReversed() : bytes;
  });
};

const dotted = (bytes: readonly number[]): string => bytes.join(".");

/** As RFC 5952 has it: the longest run of two or more zero groups, the first of equals, becomes `::`. */
const colons = (bytes: readonly number[]): string => {
  const isMapped =
    bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255;
  if (isMapped) return `::ffff:${dotted(bytes.slice(12))}`;
  const groups = Array.from({ length: 8 }, (_, index) =>
    ((bytes[2 * index] ?? 0) * 256 + (bytes[2 * index + 1] ?? 0)).toString(16),
  );
  const whole = groups.join(":");
  const [longest] = [...whole.matchAll(/\b0(?::0)+\b/g)].toSorted(
    ([a], [b]) => b.length - a.length,
  );
  if (longest === undefined) return whole;
  const before = whole.slice(0, longest.index).replace(/:$/, "");
  const after = whole.slice(longest.index + longest[0].length).replace(/^:/, "");
  return `${before}::${after}`;
};

const endpoint = (column: string): { address: string; port: number } => {
  const [hex = "", port = ""] = column.split(":");
  const bytes = bytesOf(hex);
  return {
    address: bytes.length === 4 ? dotted(bytes) : colons(bytes),
    port: Number.parseInt(port, 16),
  };
};

const parseLine = (line: string): Socket | null => {
  const [, local = "", remote = "", state = "", , , , uid, , inode] = line.trim().split(/\s+/);
  const name = STATES[state];
  if (name === undefined) return null;
  const { address: localAddress, port: localPort } = endpoint(local);
  const { address: remoteAddress, port: remotePort } = endpoint(remote);
  return {
    family: local.length > "00000000:0000".length ? 6 : 4,
    localAddress,
    localPort,
    remoteAddress,
    remotePort,
    state: name,
    uid: Number(uid),
    inode: Number(inode),
  };
};

/** The lines of a text in which a word stands. A table may have 50,000 lines, of which three are wanted. */
const linesWith = (text: string, word: string): readonly string[] => {
  const lines: string[] = [];
  for (let at = text.indexOf(word); at !== -1;) {
    const end = text.indexOf("\n", at);
    const stop = end === -1 ? text.length : end;
    lines.push(text.slice(text.lastIndexOf("\n", at) + 1, stop));
    at = text.indexOf(word, stop);
  }
  return lines;
};

const parse = (lines: readonly string[]): readonly Socket[] =>
  lines.flatMap((line) => parseLine(line) ?? []);

/** What the kernel had to say at one moment, not looked at yet: one or several tables, each with its heading. */
export class SocketTable {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** Sockets whose local port it is. */
  onPort(port: number): readonly Socket[] {
    const column = `:${port.toString(16).toUpperCase().padStart(4, "0")} `;
    return parse(linesWith(this.#text, column)).filter(({ localPort }) => localPort === port);
  }

  listening(): readonly Socket[] {
    return parse(linesWith(this.#text, " 0A ")).filter(({ state }) => state === "listen");
  }

  all(): readonly Socket[] {
    return parse(this.#text.split("\n"));
  }
}

/**
 * Reads the tables of IPv4 and IPv6; null where the namespace cannot be looked into. The lines of UDP's are those of
 * TCP's; `close` is then a bound socket.
 */
export const readTable = async (
  namespace: EngineNamespace,
  protocol: "tcp" | "udp",
): Promise<SocketTable | null> => {
  const texts = await networkFiles(namespace, [protocol, `${protocol}6`]);
  // The heading is there even when no socket is: without one, nothing was read.
  if (texts === null || texts.every((text) => text === "")) return null;
  return new SocketTable(texts.join("\n"));
};

/** Those of TCP. */
export const readSockets = (namespace: EngineNamespace): Promise<SocketTable | null> =>
  readTable(namespace, "tcp");

/** Those of the ports on which somebody listens here, ascending; null where that cannot be seen. */
export const listeningPorts = async (
  ports: readonly number[],
): Promise<readonly number[] | null> => {
  const table = await readSockets({ kind: "host" });
  if (table === null) return null;
  const listening = new Set(table.listening().map(({ localPort }) => localPort));
  return [...new Set(ports)].filter((port) => listening.has(port)).toSorted((a, b) => a - b);
};
