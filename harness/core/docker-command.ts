/**
 * Each call to the daemon as the docker command line that makes it: what a reader can type.
 */
import { unreachable } from "./errors.ts";
import type { CallOperation, ContainerSpec, HealthCheck, Operation, PortRequest } from "./model.ts";
import { commandOf, isCall } from "./operations.ts";
import type { Millis } from "./units.ts";

const labelsOf = (labels: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(labels).flatMap(([name, value]) => ["--label", `${name}=${value}`]);

/** `3306`, `127.0.0.1::3306`, `6379:6379`, `[::1]:6379:6379`. */
export const publishWord = ({ containerPort, hostIp, hostPort }: PortRequest): string => {
  const address = hostIp.includes(":") ? `[${hostIp}]:` : hostIp === "" ? "" : `${hostIp}:`;
  const host = hostPort === null ? "" : String(hostPort);
  const between = address !== "" || host !== "" ? ":" : "";
  return `${address}${host}${between}${String(containerPort)}`;
};

const gatewayPriorityWords = (priority: number | undefined): readonly string[] =>
  priority === undefined ? [] : ["--gw-priority", String(priority)];

const inSeconds = (duration: Millis): string => `${String(duration / 1000)}s`;

/** Of `docker create`; a check that is no shell command has no flag for it. */
const healthWords = ({ test, ...health }: HealthCheck): readonly string[] => [
  ...["--health-cmd", test.slice(1).join(" ")],
  ...["--health-interval", inSeconds(health.interval)],
  ...["--health-timeout", inSeconds(health.timeout)],
  ...["--health-retries", String(health.retries)],
  ...["--health-start-period", inSeconds(health.startPeriod)],
];

const createWords = (container: string, spec: ContainerSpec): readonly string[] => [
  ...["docker", "create", "--name", container, "--network", spec.network],
  ...spec.aliases.flatMap((alias) => ["--network-alias", alias]),
  ...labelsOf(spec.labels),
  ...Object.entries(spec.env).flatMap(([name, value]) => ["--env", `${name}=${value}`]),
  ...spec.publish.flatMap((port) => ["--publish", publishWord(port)]),
  ...(spec.health === undefined ? [] : healthWords(spec.health)),
  spec.image,
  ...(spec.command ?? []),
];

/** The program and its arguments, unquoted. */
export const dockerCommand = (operation: CallOperation): readonly string[] => {
  switch (operation.kind) {
    case "network.create":
      return [
        ...["docker", "network", "create", ...labelsOf(operation.labels)],
        ...(operation.internal === true ? ["--internal"] : []),
        ...(operation.ipv6Subnet === undefined ? [] : ["--ipv6", "--subnet", operation.ipv6Subnet]),
        operation.network,
      ];
    case "network.connect":
      return [
        ...["docker", "network", "connect"],
        ...operation.aliases.flatMap((alias) => ["--alias", alias]),
        ...gatewayPriorityWords(operation.gatewayPriority),
        ...[operation.network, operation.container],
      ];
    case "container.create":
      return createWords(operation.container, operation.spec);
    case "container.start":
      return ["docker", "start", operation.container];
    case "container.inspect":
      return ["docker", "inspect", operation.container];
    case "container.wait":
      return ["docker", "wait", operation.container];
    case "container.remove":
      return ["docker", "rm", "--force", "--volumes", operation.container];
    case "network.remove":
      return ["docker", "network", "rm", operation.network];
    default:
      return unreachable(operation);
  }
};

/** What was typed: a runner's own command where it makes the call; null for what is no call at all. */
export const typedCommand = (operation: Operation): readonly string[] | null => {
  const command = commandOf(operation);
  if (command !== null) return [command.program, ...command.args];
  return isCall(operation) ? dockerCommand(operation) : null;
};
