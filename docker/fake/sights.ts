/**
 * What a witness would see on the simulated machine, in the shape in which the real one tells it.
 */
import type {
  Counters,
  Holder,
  PortsSeen,
  PortUser,
  Question,
  Rule,
  Sight,
  SightOf,
  SocketSeen,
} from "../../harness/core/evidence.ts";
import { LABEL } from "../../harness/core/model.ts";
import type { Container } from "./container.ts";
import { OTHER_ENGINE } from "./host-ports.ts";
import { UNPRIVILEGED_START } from "./rootlesskit-ports.ts";
import type { World } from "./world.ts";

const DAEMON_PID = 7010;
const DAEMON_THREADS = 14;
const DAEMON_FILES = 24;
const UID = 1002;
const USER = "engine";

const ROOTLESSKIT: Holder = {
  pid: 7011,
  uid: UID,
  user: USER,
  command: "rootlesskit --net=slirp4netns --state-dir=/simulated/dockerd-rootless dockerd",
  part: "this-engine",
};
const DOCKERD: Holder = { ...ROOTLESSKIT, pid: DAEMON_PID, command: "dockerd --simulated" };

const labelOf = ({ request }: Container, label: string): string | null =>
  request.labels[label] ?? null;

const listening = (port: number, localAddress: string, holder: Holder): SocketSeen => ({
  family: localAddress.includes(":") ? 6 : 4,
  localAddress,
  localPort: port,
  remoteAddress: localAddress.includes(":") ? "::" : "0.0.0.0",
  remotePort: 0,
  state: "listen",
  uid: UID,
  holder,
});

const publishedPorts = (container: Container) =>
  (container.running?.ports ?? []).map((port) => ({ container, port }));

/** Everything in the simulated host's socket table. */
const hostSockets = ({ hostPorts, rootlesskit }: World): readonly SocketSeen[] => [
  ...hostPorts.sockets(),
  ...rootlesskit
    .all()
    .map(({ parentPort, parentIp }) => listening(parentPort, parentIp, ROOTLESSKIT)),
];

const engineListening = (world: World): readonly number[] =>
  world.containers
    .all()
    .flatMap(publishedPorts)
    .map(({ port }) => port.hostPort)
    .sort((a, b) => a - b);

/** The ports that a container has, or has asked for by number. */
const usersOf = (container: Container): readonly PortUser[] => {
  const { name, request, running } = container;
  const ports =
    running?.ports ??
    request.ports.flatMap(({ hostPort, ...rest }) =>
      hostPort === null ? [] : [{ ...rest, hostPort }],
    );
  return ports.map(({ hostIp, hostPort, containerPort }) => ({
    container: name,
    run: labelOf(container, LABEL.run),
    job: labelOf(container, LABEL.job),
    running: running !== null,
    hostIp: hostIp === "" ? "0.0.0.0" : hostIp,
    hostPort,
    containerPort,
  }));
};

const rulesOf = (world: World): readonly (Rule & { readonly port: number })[] =>
  world.containers
    .all()
    .flatMap(publishedPorts)
    .map(({ container, port }, index) => {
      const address = container.running?.attachments[0]?.address ?? "";
      const to = `${address}:${String(port.containerPort)}`;
      return {
        backend: "iptables-nft",
        chain: "DOCKER",
        line: index + 1,
        rule: `DNAT tcp -- 0.0.0.0/0 127.0.0.1 tcp dpt:${String(port.hostPort)} to:${to}`,
        port: port.hostPort,
      };
    });

/** What the daemon or its namespace tells; null while nobody answers there. */
const fromDaemon = <Told>({ daemon }: World, tell: () => Told): Told | null =>
  daemon.state === "running" ? tell() : null;

/** RootlessKit and its namespace outlive a stopped daemon, and end with a dead one. */
const fromNamespace = <Told>({ daemon }: World, tell: () => Told): Told | null =>
  daemon.state === "gone" ? null : tell();

const portSight = (
  world: World,
  { port, hostIp }: Extract<Question, { about: "port" }>,
): SightOf<"port"> => ({
  about: "port",
  port,
  hostIp,
  host: hostSockets(world).filter(({ localPort }) => localPort === port),
  engine: fromNamespace(world, () =>
    engineListening(world)
      .filter((each) => each === port)
      .map((each) => listening(each, "127.0.0.1", DOCKERD)),
  ),
  forwards: fromNamespace(world, () =>
    world.rootlesskit.all().filter(({ parentPort }) => parentPort === port),
  ),
  containers: fromDaemon(world, () =>
    world.containers
      .all()
      .flatMap(usersOf)
      .filter(({ hostPort }) => hostPort === port),
  ),
  rules: fromNamespace(world, () =>
    rulesOf(world).flatMap(({ port: named, ...rule }) => (named === port ? [rule] : [])),
  ),
  otherEngines: world.hostPorts.otherEngineRuns ? [{ ...OTHER_ENGINE, rootless: true }] : [],
  unprivilegedStart: UNPRIVILEGED_START,
});

const nameSight = (
  world: World,
  { kind, name }: Extract<Question, { about: "name" }>,
): SightOf<"name"> => {
  const holders = () => {
    const found =
      kind === "container"
        ? world.containers.all().map(({ id, name: own, createdAt, request }) => ({
            ...{ id, name: own, createdAt },
            labels: request.labels,
          }))
        : world.networks.all();
    return found
      .filter((each) => each.name === name)
      .map(({ id, labels, createdAt }) => ({
        id,
        name,
        run: labels[LABEL.run] ?? null,
        job: labels[LABEL.job] ?? null,
        createdAt: createdAt.toISOString(),
      }));
  };
  return { about: "name", kind, name, holders: fromDaemon(world, holders) };
};

const LETTERS = { running: "S", paused: "T", gone: "gone" } as const;

export const sightOf = (world: World, question: Question): Sight => {
  switch (question.about) {
    case "port":
      return portSight(world, question);
    case "subnets":
      return {
        about: "subnets",
        networks: fromDaemon(world, () =>
          world.networks.all().map(({ name, subnet, labels }) => ({
            name,
            subnets: subnet === null ? [] : [subnet.cidr],
            run: labels[LABEL.run] ?? null,
          })),
        ),
      };
    case "name":
      return nameSight(world, question);
    case "daemon":
      return {
        about: "daemon",
        state: LETTERS[world.daemon.state],
        pid: DAEMON_PID,
        answers: world.daemon.state === "running" && !world.refuseEverything,
        goroutines: null,
      };
  }
};

export const portsSeen = (world: World): PortsSeen => ({
  forwards: fromNamespace(world, () => world.rootlesskit.all()),
  engineListening: fromNamespace(world, () => engineListening(world)),
});

/** The simulated daemon has no connections that outlive a job: what it tracks of them is not simulated. */
export const countersOf = (world: World): Counters => {
  const networks = world.networks.all();
  return {
    listeningSockets: hostSockets(world).filter(({ state }) => state === "listen").length,
    forwards: fromNamespace(world, () => world.rootlesskit.all().length),
    bridges: fromNamespace(
      world,
      () => networks.filter(({ driver }) => driver === "bridge").length,
    ),
    veths: fromNamespace(world, () =>
      networks.reduce((sum, { endpoints }) => sum + endpoints.size, 0),
    ),
    natRules: fromNamespace(world, () => rulesOf(world).length),
    conntrackEntries: null,
    daemonThreads: fromNamespace(world, () => DAEMON_THREADS),
    daemonFileDescriptors: fromNamespace(
      world,
      () => DAEMON_FILES + world.containers.all().filter(({ running }) => running !== null).length,
    ),
  };
};
