/**
 * What the daemon says of itself, its containers and its networks. Only GETs.
 */
import type Dockerode from "dockerode";
import pLimit from "p-limit";
import { z } from "zod";
import type { DaemonSays, LeftoverSeen, NetworkSeen } from "../../harness/core/doctor/facts.ts";
import type { PortContainer } from "../../harness/core/port-owners/facts.ts";
import {
  addressPools,
  decode,
  infoAnswer,
  map,
  portBindingsAnswer,
  publishedAnswer,
  subnetsAnswer,
  versionAnswer,
} from "../client/daemon-schemas.ts";
import { ask, leftovers } from "../client/labelled.ts";
import {
  containerName,
  isRunning,
  publishedPorts,
  wishedPorts,
} from "../client/published-ports.ts";
import type { RootlesskitInfo } from "../evidence/rootlesskit.ts";

/** Less than a run asks of it: the doctor also looks at daemons that tell little. */
const infoSeen = infoAnswer.pick({ CgroupDriver: true, SecurityOptions: true }).extend({
  CgroupVersion: z.string().nullish(),
  LiveRestoreEnabled: z.boolean().default(false),
  DefaultAddressPools: addressPools,
  FirewallBackend: z.object({ Driver: z.string() }).nullish(),
});

const attachments = z.object({
  Networks: map(
    z.object({ IPAddress: z.string().default(""), GlobalIPv6Address: z.string().default("") }),
  ),
});

const listAnswer = z.array(
  publishedAnswer.element.extend({
    HostConfig: z.object({ NetworkMode: z.string().default("") }).prefault({}),
    NetworkSettings: attachments.nullish(),
  }),
);
type Listed = z.infer<typeof listAnswer>[number];

const inspectAnswer = portBindingsAnswer.extend({
  State: z.object({ Pid: z.int().default(0) }),
});

const networksSeen = z.array(subnetsAnswer.element.extend({ Driver: z.string() }));

/** Inspections under way at once: this is a look, not a load. */
const INSPECTIONS = 4;

/** All of them, running or not. @throws StressError("engine-lost") when it does not tell */
export const containersSeen = async (
  docker: Dockerode,
  signal: AbortSignal,
): Promise<readonly PortContainer[]> => {
  const path = "/containers/json?all=true";
  const listed = decode(listAnswer, await ask(docker, path, signal), path);
  const limit = pLimit(INSPECTIONS);
  const inspect = async ({ Id }: Listed): Promise<z.infer<typeof inspectAnswer> | null> => {
    const one = `/containers/${encodeURIComponent(Id)}/json`;
    try {
      return decode(inspectAnswer, await ask(docker, one, signal), one);
    } catch {
      // Removed in between, or locked by the daemon while it is being started.
      return null;
    }
  };
  return await Promise.all(
    listed.map(async (container): Promise<PortContainer> => {
      const hostNetwork = container.HostConfig.NetworkMode === "host";
      const running = isRunning(container);
      const inspected = hostNetwork || !running ? await limit(() => inspect(container)) : null;
      const networks = Object.values(container.NetworkSettings?.Networks ?? {});
      const pid = inspected?.State.Pid ?? 0;
      return {
        id: container.Id,
        name: containerName(container),
        state: container.State,
        pid: pid === 0 ? null : pid,
        hostNetwork,
        addresses: networks
          .flatMap(({ IPAddress, GlobalIPv6Address }) => [IPAddress, GlobalIPv6Address])
          .filter((address) => address !== ""),
        ports: running
          ? publishedPorts(container)
          : inspected === null
            ? []
            : wishedPorts(inspected),
      };
    }),
  );
};

const networksOf = async (
  docker: Dockerode,
  signal: AbortSignal,
): Promise<readonly NetworkSeen[]> =>
  decode(networksSeen, await ask(docker, "/networks", signal), "/networks").map(
    ({ Name, Driver, IPAM }) => ({
      name: Name,
      driver: Driver,
      subnets: IPAM.Config.flatMap(({ Subnet }) => Subnet ?? []),
    }),
  );

/** What was answered, or null: one question too many must not take the other answers with it. */
const orNull = <Value>(answer: Promise<Value>): Promise<Value | null> => answer.catch(() => null);

export interface DaemonQuestion {
  readonly docker: Dockerode;
  /** What RootlessKit says of itself, which beats what the daemon says of it. */
  readonly rootlesskit: RootlesskitInfo | null;
  /** Whether the process of an owner label certainly no longer runs. */
  readonly isOwnerGone: (token: string) => boolean;
  readonly signal: AbortSignal;
}

/** What it tells of itself, without what is on it. @throws StressError("engine-lost") when it does not */
export const selfSays = async ({
  docker,
  rootlesskit,
  signal,
}: Omit<DaemonQuestion, "isOwnerGone">): Promise<
  Omit<DaemonSays, "containers" | "networks" | "leftovers">
> => {
  const [version, info] = await Promise.all([
    ask(docker, "/version", signal).then((answer) => decode(versionAnswer, answer, "/version")),
    ask(docker, "/info", signal).then((answer) => decode(infoSeen, answer, "/info")),
  ]);
  const told = version.Components.find(({ Name }) => Name === "rootlesskit")?.Details;
  return {
    version: version.Version,
    apiVersion: version.ApiVersion,
    rootless: info.SecurityOptions.some((option) => option.startsWith("name=rootless")),
    networkDriver: rootlesskit?.networkDriver ?? told?.["NetworkDriver"] ?? null,
    portDriver: rootlesskit?.portDriver ?? told?.["PortDriver"] ?? null,
    cgroupDriver: info.CgroupDriver,
    cgroupVersion: info.CgroupVersion ?? null,
    liveRestore: info.LiveRestoreEnabled,
    pools: info.DefaultAddressPools,
    firewallDriver: info.FirewallBackend?.Driver ?? null,
  };
};

/** @throws StressError("engine-lost") when it does not even tell what it is */
export const daemonSays = async (question: DaemonQuestion): Promise<DaemonSays> => {
  const { docker, isOwnerGone, signal } = question;
  const left = async (): Promise<readonly LeftoverSeen[]> =>
    (await leftovers(docker, signal)).map(({ run, owner, inventory }) => ({
      run,
      containers: inventory.containers.length,
      networks: inventory.networks.length,
      ownerGone: isOwnerGone(owner),
    }));
  const [self, containers, networks, found] = await Promise.all([
    selfSays(question),
    orNull(containersSeen(docker, signal)),
    orNull(networksOf(docker, signal)),
    orNull(left()),
  ]);
  return { ...self, containers, networks, leftovers: found };
};
