/**
 * What no network of an engine may meet: the routes of its namespace, and its nameservers.
 */
import { readFile } from "node:fs/promises";
import { endianness } from "node:os";
import type { EngineNamespace } from "./namespace.ts";
import { networkFiles } from "./network-files.ts";

/** An address as the kernel prints it in `/proc/net/route`: eight hexadecimal digits in the machine's own order. */
const dotted = (hex: string): string => {
  const bytes = (hex.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16));
  return (endianness() === "LE" ? bytes.toReversed() : bytes).join(".");
};

const NONE = "00000000";

const bitsOf = (mask: string): number =>
  (Number.parseInt(mask, 16).toString(2).match(/1/g) ?? []).length;

/** Prefixes of the routes that are on the link, in the text of `/proc/net/route`. */
export const routesIn = (table: string): readonly string[] =>
  table
    .split("\n")
    .slice(1)
    .flatMap((line) => {
      const [, destination = "", gateway, , , , , mask = ""] = line.trim().split(/\s+/);
      return destination === "" || destination === NONE || gateway !== NONE
        ? []
        : [`${dotted(destination)}/${String(bitsOf(mask))}`];
    });

const nameserversIn = (resolvConf: string): readonly string[] =>
  resolvConf.split("\n").flatMap((line) => /^nameserver\s+([\d.]+)\s*$/.exec(line)?.[1] ?? []);

/**
 * Prefixes and addresses of IPv4; null where the namespace cannot be read.
 *
 * @param daemonPid - whose nameservers count; null where it is not known
 * @see moby/moby libnetwork/netutils InferReservedNetworks: routes on the link only since 23.0
 */
export const reservedPrefixes = async (
  namespace: EngineNamespace,
  daemonPid: number | null,
): Promise<readonly string[] | null> => {
  const root = daemonPid === null ? "" : `/proc/${String(daemonPid)}/root`;
  const [files, resolvConf] = await Promise.all([
    networkFiles(namespace, ["route"]),
    readFile(`${root}/etc/resolv.conf`, "utf8").catch(() => ""),
  ]);
  return files === null ? null : [...routesIn(files[0] ?? ""), ...nameserversIn(resolvConf)];
};
