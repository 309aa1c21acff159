/**
 * The NAT rules of a network namespace, whichever of the kernel's packet filters they were written with.
 */
import type { Rule } from "../../harness/core/evidence.ts";
import { inNamespace, type EngineNamespace } from "./namespace.ts";

const PATIENCE_MS = 5000;

/**
 * The NAT rules in what `iptables-legacy-save` or `iptables-nft-save` prints, numbered as
 * `iptables -t nat -L --line-numbers` does. Pure.
 */
export const iptablesRules = (
  saved: string,
  backend: "iptables-legacy" | "iptables-nft",
): readonly Rule[] => {
  const lines = new Map<string, number>();
  let table = "";
  return saved.split("\n").flatMap((text) => {
    if (text.startsWith("*")) table = text.slice(1);
    const chain = /^-A (\S+)/.exec(text)?.[1];
    if (table !== "nat" || chain === undefined) return [];
    const line = (lines.get(chain) ?? 0) + 1;
    lines.set(chain, line);
    return [{ backend, chain, line, rule: text }];
  });
};

/** The tables that `iptables-nft-save` prints, as nft calls them. Pure. */
const tablesIn = (saved: string): readonly string[] =>
  saved.split("\n").flatMap((line) => (line.startsWith("*") ? [`ip ${line.slice(1)}`] : []));

/** Where ip6tables keeps its rules; they are not looked at, in whatever words. */
const OF_IP6TABLES = /^ip6 (?:raw|mangle|nat|filter|security)$/;
const NAT_STATEMENT = /\b(?:dnat|snat|masquerade|redirect)\b/;

/**
 * The NAT rules in what `nft -a list ruleset` prints: those of NAT chains, and those that translate wherever
 * they are. The chain is named with its table, as `nft delete rule` wants it. Pure.
 *
 * @param told - tables that iptables-nft has told of already: nft prints them too, in words of its own
 */
export const nftRules = (listed: string, told: readonly string[]): readonly Rule[] => {
  let table = "";
  let chain = "";
  let isNatChain = false;
  let isTold = false;
  return listed.split("\n").flatMap((text): readonly Rule[] => {
    const opened = /^\s*(table|chain) (.+) \{/.exec(text);
    if (opened?.[1] === "table") {
      table = opened[2] ?? "";
      isTold = told.includes(table) || OF_IP6TABLES.test(table);
      chain = "";
      return [];
    }
    if (opened !== null) {
      chain = opened[2] ?? "";
      isNatChain = false;
      return [];
    }
    if (/^\s*type nat hook /.test(text)) isNatChain = true;
    const [, rule, handle] = /^\s*(.+?) # handle (\d+)$/.exec(text) ?? [];
    if (rule === undefined || handle === undefined || isTold || chain === "") return [];
    if (!isNatChain && !NAT_STATEMENT.test(rule)) return [];
    return [{ backend: "nft", chain: `${table} ${chain}`, line: Number(handle), rule }];
  });
};

/** What a program's output is followed by, with its exit code. */
const END = "=== ended with";

/**
 * All in one process: starting one holds up this one for some milliseconds, in the middle of a burst perhaps.
 * Tables are not asked for by name: asking for one that is not there would make it.
 */
const printing = (...programs: readonly string[]): string => `
for program in ${programs.map((program) => `'${program}'`).join(" ")}; do
  $program 2>/dev/null
  echo "${END} $?"
done
`;
const PRINT_ALL = printing("iptables-legacy-save", "iptables-nft-save", "nft -a list ruleset");
const PRINT_SIX = printing("ip6tables-legacy-save", "ip6tables-nft-save");

/** The outputs, each null where its program is missing or failed. */
const outputsIn = (printed: string): readonly (string | null)[] => {
  const [first = "", ...ends] = printed.split(`${END} `);
  const codes = ends.map((text) => Number.parseInt(text, 10));
  const outputs = [first, ...ends.map((text) => text.slice(text.indexOf("\n") + 1))];
  return codes.map((code, index) => (code === 0 ? (outputs[index] ?? null) : null));
};

/** By what they were written with; null where that one's program is missing or fails, or nothing can be seen. */
type RulesByBackend = Readonly<Record<Rule["backend"], readonly Rule[] | null>>;

/** All IPv4 NAT rules of iptables (either kind) and all NAT rules written with nft itself. */
export const rulesByBackend = async (namespace: EngineNamespace): Promise<RulesByBackend> => {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const printed = await inNamespace(namespace, "sh", ["-c", PRINT_ALL], signal).catch(() => "");
  const [legacy = null, iptables = null, nft = null] = outputsIn(printed);
  return {
    "iptables-legacy": legacy === null ? null : iptablesRules(legacy, "iptables-legacy"),
    "iptables-nft": iptables === null ? null : iptablesRules(iptables, "iptables-nft"),
    nft: nft === null ? null : nftRules(nft, tablesIn(iptables ?? "")),
  };
};

/** All IPv6 NAT rules of ip6tables, of either kind; null where neither can be read. Those of nft itself are with the others. */
export const natRulesOfSix = async (
  namespace: EngineNamespace,
): Promise<readonly Rule[] | null> => {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const printed = await inNamespace(namespace, "sh", ["-c", PRINT_SIX], signal).catch(() => "");
  const [legacy = null, nft = null] = outputsIn(printed);
  return legacy === null && nft === null
    ? null
    : [
        ...iptablesRules(legacy ?? "", "iptables-legacy"),
        ...iptablesRules(nft ?? "", "iptables-nft"),
      ];
};

/**
 * All of them in one list.
 *
 * An engine writes with one of the three. Where one cannot be read and the others have nothing, it may be that
 * very one: then null, as when the namespace cannot be entered.
 */
export const natRules = async (namespace: EngineNamespace): Promise<readonly Rule[] | null> => {
  const read = Object.values(await rulesByBackend(namespace));
  const rules = read.flatMap((each) => each ?? []);
  return rules.length === 0 && read.includes(null) ? null : rules;
};

const isBetween = (port: number, [first, last]: readonly [string, string | undefined]): boolean =>
  Number(first) <= port && port <= Number(last ?? first);

/** Ports as rules name them: `80`, `80,443`, `{ 80, 443 }`, `8000:8100` (iptables), `8000-8100` (nft). */
const namesPort = (ports: string, port: number): boolean =>
  [...ports.matchAll(/(\d+)(?:[:-](\d+))?/g)].some(([, first, last]) =>
    isBetween(port, [first ?? "", last]),
  );

const REDIRECTS = /-j (?:DNAT|REDIRECT)\b|\b(?:dnat|redirect)\b/;
const ASKED_PORTS = /(?<!! )--dports? (\S+)|(?<!-)\bdport (?!!=)(\{[^}]*\}|\S+)/g;

/** Those rules that send what arrives for this port somewhere else. Pure. */
export const rulesForPort = (rules: readonly Rule[], port: number): readonly Rule[] =>
  rules.filter(
    ({ rule }) =>
      REDIRECTS.test(rule) &&
      [...rule.matchAll(ASKED_PORTS)].some(([, iptables, nft]) =>
        namesPort(iptables ?? nft ?? "", port),
      ),
  );
