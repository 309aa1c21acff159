/** A container as the Engine API shows it. */
import type { Container } from "./container.ts";
import type { PublishedPort } from "./port-mapper.ts";

type Json = Readonly<Record<string, unknown>>;

/** A port published on all addresses shows twice, for IPv4 and IPv6. */
const addressesOf = ({ hostIp }: PublishedPort): readonly string[] =>
  hostIp === "" ? ["0.0.0.0", "::"] : [hostIp];

const portMap = ({ request, running }: Container): Json => {
  // A container that lost its networks (moby#51758) has no ports, not even unpublished ones.
  if (running === null || running.attachments.length === 0) return {};
  const keys = new Set([
    ...request.exposed,
    ...request.ports.map(({ containerPort }) => `${String(containerPort)}/tcp`),
  ]);
  const bindings = (key: string): readonly Json[] | null => {
    const published = running.ports.filter(
      ({ containerPort }) => `${String(containerPort)}/tcp` === key,
    );
    if (published.length === 0) return null;
    return published.flatMap((port) =>
      addressesOf(port).map((HostIp) => ({ HostIp, HostPort: String(port.hostPort) })),
    );
  };
  return Object.fromEntries([...keys].map((key) => [key, bindings(key)]));
};

const networksOf = ({ running, request }: Container): Json =>
  Object.fromEntries(
    (running?.attachments ?? []).map(({ network, networkName, endpoint, address }) => [
      networkName,
      {
        Aliases: request.networks[networkName] ?? null,
        NetworkID: network,
        EndpointID: endpoint,
        IPAddress: address,
      },
    ]),
  );

const mountsOf = ({ volumes }: Container): readonly Json[] =>
  volumes.map((name) => ({
    Type: "volume",
    Name: name,
    Driver: "local",
    Destination: "/data",
    RW: true,
  }));

/** `GET /containers/{id}/json`. */
export const inspectedContainer = (container: Container, imageId: string): Json => {
  const { request, status, exitCode, error } = container;
  return {
    Id: container.id,
    Created: container.createdAt.toISOString(),
    Path: request.command[0] ?? "",
    Args: request.command.slice(1),
    State: {
      Status: status,
      Running: status === "running",
      Paused: false,
      Restarting: false,
      OOMKilled: false,
      Dead: false,
      Pid: status === "running" ? 1 : 0,
      ExitCode: exitCode,
      Error: error,
    },
    Image: imageId,
    Name: `/${container.name}`,
    RestartCount: 0,
    Driver: "overlay2",
    Platform: "linux",
    HostConfig: { NetworkMode: request.networkMode },
    Mounts: mountsOf(container),
    Config: {
      Image: request.image,
      Cmd: request.command,
      Env: request.env,
      Labels: request.labels,
      Tty: false,
    },
    NetworkSettings: { Ports: portMap(container), Networks: networksOf(container) },
  };
};

/** One entry of `GET /containers/json`. */
export const listedContainer = (container: Container, imageId: string): Json => {
  const { request, status, exitCode, running } = container;
  const ports = (running?.ports ?? []).flatMap((port) =>
    addressesOf(port).map((IP) => ({
      IP,
      PrivatePort: port.containerPort,
      PublicPort: port.hostPort,
      Type: "tcp",
    })),
  );
  const words = { created: "Created", running: "Up", exited: `Exited (${String(exitCode)})` };
  return {
    Id: container.id,
    Names: [`/${container.name}`],
    Image: request.image,
    ImageID: imageId,
    Command: request.command.join(" "),
    Created: Math.floor(container.createdAt.getTime() / 1000),
    Ports: ports,
    Labels: request.labels,
    State: status,
    Status: words[status],
    HostConfig: { NetworkMode: request.networkMode },
    NetworkSettings: { Networks: networksOf(container) },
    Mounts: mountsOf(container),
  };
};
