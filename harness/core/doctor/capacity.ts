/**
 * How many networks still fit into the engine's address pools.
 */
import { freeSubnets } from "../capacity.ts";
import { DEFAULT_POOLS, type Pool } from "../known-engines.ts";
import { count } from "../units.ts";
import { fine, silent, wrong, type Judge } from "./check.ts";
import type { DoctorFacts } from "./facts.ts";

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
