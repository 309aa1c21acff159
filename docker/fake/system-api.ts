import { machine } from "node:os";
import { DEFAULT_POOLS, type Pool } from "../../harness/core/known-engines.ts";
import { json } from "./reply.ts";
import type { Route } from "./route.ts";
import type { World } from "./world.ts";

const KERNEL = "6.1.0-simulated";

const GO_NAMES: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386", ppc64: "ppc64le" };

/** Go's name for an architecture, as `docker version` and images have it. @param arch - as Node names it */
export const goArchitecture = (arch: string): string => GO_NAMES[arch] ?? arch;

const CORES = 4;
const MEMORY_BYTES = 8 * 2 ** 30;

const versionOf = ({ behaviour }: World): unknown => {
  const { version, apiVersion, minApiVersion, components } = behaviour;
  const shared = {
    GitCommit: "simulated",
    Os: "linux",
    Arch: goArchitecture(process.arch),
    KernelVersion: KERNEL,
    MinAPIVersion: minApiVersion,
  };
  return {
    Platform: { Name: "simulated" },
    Version: version,
    ApiVersion: apiVersion,
    ...shared,
    Components: [
      { Name: "Engine", Version: version, Details: { ApiVersion: apiVersion, ...shared } },
      { Name: "containerd", Version: components.containerd, Details: { GitCommit: "simulated" } },
      { Name: "runc", Version: components.runc, Details: { GitCommit: "simulated" } },
      { Name: "docker-init", Version: "0.19.0", Details: { GitCommit: "simulated" } },
      {
        Name: "rootlesskit",
        Version: components.rootlesskit,
        Details: {
          ApiVersion: "1.1.1",
          NetworkDriver: "slirp4netns",
          PortDriver: "builtin",
          StateDir: "/simulated/dockerd-rootless",
        },
      },
      { Name: "slirp4netns", Version: components.slirp4netns, Details: { GitCommit: "simulated" } },
    ],
  };
};

/** Like a daemon, it names those of its daemon.json, and not the defaults. */
const configuredPools = (pools: readonly Pool[]): object =>
  JSON.stringify(pools) === JSON.stringify(DEFAULT_POOLS)
    ? {}
    : { DefaultAddressPools: pools.map(({ base, size }) => ({ Base: base, Size: size })) };

const infoOf = ({ behaviour, containers, images, settings }: World): unknown => {
  const all = containers.all();
  const running = all.filter((container) => container.running !== null).length;
  return {
    ID: "simulated",
    Name: "simulated",
    Containers: all.length,
    ContainersRunning: running,
    ContainersPaused: 0,
    ContainersStopped: all.length - running,
    Images: images.all().length,
    Driver: "overlay2",
    CgroupDriver: "none",
    CgroupVersion: "1",
    KernelVersion: KERNEL,
    OperatingSystem: "simulated",
    OSType: "linux",
    Architecture: machine(),
    NCPU: CORES,
    MemTotal: MEMORY_BYTES,
    DockerRootDir: "/simulated/docker",
    ServerVersion: behaviour.version,
    SecurityOptions: ["name=seccomp,profile=builtin", "name=rootless", "name=cgroupns"],
    ...configuredPools(settings.pools),
    Labels: ["rootless-stress.simulated"],
    Warnings: null,
  };
};

export const systemRoutes = (world: World): readonly Route[] => [
  {
    method: "GET",
    path: /^\/_ping$/,
    handle: () => ({ kind: "text", status: 200, body: "OK" }),
  },
  { method: "HEAD", path: /^\/_ping$/, handle: () => ({ kind: "text", status: 200, body: "" }) },
  { method: "GET", path: /^\/version$/, handle: () => json(200, versionOf(world)) },
  { method: "GET", path: /^\/info$/, handle: () => json(200, infoOf(world)) },
];

/** Images, as far as anybody asks: they cannot be pulled or built. */
export const imageRoutes = ({ images }: World): readonly Route[] => [
  {
    method: "GET",
    path: /^\/images\/json$/,
    handle: () =>
      json(
        200,
        images.all().map((name) => ({ Id: images.idOf(name), RepoTags: [name], RepoDigests: [] })),
      ),
  },
  {
    method: "GET",
    path: /^\/images\/(.+)\/json$/,
    handle: ({ parameters: [reference = ""] }) =>
      json(200, {
        Id: images.idOf(reference),
        RepoTags: [reference],
        RepoDigests: [],
        Architecture: goArchitecture(process.arch),
        Os: "linux",
      }),
  },
];
