/**
 * The harness's own words: messages of answers that were refused `by: "harness"`.
 *
 * Built here and matched in `signatures.ts`, so that a finding in an old journal can be named again.
 */

/** A service whose container ended while it was waited for. */
export const exitedEarly = (finding: {
  readonly service: string;
  readonly exitCode: number;
  /** The end of the container's log, raw. */
  readonly tail: string;
}): string =>
  `${finding.service} exited with code ${String(finding.exitCode)} before it was ready: ${finding.tail}`;

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
