/**
 * Each call to the daemon as the docker command line that makes it: what a reader can type.
 */
import { unreachable } from "./errors.ts";
import type { CallOperation, ContainerSpec, PortRequest } from "./model.ts";

const labelsOf = (labels: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(labels).flatMap(([name, value]) => ["--label", `${name}=${value}`]);

/** `3306`, `127.0.0.1::3306`, `6379:6379`, `[::1]:6379:6379`. */
export const publishWord = ({ containerPort, hostIp, hostPort }: PortRequest): string => {
  const address = hostIp.includes(":") ? `[${hostIp}]:` : hostIp === "" ? "" : `${hostIp}:`;
  const host = hostPort === null ? "" : String(hostPort);
  const between = address !== "" || host !== "" ? ":" : "";
  return `${address}${host}${between}${String(containerPort)}`;
};

const createWords = (container: string, spec: ContainerSpec): readonly string[] => [
  ...["docker", "create", "--name", container, "--network", spec.network],
  ...spec.aliases.flatMap((alias) => ["--network-alias", alias]),
  ...labelsOf(spec.labels),
  ...Object.entries(spec.env).flatMap(([name, value]) => ["--env", `${name}=${value}`]),
  ...spec.publish.flatMap((port) => ["--publish", publishWord(port)]),
  spec.image,
  ...(spec.command ?? []),
];

/** The program and its arguments, unquoted. */
export const dockerCommand = (operation: CallOperation): readonly string[] => {
  switch (operation.kind) {
    case "network.create":
      return ["docker", "network", "create", ...labelsOf(operation.labels), operation.network];
    case "container.create":
      return createWords(operation.container, operation.spec);
    case "container.start":
      return ["docker", "start", operation.container];
    case "container.inspect":
      return ["docker", "inspect", operation.container];
    case "container.remove":
      return ["docker", "rm", "--force", "--volumes", operation.container];
    case "network.remove":
      return ["docker", "network", "rm", operation.network];
    default:
      return unreachable(operation);
  }
};
