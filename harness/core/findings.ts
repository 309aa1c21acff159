/**
 * The harness's own words: messages of answers that were refused `by: "harness"`.
 *
 * Built here and matched in `signatures.ts`, so that a finding in an old journal can be named again.
 */
import { count, formatMillis, type Millis } from "./units.ts";

/** A service whose container ended while it was waited for. */
export const exitedEarly = (finding: {
  readonly service: string;
  readonly exitCode: number;
  /** The end of the container's log, raw. */
  readonly tail: string;
}): string =>
  `${finding.service} exited with code ${String(finding.exitCode)} before it was ready: ${finding.tail}`;

/** Modes in which a container has no network to be attached to: `none`, the host's, that of another container. */
const WITHOUT_NETWORK = /^(?:none|host|container:.*)$/;

/** Whether a container created in this network mode is attached to a network while it runs. */
export const needsNetwork = (networkMode: string): boolean => !WITHOUT_NETWORK.test(networkMode);

/** A container that runs although no network is attached to it, and was created on one. */
export const withoutNetworks = (finding: {
  readonly container: string;
  readonly network: string;
}): string =>
  `${finding.container} runs without a network: it was created on ${finding.network}, and is attached to none`;

interface Nonces {
  readonly service: string;
  /** The job's own nonce, written just before. */
  readonly expected: string;
  /** All nonces that the service holds. */
  readonly found: readonly string[];
}

/** Another job's nonce is in this job's service: a stale forward, or a wrong network. */
export const crosstalk = ({ service, expected, found }: Nonces): string =>
  `${service} holds another job's nonce: expected ${expected}, found ${found.join(", ")}`;

/** The job's own nonce is gone and nobody else's is there: the service was replaced or lost its data. */
export const identityLost = ({ service, expected }: Omit<Nonces, "found">): string =>
  `${service} does not hold its job's nonce: expected ${expected}, found nothing`;

/**
 * What the nonces found in a service say; null if they are as they should be.
 *
 * A foreign nonce is cross-talk whether or not the job's own is there too: somebody else wrote here.
 */
export const wrongIdentity = (nonces: Nonces): string | null => {
  if (nonces.found.some((nonce) => nonce !== nonces.expected)) return crosstalk(nonces);
  return nonces.found.includes(nonces.expected) ? null : identityLost(nonces);
};

interface DefaultRoute {
  /** Of the gateway. */
  readonly address: string;
  /** Null where no network of the container has that gateway. */
  readonly network: string | null;
  readonly device: string;
}

const routeWords = ({ address, network, device }: DefaultRoute): string =>
  `${address} (${network === null ? "" : `network ${network}, `}${device})`;

/** A container's default gateway is another one than before, or gone. */
export const defaultRouteMoved = (finding: {
  readonly service: string;
  readonly from: DefaultRoute;
  readonly to: DefaultRoute | null;
  /** The network that was attached in between; null where it is not known. */
  readonly attached: string | null;
}): string => {
  const { service, from, to, attached } = finding;
  const when = attached === null ? "" : ` when ${attached} was attached`;
  return to === null
    ? `${service}: the default route by ${routeWords(from)} was lost${when}`
    : `${service}: the default route moved from ${routeWords(from)} to ${routeWords(to)}${when}`;
};

/** Connections that were open before a network was attached, and bring nothing any more. */
export const connectionSilent = (finding: {
  readonly service: string;
  /** Those that stopped, by name. */
  readonly silent: readonly string[];
  /** All that were open. */
  readonly of: number;
  /** How long they were watched. */
  readonly watched: Millis;
  readonly attached: string | null;
}): string => {
  const { service, silent, of, watched, attached } = finding;
  const since = attached === null ? "" : ` since ${attached} was attached`;
  return (
    `${service}: ${String(silent.length)} of ${count(of, "connection")} received nothing more` +
    `${since}: ${silent.join(", ")} (watched for ${formatMillis(watched)})`
  );
};

/** Requests to a service that got no answer after a network was attached to its container. */
export const requestsLost = (finding: {
  readonly service: string;
  readonly lost: number;
  readonly of: number;
  /** Of the last one that was lost. */
  readonly words: string | null;
}): string => {
  const { service, lost, of, words } = finding;
  const last = words === null ? "" : `: ${words}`;
  return `${service}: ${String(lost)} of ${count(of, "request")} got no answer after it was attached${last}`;
};
