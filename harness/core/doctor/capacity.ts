/**
 * How many networks still fit into the engine's address pools.
 */
import { DEFAULT_POOLS, type Pool } from "../known-engines.ts";
import { count } from "../units.ts";
import { fine, silent, wrong, type Judge } from "./check.ts";
import type { DoctorFacts } from "./facts.ts";

/** Addresses of IPv4 as numbers, both ends included. */
interface Span {
  readonly first: number;
  readonly last: number;
}

/** Null for what is no IPv4 prefix: IPv6 networks take nothing from these pools. */
const spanOf = (prefix: string): Span | null => {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)(?:\/(\d+))?$/.exec(prefix);
  if (match === null) return null;
  const [a = 0, b = 0, c = 0, d = 0] = match.slice(1, 5).map(Number);
  const size = 2 ** (32 - Number(match[5] ?? 32));
  const address = ((a * 256 + b) * 256 + c) * 256 + d;
  const first = Math.floor(address / size) * size;
  return { first, last: first + size - 1 };
};

/** How many subnets of a pool meet none of the spans. */
const freeIn = ({ base, size }: Pool, taken: readonly Span[]): number => {
  const pool = spanOf(base);
  if (pool === null) return 0;
  const step = 2 ** (32 - size);
  const total = Math.floor((pool.last - pool.first + 1) / step);
  // The subnets' numbers, from first to last, that each span meets; then their union.
  const met = taken
    .filter(({ first, last }) => last >= pool.first && first <= pool.last)
    .map(({ first, last }) => ({
      from: Math.max(0, Math.floor((first - pool.first) / step)),
      to: Math.min(total - 1, Math.floor((last - pool.first) / step)),
    }))
    .toSorted((one, other) => one.from - other.from);
  let covered = 0;
  let next = 0;
  for (const { from, to } of met) {
    const start = Math.max(from, next);
    if (to < start) continue;
    covered += to - start + 1;
    next = to + 1;
  }
  return total - covered;
};

/**
 * How many subnets can still be given away.
 *
 * @param taken - prefixes (`172.17.0.0/16`) or addresses that a subnet must not meet; IPv6 is passed over
 */
export const freeSubnets = (pools: readonly Pool[], taken: readonly string[]): number => {
  const spans = taken.flatMap((prefix) => spanOf(prefix) ?? []);
  return pools.reduce((sum, pool) => sum + freeIn(pool, spans), 0);
};

const poolText = ({ base, size }: Pool): string => `${base} in /${String(size)}`;

/** Wide enough for bursts, and apart from the defaults, so that networks which exist stay where they are. */
const WIDER = '{ "default-address-pools": [{ "base": "10.200.0.0/14", "size": 24 }] }';

export const addressPools: Judge = (facts: DoctorFacts) => {
  const { daemon, firewall, n } = facts;
  const networks = daemon?.networks ?? null;
  if (daemon === null || networks === null) return silent("the engine's networks", facts);
  const pools = daemon.pools ?? DEFAULT_POOLS;
  const taken = [...networks.flatMap(({ subnets }) => subnets), ...(firewall.reserved ?? [])];
  const free = freeSubnets(pools, taken);
  const all = freeSubnets(pools, []);
  const users = networks.filter(({ subnets }) => subnets.length > 0);
  const evidence = [
    `${daemon.pools === null ? "default pools" : daemon.pools.map(poolText).join(", ")}: ${count(all, "subnet")}`,
    `${count(users.length, "network")} with a subnet: ${users
      .slice(0, 8)
      .map(({ name, subnets }) => `${name} ${subnets.join(" ")}`)
      .join(", ")}${users.length > 8 ? ", …" : ""}`,
    `${count(free, "subnet")} free${firewall.reserved === null ? " (routes of the engine's namespace could not be read)" : ""}`,
  ];
  if (free >= n) {
    return fine(
      `${count(n, "job")} at once, each with a network of its own, still fit (${String(free)} do)`,
      evidence,
    );
  }
  return wrong({
    blocks: false,
    evidence,
    meaning: `${count(n, "job")} at once need as many networks, and only ${String(free)} more fit: the others fail with \`all predefined address pools have been fully subnetted\``,
    fix: `remove networks that nobody uses, or give the engine wider pools in daemon.json, such as ${WIDER}, and restart it`,
    commands: ["docker network prune --force"],
  });
};
