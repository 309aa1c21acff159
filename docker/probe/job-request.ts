import { PROTOCOLS, type Protocol } from "./protocol.ts";

/** A service as the job container reaches it: by name, on the job's own network. */
export interface JobService {
  readonly service: string;
  readonly protocol: Protocol;
  readonly host: string;
  readonly port: number;
}

/** What the program in a job container is told, as JSON in its only argument. */
export type JobContainerRequest = JobRequest | DialRequest;

/** To use the services. */
export interface JobRequest {
  /** For each service to become ready, in milliseconds from the program's start. */
  readonly deadlineMs: number;
  readonly nonce: string;
  readonly services: readonly JobService[];
}

/** To wait until any of these ports accepts a connection, and to end. */
export interface DialRequest {
  readonly deadlineMs: number;
  /** Between one try at a port and the next. */
  readonly retryMs: number;
  readonly dial: { readonly host: string; readonly ports: readonly number[] };
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

const isDuration = (value: unknown): value is number => typeof value === "number" && value > 0;

const isPort = (value: unknown): value is number =>
  typeof value === "number" && Number.isInteger(value) && value > 0 && value < 65_536;

const dialOf = (value: unknown): DialRequest["dial"] => {
  const { host, ports } = value as Readonly<Record<string, unknown>>;
  if (typeof host !== "string") throw new Error("dial has no host");
  if (!Array.isArray(ports) || ports.length === 0) throw new Error("dial has no ports");
  return {
    host,
    ports: ports.map((port: unknown) => {
      if (!isPort(port)) throw new Error(`${host}: no port: ${String(port)}`);
      return port;
    }),
  };
};

/** @throws Error that names what is wrong with the text */
export const decodeJobRequest = (text: string): JobContainerRequest => {
  const { deadlineMs, ...request } = JSON.parse(text) as Readonly<Record<string, unknown>>;
  if (!isDuration(deadlineMs)) throw new Error("deadlineMs is no duration");
  if ("dial" in request) {
    const { retryMs, dial } = request;
    if (!isDuration(retryMs)) throw new Error("retryMs is no duration");
    return { deadlineMs, retryMs, dial: dialOf(dial) };
  }
  const { nonce, services } = request;
  if (typeof nonce !== "string") throw new Error("nonce is no text");
  if (!Array.isArray(services)) throw new Error("services is no list");
  return { deadlineMs, nonce, services: services.map(serviceOf) };
};
