/**
 * A container's own routes, from the kernel: its image need not have a program for it. What is seen from outside of the
 * container is read by harness/core/routes/route-table.ts, which is not among the files of the probe.
 */
import { readFileSync } from "node:fs";

export interface OwnRoute {
  readonly interface: string;
  /** Null: straight to the interface. */
  readonly gateway: string | null;
  /** The lowest address that it leads to, and how many are like it. */
  readonly first: number;
  readonly size: number;
}

const HEADER_LINES = 1;

const parts = (address: number): string =>
  [24, 16, 8, 0].map((shift) => String((address >>> shift) & 0xff)).join(".");

/** As in memory: `010014AC` is 172.20.0.1. */
const numberOf = (hex: string): number => Buffer.from(hex, "hex").readUInt32LE();

/** Routes of IPv4 in `/proc/net/route`, without those that refuse. */
export const ownRoutes = (text: string): readonly OwnRoute[] =>
  text
    .trim()
    .split("\n")
    .slice(HEADER_LINES)
    .map((line) => line.trim().split(/\s+/))
    .flatMap(([name = "", destination = "", hop = "", , , , , mask = ""]) =>
      name === "lo"
        ? []
        : [
            {
              interface: name,
              gateway: numberOf(hop) === 0 ? null : parts(numberOf(hop)),
              first: numberOf(destination),
              size: 2 ** 32 - numberOf(mask),
            },
          ],
    );

const isDefault = ({ size }: OwnRoute): boolean => size === 2 ** 32;

export const ownDefault = (routes: readonly OwnRoute[]): OwnRoute | null =>
  routes.find(isDefault) ?? null;

/** The addresses that an engine gives its bridges: the first of each subnet, the gateway's own before all. */
export const bridgeAddresses = (routes: readonly OwnRoute[]): readonly string[] => {
  const gateway = ownDefault(routes)?.gateway ?? null;
  const firsts = routes.filter((route) => !isDefault(route)).map(({ first }) => parts(first + 1));
  return [...new Set([...(gateway === null ? [] : [gateway]), ...firsts])];
};

/** This namespace's own address on an interface; `trie` is `/proc/net/fib_trie`. */
export const addressOn = (
  name: string,
  routes: readonly OwnRoute[],
  trie: string,
): string | null => {
  const subnets = routes.filter((route) => route.interface === name && !isDefault(route));
  const own = [...trie.matchAll(/\|-- ([\d.]+)\n\s+\/32 host LOCAL/g)].map(
    ([, address = ""]) => address,
  );
  return (
    own.find((address) => {
      const number = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
      return subnets.some(({ first, size }) => number >= first && number < first + size);
    }) ?? null
  );
};

/** @throws Error where there is no `/proc` */
export const readOwn = (file: "route" | "fib_trie"): string =>
  readFileSync(`/proc/net/${file}`, "latin1");
