import { PROTOCOLS, type Protocol } from "./protocol.ts";

/** A service as the job container reaches it: by name, on the job's own network. */
export interface JobService {
  readonly service: string;
  readonly protocol: Protocol;
  readonly host: string;
  readonly port: number;
}

/** What the program in a job container is told, as JSON in its only argument. */
export interface JobRequest {
  /** For each service to become ready, in milliseconds from the program's start. */
  readonly deadlineMs: number;
  readonly nonce: string;
  readonly services: readonly JobService[];
}

const isProtocol = (value: unknown): value is Protocol =>
  PROTOCOLS.some((protocol) => protocol === value);

const serviceOf = (value: unknown): JobService => {
  const { service, protocol, host, port } = value as Readonly<Record<string, unknown>>;
  if (typeof service !== "string" || typeof host !== "string")
    throw new Error("a service without a name");
  if (!isProtocol(protocol)) throw new Error(`${service}: no such protocol: ${String(protocol)}`);
  if (typeof port !== "number" || !Number.isInteger(port)) throw new Error(`${service}: no port`);
  return { service, protocol, host, port };
};

/** @throws Error that names what is wrong with the text */
export const decodeJobRequest = (text: string): JobRequest => {
  const { deadlineMs, nonce, services } = JSON.parse(text) as Readonly<Record<string, unknown>>;
  if (typeof deadlineMs !== "number" || deadlineMs <= 0)
    throw new Error("deadlineMs is no duration");
  if (typeof nonce !== "string") throw new Error("nonce is no text");
  if (!Array.isArray(services)) throw new Error("services is no list");
  return { deadlineMs, nonce, services: services.map(serviceOf) };
};
