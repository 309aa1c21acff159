/**
 * NAT rules that send what arrives for a port to a container, as engines write them.
 */
import { isSix } from "./addresses.ts";
import type { Rule } from "./evidence.ts";

/** A rule that sends what arrives for a port to an address. */
export interface Redirect {
  readonly rule: Rule;
  readonly protocol: string;
  /** The address that it is for; null: every address of the namespace. */
  readonly address: string | null;
  readonly port: number;
  readonly target: string;
  readonly targetPort: number;
}

const DESTINATION = /(?<!! )-d ([\da-f.:]+)|\bip6? daddr ([\da-f.:]+)/;
const TARGET = /(?:--to-destination|\bdnat (?:ip6? )?to) (?:\[([\da-f:]+)\]|([\d.]+)) ?: ?(\d+)/;

/** Words of a rule, as iptables (`-p tcp … --dport 80 … --to-destination IP:PORT`) or nft prints it. */
export const redirectIn = (rule: Rule): Redirect | null => {
  const port = /--dport (\d+)\b|\bdport (\d+)\b/.exec(rule.rule);
  const [, six, four, targetPort] = TARGET.exec(rule.rule) ?? [];
  if (port === null || targetPort === undefined) return null;
  const destination = DESTINATION.exec(rule.rule);
  return {
    rule,
    protocol: /\budp\b/.test(rule.rule) ? "udp" : "tcp",
    address: destination?.[1] ?? destination?.[2] ?? null,
    port: Number(port[1] ?? port[2]),
    target: six ?? four ?? "",
    targetPort: Number(targetPort),
  };
};

/** The chain that engines keep: `DOCKER` of iptables, or a chain of nft's own `docker-bridges` tables. */
export const isDockers = ({ backend, chain }: Rule): boolean =>
  backend === "nft" ? /\bdocker-bridges\b|\bDOCKER$/.test(chain) : chain === "DOCKER";

/** Those of an engine among some rules. */
export const dockersRedirects = (rules: readonly Rule[]): readonly Redirect[] =>
  rules.filter(isDockers).flatMap((rule) => redirectIn(rule) ?? []);

/** A container as far as something leads to it. */
interface Reached {
  readonly addresses: readonly string[];
  readonly ports: readonly {
    readonly protocol: string;
    readonly hostPort: number;
    readonly containerPort: number;
  }[];
}

/** Whether what leads from the port to the target leads to this container, which publishes just that. */
export const isServed = (
  { addresses, ports }: Reached,
  {
    protocol,
    port,
    target,
    targetPort,
  }: Pick<Redirect, "protocol" | "port" | "target" | "targetPort">,
): boolean =>
  addresses.includes(target) &&
  ports.some(
    (each) =>
      each.hostPort === port && each.containerPort === targetPort && each.protocol === protocol,
  );

const LOOPBACK = /(?:!|!=) ?(?:-d )?127\.0\.0\.0\/8/;

/**
 * Whether what is sent from within the namespace over loopback meets those rules too. Engines leave it out
 * (`-A OUTPUT ! -d 127.0.0.0/8 …`) unless their userland proxy is off, and that of IPv6 always.
 */
export const redirectsLoopback = (rules: readonly Rule[], address: string): boolean =>
  !isSix(address) &&
  rules.some(
    ({ chain, rule }) =>
      /(?:^|[ -])OUTPUT$/.test(chain) &&
      /-j DOCKER\b|\bjump nat-prerouting-and-output\b/.test(rule) &&
      !LOOPBACK.test(rule),
  );
