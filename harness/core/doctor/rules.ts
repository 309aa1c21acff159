/**
 * The engine's NAT rules: left over, split between two packet filters, wiped, or too many.
 */
import { isAtLeast } from "../known-engines.ts";
import { shellWords } from "../shell-words.ts";
import { count } from "../units.ts";
import type { Rule } from "../evidence.ts";
import { fine, notHere, risky, silent, unread, wrong, type Judge, type Outcome } from "./check.ts";
import { isSix } from "../addresses.ts";
import { dockersRedirects, isDockers, isServed, redirectIn, type Redirect } from "../redirects.ts";
import type { ContainerSeen, DoctorFacts } from "./facts.ts";
import { restart, restartNote } from "./restart.ts";

type Backend = Rule["backend"];

/** Packet filters that could not be read. */
const unreadIn = ({ firewall: { backends } }: DoctorFacts): readonly Backend[] =>
  backends.flatMap(({ backend, rules }) => (rules === null ? [backend] : []));

/** For the evidence of what was not found. */
const withGap = (facts: DoctorFacts): readonly string[] =>
  unreadIn(facts).map((backend) => `${backend} could not be read`);

/** All rules that can be read; null where no packet filter could be asked. */
const allRules = ({ firewall: { backends } }: DoctorFacts): readonly Rule[] | null =>
  backends.every(({ rules }) => rules === null)
    ? null
    : backends.flatMap(({ rules }) => rules ?? []);

/** `iptables-nft, chain DOCKER, rule 3: -A DOCKER … -j DNAT --to-destination 172.17.0.9:80` */
const describeRule = ({ backend, chain, line, rule }: Rule): string =>
  `${backend}, chain ${chain}, ${backend === "nft" ? "handle" : "rule"} ${String(line)}: ${rule}`;

/**
 * The words of a rule as iptables-save prints it: in double quotes where need be, with backslashes in them. A shell
 * would read more into such quotes than iptables has put there.
 */
const wordsOf = (rule: string): readonly string[] =>
  [...rule.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(([, quoted, plain]) =>
    quoted === undefined ? (plain ?? "") : quoted.replace(/\\(.)/g, "$1"),
  );

/**
 * Deletes exactly this rule. By its words rather than its number: a number means another rule as soon as one
 * above it is gone.
 */
const deletion = ({ backend, chain, line, rule }: Rule, enter: readonly string[]): string => {
  const command =
    backend === "nft"
      ? ["nft", "delete", "rule", ...chain.split(" "), "handle", String(line)]
      : [backend, "--wait", "-t", "nat", "-D", ...wordsOf(rule).slice(1)];
  return shellWords([...enter, ...command]);
};

const enterOf = ({ processes }: DoctorFacts): readonly string[] => processes?.enter ?? [];

const orphansOf = (
  rules: readonly Rule[],
  containers: readonly ContainerSeen[],
): readonly Redirect[] =>
  dockersRedirects(rules).filter(
    (redirect) => !containers.some((container) => isServed(container, redirect)),
  );

export const orphanRule: Judge = (facts) => {
  const { asked, daemon } = facts;
  const rules = allRules(facts);
  if (rules === null) return unread("the NAT rules of the engine's namespace", facts);
  const containers = daemon?.containers ?? null;
  if (containers === null) return silent("the engine's containers", facts);
  const isAsked = ({ port, protocol }: Redirect): boolean =>
    asked === null || (port === asked.port && protocol === asked.protocol);
  const orphans = orphansOf(rules, containers).filter(isAsked);
  if (orphans.length > 0) {
    const onlyBehind =
      daemon?.rootless === true
        ? "of a rootless engine it only meets what does not come through RootlessKit"
        : "what comes from other machines goes astray, even when a new container publishes the port";
    return wrong({
      blocks: false,
      evidence: orphans.map(
        ({ rule, target, port }) =>
          `${describeRule(rule)} (no container at ${target} publishes port ${String(port)})`,
      ),
      meaning: `A rule still redirects the port to an address where no container has it: ${onlyBehind}. It keeps nobody from binding the port`,
      fix: `delete the rule, or restart the engine, which writes all of them anew (${restartNote(facts)})`,
      commands: orphans.map(({ rule }) => deletion(rule, enterOf(facts))),
    });
  }
  const foreign = rules
    .filter((rule) => !isDockers(rule))
    .flatMap((rule) => redirectIn(rule) ?? [])
    .filter((redirect) => asked !== null && isAsked(redirect));
  if (foreign.length > 0) {
    return risky({
      evidence: foreign.map(({ rule }) => describeRule(rule)),
      meaning:
        "A rule that is not the engine's redirects the port: what arrives may never get to the container",
      fix: "find who wrote it; delete it if nobody needs it",
      commands: foreign.map(({ rule }) => deletion(rule, enterOf(facts))),
    });
  }
  return fine("Every redirecting rule leads to a container that publishes the port", [
    ...rules
      .filter((rule) => isDockers(rule) && asked !== null && redirectIn(rule)?.port === asked.port)
      .map(describeRule),
    ...withGap(facts),
  ]);
};

/** Rules that an engine wrote, or that lead to them. */
const ofEngine = (rules: readonly Rule[]): readonly Rule[] =>
  rules.filter((rule) => isDockers(rule) || / -j DOCKER$/.test(rule.rule));

/** Takes the chain of a packet filter away that the engine does not write to any more. */
const removal = (
  backend: Backend,
  rules: readonly Rule[],
  enter: readonly string[],
): readonly string[] =>
  backend === "nft"
    ? []
    : [
        ...rules.filter(({ chain }) => chain !== "DOCKER").map((rule) => deletion(rule, enter)),
        ...["-F", "-X"].map((flag) =>
          shellWords([...enter, backend, "--wait", "-t", "nat", flag, "DOCKER"]),
        ),
      ];

export const firewallBackends: Judge = (facts) => {
  const { backends, uses } = facts.firewall;
  const readable = backends.flatMap(({ backend, rules }) =>
    rules === null ? [] : [{ backend, rules }],
  );
  if (readable.length === 0) return unread("the NAT rules of the engine's namespace", facts);
  const populated = readable
    .map(({ backend, rules }) => ({ backend, all: rules.length, own: ofEngine(rules) }))
    .filter(({ own }) => own.length > 0);
  const evidence = [
    ...readable.map(
      ({ backend, rules }) =>
        `${backend}: ${count(rules.length, "NAT rule")}, ${String(ofEngine(rules).length)} of an engine`,
    ),
    ...(uses === null ? [] : [`the engine's iptables is ${uses}`]),
  ];
  const current = facts.daemon?.firewallDriver?.startsWith("nftables") === true ? "nft" : uses;
  const stale = current === null ? [] : populated.filter(({ backend }) => backend !== current);
  if (populated.length > 1 || stale.length > 0) {
    const [other] = stale;
    return wrong({
      blocks: false,
      evidence,
      meaning:
        other !== undefined && populated.length === 1
          ? `The engine writes to ${current ?? ""}, and its chains are in ${other.backend}: it cannot find them to add a rule`
          : "Rules of an engine are in two packet filters at once: the kernel obeys both, and each program shows one",
      fix: "let iptables be the same for the engine and for everybody (update-alternatives), remove what is in the other, and restart the engine",
      commands: [
        ...stale.flatMap(({ backend, own }) => removal(backend, own, enterOf(facts))),
        ...(uses === null ? [] : [`update-alternatives --set iptables /usr/sbin/${uses}`]),
        restart(facts),
      ],
    });
  }
  const unseen = unreadIn(facts);
  if (unseen.length > 0) {
    return unread(`whether an engine has rules in ${unseen.join(" and ")} too`, facts);
  }
  return fine("All rules of an engine are in one packet filter", evidence);
};

/** The packet filters in which this engine's rules can be. */
const own = ({ firewall: { backends, uses } }: DoctorFacts) =>
  backends.filter(({ backend }) => (uses === null ? backend !== "nft" : backend === uses));

const isPublishing = ({ state, hostNetwork, ports }: ContainerSeen): boolean =>
  state === "running" && !hostNetwork && ports.length > 0;

/** What is missing though the chain is there; null for nothing. */
const partlyWiped = (facts: DoctorFacts, rules: readonly Rule[]): Outcome | null => {
  const { daemon } = facts;
  const redirects = dockersRedirects(rules);
  // Since 28 some bindings need no rule where a proxy serves them.
  const everyPortHasRule = daemon !== null && !isAtLeast(daemon.version, "28");
  const bare = (daemon?.containers ?? [])
    .filter(isPublishing)
    .flatMap(({ name, ports }) =>
      ports
        .filter(
          ({ hostPort, hostIp }) =>
            everyPortHasRule && !isSix(hostIp) && !redirects.some(({ port }) => port === hostPort),
        )
        .map(({ hostPort }) => `container ${name} publishes ${String(hostPort)}, and no rule does`),
    );
  const masquerades = rules.some(({ rule }) => /\bMASQUERADE\b|\bSNAT\b/.test(rule));
  const evidence = masquerades ? bare : [...bare, "no rule masquerades what containers send"];
  if (evidence.length === 0) return null;
  return risky({
    evidence,
    meaning:
      "Some of the engine's rules are gone: containers are not reached from outside, or do not get out",
    fix: `restart the engine, which writes them anew (${restartNote(facts)})`,
    commands: [restart(facts)],
  });
};

export const chainsWiped: Judge = (facts) => {
  const { daemon, processes } = facts;
  if (daemon === null) return silent("whether the engine has networks", facts);
  if (processes?.config?.iptables === false) return notHere("the engine runs with iptables: false");
  if (daemon.firewallDriver?.startsWith("nftables") === true) {
    return notHere("the engine writes its rules with nft");
  }
  const bridges = (daemon.networks ?? []).filter(({ driver }) => driver === "bridge");
  if (daemon.networks !== null && bridges.length === 0)
    return notHere("the engine has no bridge network");
  const backends = own(facts);
  if (backends.length === 0 || backends.some(({ rules }) => rules === null)) {
    return unread("the NAT rules of the engine's namespace", facts);
  }
  const rules = backends.flatMap((each) => each.rules ?? []);
  if (!rules.some(({ rule }) => / -j DOCKER$/.test(rule))) {
    return wrong({
      blocks: true,
      evidence: [
        ...backends.map(({ backend }) => `${backend}: no rule leads to a chain DOCKER`),
        `${count(bridges.length, "bridge network")}: ${bridges.map(({ name }) => name).join(", ")}`,
      ],
      meaning:
        "The engine's chains are gone, most likely flushed by a firewall's reload: no port can be published (`No chain/target/match by that name`)",
      fix: `restart the engine (${restartNote(facts)}); keep own rules in DOCKER-USER, which Docker does not touch, and do not flush nat while it runs`,
      commands: [restart(facts)],
    });
  }
  return (
    partlyWiped(facts, rules) ??
    fine("The engine's chains are in place", [
      `${count(rules.filter(isDockers).length, "rule")} in chain DOCKER of ${backends.map(({ backend }) => backend).join(" and ")}`,
    ])
  );
};

export const ruleCount: Judge = (facts) => {
  const rules = allRules(facts);
  if (rules === null) return unread("the NAT rules of the engine's namespace", facts);
  const containers = facts.daemon?.containers ?? null;
  if (containers === null) return silent("the engine's containers", facts);
  const redirects = dockersRedirects(rules).filter(({ target }) => !isSix(target));
  const publishing = containers.filter(isPublishing);
  const ports = new Set(
    publishing.flatMap(({ ports: each }) =>
      each
        .filter(({ hostIp }) => !isSix(hostIp))
        .map(({ hostIp, hostPort, protocol }) => `${hostIp}:${String(hostPort)}/${protocol}`),
    ),
  );
  const evidence = [
    `${count(redirects.length, "redirecting rule")}, ${count(ports.size, "published port")} of ${count(publishing.length, "running container")}`,
  ];
  if (redirects.length <= ports.size) return fine("No more rules than published ports", evidence);
  return risky({
    evidence,
    meaning:
      "There are more redirecting rules than published ports: rules are left over from containers that are gone",
    fix: `see orphan-rule for which, or restart the engine (${restartNote(facts)})`,
  });
};
