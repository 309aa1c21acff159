/**
 * The NAT rules where the engine programs them, and what there is of routes and bridges beside them.
 */
import { release } from "node:os";
import { z } from "zod";
import type { FirewallSeen } from "../../harness/core/doctor/facts.ts";
import { inNamespace, type EngineNamespace } from "../evidence/namespace.ts";
import { reservedPrefixes } from "../evidence/reserved-prefixes.ts";
import { rulesByBackend } from "../evidence/rules.ts";
import { findProgram, runProgram, SYSTEM_PATH } from "../managed/program.ts";
import { sysctls } from "./sysctl.ts";
import { textOf } from "./text-of.ts";

const PATIENCE_MS = 5000;

const PROGRAM_OF = {
  "iptables-legacy": "iptables-legacy-save",
  "iptables-nft": "iptables-nft-save",
  nft: "nft",
} as const;
const BACKENDS = ["iptables-legacy", "iptables-nft", "nft"] as const;

/** What a kernel must have for anybody to have written a NAT rule with iptables-legacy. */
const LEGACY_NAT = "iptable_nat";

/**
 * True when this kernel certainly has no NAT table of iptables-legacy: neither loaded nor built in. Only root is told
 * which tables there are in a namespace.
 *
 * @param modules - the text of `/proc/modules`; null where it cannot be read, as of the other
 * @param builtin - the text of `modules.builtin` below `/lib/modules`
 */
export const lacksLegacyNat = (modules: string | null, builtin: string | null): boolean =>
  modules !== null &&
  builtin !== null &&
  !modules.split("\n").some((line) => line.startsWith(`${LEGACY_NAT} `)) &&
  !builtin.includes(`/${LEGACY_NAT}.ko`);

/** The NAT rules of IPv4, by packet filter; missing are those that this machine has not. */
export const readBackends = async (
  namespace: EngineNamespace,
): Promise<FirewallSeen["backends"]> => {
  const read = await rulesByBackend(namespace);
  const found = BACKENDS.map((backend) => ({ backend, rules: read[backend] }));
  const builtin = `/lib/modules/${release()}/modules.builtin`;
  const isOut = lacksLegacyNat(await textOf("/proc/modules"), await textOf(builtin));
  return found.filter(
    ({ backend, rules }) =>
      rules !== null ||
      // What this machine has no program for, nobody here has written with.
      (findProgram(PROGRAM_OF[backend], SYSTEM_PATH) !== null &&
        !(backend === "iptables-legacy" && isOut)),
  );
};

/** Which of the two `iptables --version` says that it is. */
export const backendIn = (version: string): FirewallSeen["uses"] =>
  version.includes("nf_tables")
    ? "iptables-nft"
    : version.includes("legacy")
      ? "iptables-legacy"
      : null;

const backendOf = async (path: string): Promise<FirewallSeen["uses"]> => {
  const program = findProgram("iptables", path);
  if (program === null) return null;
  return runProgram(program, ["--version"], { signal: AbortSignal.timeout(PATIENCE_MS) }).then(
    backendIn,
    () => null,
  );
};

const linksAnswer = z.array(
  z.object({
    ifname: z.string(),
    master: z.string().optional(),
    hairpin: z.boolean().optional(),
  }),
);

const readBridges = async (namespace: EngineNamespace): Promise<FirewallSeen["bridges"]> => {
  try {
    const args = ["-d", "-j", "link", "show"];
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const text = await inNamespace(namespace, "bridge", args, signal);
    const links = linksAnswer.parse(JSON.parse(text.trim() === "" ? "[]" : text));
    const names = [...new Set(links.flatMap(({ master }) => master ?? []))];
    const settingOf = (name: string): string => `net.ipv4.conf.${name}.route_localnet`;
    // A name with a dot in it has no such file behind ours: it is then not known.
    const settings = await sysctls(namespace, names.map(settingOf));
    return names.map((name) => {
      const routes = settings?.get(settingOf(name));
      return {
        name,
        routesLoopback: routes === undefined ? null : routes === "1",
        ports: links
          .filter(({ master }) => master === name)
          .map(({ ifname, hairpin }) => ({ name: ifname, hairpin: hairpin === true })),
      };
    });
  } catch {
    return null;
  }
};

/** Of a namespace that cannot be entered. */
export const NO_FIREWALL: FirewallSeen = {
  backends: [],
  uses: null,
  reserved: null,
  bridges: null,
};

/**
 * @param daemonPid - whose PATH and nameservers count; null where it is not known
 * @param path - of the engine, written like PATH; null where it is not known
 */
export const firewallSeen = async (
  namespace: EngineNamespace | null,
  { daemonPid, path }: { readonly daemonPid: number | null; readonly path: string | null },
): Promise<FirewallSeen> => {
  if (namespace === null) return NO_FIREWALL;
  const [backends, uses, reserved, bridges] = await Promise.all([
    readBackends(namespace),
    backendOf(path ?? SYSTEM_PATH),
    reservedPrefixes(namespace, daemonPid),
    readBridges(namespace),
  ]);
  return { backends, uses, reserved, bridges };
};
