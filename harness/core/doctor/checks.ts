/**
 * Every check, in the order in which they are asked, and what of the second seed each answers: its table of causes
 * (`row`), its steps of diagnosis (`step`), its fixes.
 */
import { addressFamilies, hairpin, privilegedPort, resolver } from "./address.ts";
import { cgroups, subordinateIds } from "./account.ts";
import { attachedNetworks } from "./attached-networks.ts";
import { addressPools } from "./capacity.ts";
import type { Judge } from "./check.ts";
import { askedTwice, containerRunning, containerStopped } from "./containers.ts";
import { defaultGateways } from "./default-gateways.ts";
import { engineAnswers, knownEngine } from "./engine.ts";
import { leakedForward, portOwner } from "./forwards.ts";
import { backlog, conntrack, inotify, keyrings, openFiles } from "./kernel.ts";
import { leftovers } from "./leftovers.ts";
import { otherEngines, portRange, probePorts } from "./ranges.ts";
import { chainsWiped, firewallBackends, orphanRule, ruleCount } from "./rules.ts";
import { connections, hostNetwork, hostProcess, otherEngine } from "./sockets.ts";

/** The rows of the seed's table of causes. */
export const ROWS = [
  "Another host process bound the port",
  "Another container already published the port",
  "Orphaned iptables DNAT rule",
  "Rootless Docker 29.0.x regression",
  "WSL2 iptables/nftables split brain",
  "Host service on a well-known port",
] as const;

/** How many steps the seed's diagnosis has. */
export const STEPS = 7;

export interface Check {
  readonly id: string;
  readonly title: string;
  /** What it finds out, as a question. */
  readonly question: string;
  /** With a port, without one, or both. */
  readonly when: "port" | "preflight" | "always";
  readonly rows: readonly (typeof ROWS)[number][];
  /** From 1. */
  readonly steps: readonly number[];
  readonly judge: Judge;
}

const check = (
  definition: Omit<Check, "rows" | "steps"> & Partial<Pick<Check, "rows" | "steps">>,
): Check => ({ rows: [], steps: [], ...definition });

export const CHECKS: readonly Check[] = [
  check({
    id: "engine",
    title: "Engine",
    question: "Does an engine answer, and which?",
    when: "always",
    judge: engineAnswers,
  }),
  check({
    id: "host-process",
    title: "Host process",
    question:
      "Does another process of the host listen on the port, on an address that is in the way?",
    when: "port",
    rows: ["Another host process bound the port"],
    steps: [1, 2],
    judge: hostProcess,
  }),
  check({
    id: "connections",
    title: "Connections",
    question: "Is the port one end of a connection of the host, open or in TIME_WAIT?",
    when: "port",
    rows: ["Another host process bound the port"],
    steps: [2],
    judge: connections,
  }),
  check({
    id: "other-engine",
    title: "Another engine",
    question: "Has another engine on this machine published the port?",
    when: "port",
    steps: [2],
    judge: otherEngine,
  }),
  check({
    id: "container-running",
    title: "Running container",
    question: "Does a running container of this engine publish the port?",
    when: "port",
    rows: ["Another container already published the port"],
    steps: [1, 3],
    judge: containerRunning,
  }),
  check({
    id: "container-stopped",
    title: "Stopped container",
    question: "Does a container that does not run ask for the port?",
    when: "port",
    rows: ["Another container already published the port"],
    steps: [3],
    judge: containerStopped,
  }),
  check({
    id: "asked-twice",
    title: "Asked for twice",
    question: "Do several containers ask for the port?",
    when: "port",
    steps: [3],
    judge: askedTwice,
  }),
  check({
    id: "host-network",
    title: "Host-network container",
    question: "Does a container with --network host listen on the port?",
    when: "port",
    rows: ["Another container already published the port"],
    steps: [2, 3],
    judge: hostNetwork,
  }),
  check({
    id: "port-owner",
    title: "Owner behind the proxy",
    question: "Which container is behind RootlessKit's or docker-proxy's listener on the port?",
    when: "port",
    steps: [2],
    judge: portOwner,
  }),
  check({
    id: "leaked-forward",
    title: "Leaked forward",
    question: "Does RootlessKit forward a port for a container that is gone?",
    when: "always",
    judge: leakedForward,
  }),
  check({
    id: "orphan-rule",
    title: "Orphan DNAT rule",
    question: "Does a rule redirect the port to an address that no container has?",
    when: "always",
    rows: ["Orphaned iptables DNAT rule"],
    steps: [4],
    judge: orphanRule,
  }),
  check({
    id: "rule-count",
    title: "Rule count",
    question: "Are there more redirecting rules than published ports?",
    when: "always",
    steps: [4],
    judge: ruleCount,
  }),
  check({
    id: "firewall-backends",
    title: "Packet filters",
    question: "Are the engine's rules in one packet filter: iptables-legacy, iptables-nft or nft?",
    when: "always",
    rows: ["WSL2 iptables/nftables split brain"],
    steps: [5],
    judge: firewallBackends,
  }),
  check({
    id: "chains-wiped",
    title: "Engine's chains",
    question: "Are the engine's chains still there, or did a firewall's reload flush them?",
    when: "always",
    steps: [5],
    judge: chainsWiped,
  }),
  check({
    id: "known-engine",
    title: "Known engine",
    question: "Is this version known to fail at publishing ports?",
    when: "always",
    rows: ["Rootless Docker 29.0.x regression"],
    steps: [6],
    judge: knownEngine,
  }),
  check({
    id: "resolver",
    title: "Resolver",
    question: "Does a resolver of the host listen on port 53 of a loopback address?",
    when: "always",
    rows: ["Host service on a well-known port"],
    judge: resolver,
  }),
  check({
    id: "privileged-port",
    title: "Privileged port",
    question: "May the one who binds the port bind one so low?",
    when: "port",
    rows: ["Host service on a well-known port"],
    judge: privilegedPort,
  }),
  check({
    id: "address-families",
    title: "IPv4 and IPv6",
    question: "Is the port published on both, and does each lead to the container?",
    when: "port",
    steps: [1],
    judge: addressFamilies,
  }),
  check({
    id: "hairpin",
    title: "Hairpin",
    question: "Does a container reach its own published port?",
    when: "port",
    steps: [7],
    judge: hairpin,
  }),
  check({
    id: "conntrack",
    title: "Tracked connections",
    question: "Is there room in the kernel's table of connections?",
    when: "always",
    judge: conntrack,
  }),
  check({
    id: "subordinate-ids",
    title: "Subordinate ids",
    question: "May the engine's user map as many ids as images use?",
    when: "preflight",
    judge: subordinateIds,
  }),
  check({
    id: "cgroups",
    title: "Cgroup delegation",
    question: "Do limits of containers hold?",
    when: "preflight",
    judge: cgroups,
  }),
  check({
    id: "address-pools",
    title: "Address pools",
    question: "Do N more networks fit?",
    when: "preflight",
    judge: addressPools,
  }),
  check({
    id: "port-range",
    title: "Port range and the host",
    question: "Does the engine take dynamic ports from where the host takes its own?",
    when: "preflight",
    judge: portRange,
  }),
  check({
    id: "other-engines",
    title: "Port range and other engines",
    question: "Does another engine take dynamic ports from the same range?",
    when: "preflight",
    judge: otherEngines,
  }),
  check({
    id: "probe-ports",
    title: "Port range and this tool",
    question: "Can this tool's probes stand in the engine's way?",
    when: "preflight",
    judge: probePorts,
  }),
  check({
    id: "leftovers",
    title: "Leftovers",
    question: "Has an earlier run left something on the engine?",
    when: "preflight",
    judge: leftovers,
  }),
  check({
    id: "default-gateways",
    title: "Default gateways",
    question: "Would one more network move the default gateway of a running container?",
    when: "preflight",
    judge: defaultGateways,
  }),
  check({
    id: "attached-networks",
    title: "Attached networks",
    question: "Is every running container attached to its network?",
    when: "preflight",
    judge: attachedNetworks,
  }),
  check({
    id: "inotify",
    title: "Inotify instances",
    question: "Can as many containers be watched?",
    when: "preflight",
    judge: inotify,
  }),
  check({
    id: "keyrings",
    title: "Keyrings",
    question: "Do as many session keyrings fit?",
    when: "preflight",
    judge: keyrings,
  }),
  check({
    id: "open-files",
    title: "Open files",
    question: "May dockerd and RootlessKit open as many files?",
    when: "preflight",
    judge: openFiles,
  }),
  check({
    id: "backlog",
    title: "Daemon's queue",
    question: "May as many requests wait at the daemon's socket?",
    when: "preflight",
    judge: backlog,
  }),
];
