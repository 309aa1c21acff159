/**
 * What the measurements of a job are called: in the plan, in the journal and in reports.
 */
import type { FlowSpec, RequestsSpec } from "../model.ts";

/** The service that a look at the carriers is about, and by which a job proves that it was measured. */
export const PATH_SERVICE = "path";

/** The services that are measured, and their containers' roles. */
export const FLOW_SERVICE = "iperf3";
export const REQUESTS_SERVICE = "redis";

/** `ingress/10/ipv4`. */
export const flowStep = ({ direction, connections, family }: Omit<FlowSpec, "duration">): string =>
  `${direction}/${String(connections)}/ipv${String(family)}`;

/** `ipv4`. */
export const requestsStep = ({ family }: Pick<RequestsSpec, "family">): string =>
  `ipv${String(family)}`;
