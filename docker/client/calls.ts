/**
 * Each operation as the Engine API call that performs it: what `--dry-run` prints and what is sent.
 */
import {
  HOST_NETWORK,
  type CallOperation,
  type ContainerSpec,
  type HealthCheck,
} from "../../harness/core/model.ts";
import { unreachable } from "../../harness/core/errors.ts";

export interface Call {
  readonly method: "GET" | "POST" | "DELETE";
  /** Without the version prefix; query included. */
  readonly path: string;
  readonly body?: Readonly<Record<string, unknown>>;
}

const portKey = (containerPort: number): string => `${String(containerPort)}/tcp`;

/** An engine before 28 does not know it and says nothing. */
const gatewayPriority = (priority: number | undefined): Readonly<Record<string, number>> =>
  priority === undefined ? {} : { GwPriority: priority };

const NANOSECONDS = 1_000_000;

const healthBody = (health: HealthCheck): Readonly<Record<string, unknown>> => ({
  Test: health.test,
  Interval: health.interval * NANOSECONDS,
  Timeout: health.timeout * NANOSECONDS,
  Retries: health.retries,
  StartPeriod: health.startPeriod * NANOSECONDS,
});

/** The body of `POST /containers/create`, as the docker CLI would write it. */
const containerBody = (spec: ContainerSpec): Readonly<Record<string, unknown>> => {
  const published = spec.publish.map(({ containerPort, hostIp, hostPort }) => ({
    key: portKey(containerPort),
    binding: { HostIp: hostIp, HostPort: hostPort === null ? "" : String(hostPort) },
  }));
  return {
    Image: spec.image,
    ...(spec.command === null ? {} : { Cmd: spec.command }),
    Env: Object.entries(spec.env).map(([name, value]) => `${name}=${value}`),
    Labels: spec.labels,
    ExposedPorts: Object.fromEntries(published.map(({ key }) => [key, {}])),
    HostConfig: {
      NetworkMode: spec.network,
      PortBindings: Object.fromEntries(published.map(({ key, binding }) => [key, [binding]])),
    },
    ...(spec.health === undefined ? {} : { Healthcheck: healthBody(spec.health) }),
    // The host's network has neither names nor gateways to give.
    ...(spec.network === HOST_NETWORK
      ? {}
      : {
          NetworkingConfig: {
            EndpointsConfig: {
              [spec.network]: {
                Aliases: spec.aliases,
                ...gatewayPriority(spec.gatewayPriority),
              },
            },
          },
        }),
  };
};

const container = (name: string): string => `/containers/${encodeURIComponent(name)}`;

/** Removes a container, running or not, with its anonymous volumes. */
export const removeContainer = (id: string): Call => ({
  method: "DELETE",
  path: `${container(id)}?force=true&v=true`,
});

export const removeNetwork = (id: string): Call => ({
  method: "DELETE",
  path: `/networks/${encodeURIComponent(id)}`,
});

export const inspectContainer = (name: string): Call => ({
  method: "GET",
  path: `${container(name)}/json`,
});

export const toCall = (operation: CallOperation): Call => {
  switch (operation.kind) {
    case "network.create":
      return {
        method: "POST",
        path: "/networks/create",
        // CheckDuplicate: what the docker CLI sent until Engine 25 made it the only behaviour.
        body: {
          Name: operation.network,
          Driver: "bridge",
          CheckDuplicate: true,
          Labels: operation.labels,
          ...(operation.internal === true ? { Internal: true } : {}),
          ...(operation.ipv6Subnet === undefined
            ? {}
            : { EnableIPv6: true, IPAM: { Config: [{ Subnet: operation.ipv6Subnet }] } }),
        },
      };
    case "network.connect":
      return {
        method: "POST",
        path: `/networks/${encodeURIComponent(operation.network)}/connect`,
        body: {
          Container: operation.container,
          EndpointConfig: {
            Aliases: operation.aliases,
            ...gatewayPriority(operation.gatewayPriority),
          },
        },
      };
    case "container.create":
      return {
        method: "POST",
        path: `/containers/create?name=${encodeURIComponent(operation.container)}`,
        body: containerBody(operation.spec),
      };
    case "container.start":
      return { method: "POST", path: `${container(operation.container)}/start` };
    case "container.inspect":
      return inspectContainer(operation.container);
    case "container.wait":
      return { method: "POST", path: `${container(operation.container)}/wait` };
    case "container.remove":
      return removeContainer(operation.container);
    case "network.remove":
      return removeNetwork(operation.network);
    default:
      return unreachable(operation);
  }
};
