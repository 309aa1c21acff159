/**
 * Every built-in profile on a real engine: it comes up, does two jobs at once and shows what it claims; or it says why
 * this engine cannot run it. `STRESS_TEST_ENGINE=DIR` names another engine.
 */
import Dockerode from "dockerode";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { parseHost } from "../../docker/client/find-engine.ts";
import { rangeIn, sysctls } from "../../docker/doctor/sysctl.ts";
import { readCapacity } from "../../docker/evidence/capacity.ts";
import { engineUnder } from "../../docker/evidence/engine-under.ts";
import { inNamespace, type EngineNamespace } from "../../docker/evidence/namespace.ts";
import { rootlesskitInfo, type RootlesskitInfo } from "../../docker/evidence/rootlesskit.ts";
import { ensureImages, resolveImageSet } from "../../docker/images/image-set.ts";
import { BUILTIN_PROFILES } from "../../docker/managed/builtin-profiles.ts";
import { defaultEngine } from "../../docker/managed/default-engine.ts";
import { namedEngine, type EngineDirectory } from "../../docker/managed/engine-directory.ts";
import { startManagedEngine } from "../../docker/managed/engine.ts";
import { whyNot } from "../../docker/managed/profile-fit.ts";
import { defaultStateDir } from "../../docker/managed/state-directory.ts";
import { dialTcp } from "../../docker/probe/dial.ts";
import { LocalPorts } from "../../docker/probe/local-ports.ts";
import { probeReady } from "../../docker/probe/probe.ts";
import { untilReady } from "../../docker/probe/until-ready.ts";
import { ownerToken } from "../../harness/cli/owner.ts";
import type { Capacity } from "../../harness/core/capacity.ts";
import { AS_DOCKER_COMES, type Profile } from "../../harness/core/profile.ts";
import { millis } from "../../harness/core/units.ts";
import { systemClock } from "../../harness/run/clock.ts";

const stateDir = defaultStateDir(process.env, process.geteuid?.() ?? -1);
const say = (line: string): void => void process.stderr.write(`${line}\n`);

let directory: EngineDirectory | null = null;

beforeAll(async () => {
  const signal = AbortSignal.timeout(600_000);
  const named = process.env["STRESS_TEST_ENGINE"];
  directory =
    named === undefined
      ? await defaultEngine({ stateDir, narrate: say, signal })
      : await namedEngine(named, signal);
});

const engineAtHand = (): EngineDirectory => {
  if (directory === null) throw new Error("there is no engine");
  return directory;
};

/** What can be seen of a profile while two jobs of it are up. */
interface Seen {
  readonly rootlesskit: RootlesskitInfo | null;
  readonly namespace: EngineNamespace;
  readonly mtu: number;
  /** As the namespace has it, and as the daemon was told. */
  readonly portRange: readonly [number, number] | null;
  readonly told: readonly [number, number];
  readonly rpFilter: string | undefined;
  readonly capacity: Capacity | null;
  /** As an engine from 29 on tells it. */
  readonly firewall: string | null;
  readonly subnets: readonly string[];
  readonly bindings: readonly { readonly HostIp: string; readonly HostPort: string }[];
}

const infoAnswer = z.object({ FirewallBackend: z.object({ Driver: z.string() }).nullish() });

/** One network with one Redis on it that answers on the host. */
const job = async (docker: Dockerode, name: string, signal: AbortSignal) => {
  const image = resolveImageSet("debian").images["redis"];
  if (image === undefined) throw new Error("the image set has no redis");
  const network = await docker.createNetwork({ Name: name });
  // The next engine in this place has the same data: containers would still be there.
  onTestFinished(() => network.remove());
  const container = await docker.createContainer({
    name,
    Image: image.reference,
    ...(image.command === null ? {} : { Cmd: [...image.command] }),
    ExposedPorts: { "6379/tcp": {} },
    HostConfig: { NetworkMode: name, PortBindings: { "6379/tcp": [{ HostPort: "" }] } },
  });
  onTestFinished(() => container.remove({ force: true, v: true }));
  await container.start();
  const { NetworkSettings } = await container.inspect();
  const bindings = NetworkSettings.Ports["6379/tcp"] ?? [];
  const port = Number(bindings[0]?.HostPort);
  const dial = dialTcp({ host: "127.0.0.1", port, localPorts: new LocalPorts() });
  const clock = systemClock();
  await untilReady({
    probe: (bounded) => probeReady("redis", dial, bounded),
    deadlineMs: 20_000,
    now: () => clock.now(),
    sleep: (duration, bounded) => clock.sleep(millis(duration), bounded),
    signal,
  });
  const { IPAM } = await network.inspect();
  return { bindings, subnet: IPAM?.Config?.[0]?.["Subnet"] ?? "" };
};

const mtuIn = async (namespace: EngineNamespace, signal: AbortSignal): Promise<number> => {
  const links = await inNamespace(namespace, "ip", ["-o", "link", "show", "tap0"], signal);
  return Number(/ mtu (\d+) /.exec(links)?.[1]);
};

/** Starts an engine, has it do two jobs at once, and looks. */
const seenOf = async (profile: Profile): Promise<Seen> => {
  const signal = AbortSignal.timeout(180_000);
  const engine = await startManagedEngine({
    directory: engineAtHand(),
    profile,
    daemonJson: null,
    stateDir,
    narrate: say,
    signal,
  });
  onTestFinished(() => engine.stop());
  const { socketPath } = engine;
  const docker = new Dockerode({ socketPath });
  const set = resolveImageSet("debian");
  const redis = Object.fromEntries(Object.entries(set.images).filter(([role]) => role === "redis"));
  await ensureImages({
    set: { ...set, images: redis },
    docker,
    stateDir,
    owner: ownerToken(),
    narrate: say,
    signal,
  });
  const address = parseHost(`unix://${socketPath}`, engine.name);
  const { daemonJson } = profile;
  const capacity = await readCapacity({ docker, address, daemonJson, deadlineMs: 30_000, signal });
  const jobs = await Promise.all(
    ["profiles-one", "profiles-two"].map((name) => job(docker, name, signal)),
  );
  const { namespace, apiSocket } = await engineUnder(socketPath);
  if (namespace === null || apiSocket === null) throw new Error("the engine is not to be seen");
  const names = ["net.ipv4.ip_local_port_range", "net.ipv4.conf.all.rp_filter"] as const;
  const settings = await sysctls(namespace, names);
  return {
    rootlesskit: await rootlesskitInfo(apiSocket),
    namespace,
    mtu: await mtuIn(namespace, signal),
    portRange: rangeIn(settings?.get(names[0])),
    told: engine.portRange,
    rpFilter: settings?.get(names[1]),
    capacity,
    firewall: infoAnswer.parse(await docker.info()).FirewallBackend?.Driver ?? null,
    subnets: jobs.map(({ subnet }) => subnet),
    bindings: jobs.flatMap(({ bindings }) => bindings),
  };
};

const isWithin = ([first, last]: readonly [number, number], port: string): boolean =>
  Number(port) >= first && Number(port) <= last;

const isBelow32768 = ({ told, bindings }: Seen): void => {
  expect(told[1]).toBeLessThan(32_768);
  expect(bindings.every(({ HostPort }) => isWithin(told, HostPort))).toBe(true);
};

const onlyIpv4 = ({ bindings }: Seen): void => {
  expect(new Set(bindings.map(({ HostIp }) => HostIp))).toEqual(new Set(["0.0.0.0"]));
};

const usesDrivers =
  (networkDriver: string, portDriver: string | null) =>
  ({ rootlesskit }: Seen): void => {
    expect(rootlesskit).toMatchObject({ networkDriver, portDriver });
  };

/** What each claims. */
const CLAIMS: Readonly<Record<string, (seen: Seen) => void>> = {
  default: (seen) => {
    expect(seen.told).toEqual([32_768, 60_999]);
    expect(seen.mtu).toBe(65_520);
    expect(seen.bindings.map(({ HostIp }) => HostIp)).toContain("::");
    expect(seen.capacity).toMatchObject({ total: 31, free: 30 });
  },
  "wide-pools": ({ subnets, capacity }) => {
    for (const subnet of subnets) expect(subnet).toMatch(/^10\.20[0-3]\.\d+\.0\/24$/);
    expect(capacity).toMatchObject({ total: 1024, free: 1023 });
  },
  "no-userland-proxy": onlyIpv4,
  "disjoint-port-range": isBelow32768,
  "pasta-implicit": (seen) => {
    usesDrivers("pasta", null)(seen);
    isBelow32768(seen);
  },
  "slirp4netns-port-driver": usesDrivers("slirp4netns", "slirp4netns"),
  "no-ipv6": onlyIpv4,
  "strict-rp-filter": ({ rpFilter }) => {
    expect(rpFilter).toBe("1");
  },
  "detached-off": ({ namespace }) => {
    expect(namespace.kind).toBe("pid");
  },
  nftables: ({ firewall }) => {
    expect(firewall).toBe("nftables");
  },
};

/** Why an engine of some age cannot run it. */
const REASONS: Readonly<Record<string, RegExp>> = {
  "no-userland-proxy": /^without its user-land proxy/,
  "pasta-implicit": /^(?:RootlessKit \S+ has no network driver pasta|pasta is )/,
  "detached-off": /^Engine \S+ has no detached network namespace/,
  nftables: /^Engine \S+ has no choice of firewall-backend/,
};

/** A rootful engine's ports are in a namespace that these jobs are not in: see datapath.test.ts. */
const ROOTLESS = Object.values(BUILTIN_PROFILES).filter(({ rootful }) => !rootful);

test.each(ROOTLESS.map((profile) => [profile.name, profile] as const))(
  "%s does two jobs at once and is what it claims to be, or says why this engine cannot",
  async (name, profile) => {
    const reason = await whyNot(profile, engineAtHand());
    if (reason !== null) {
      expect(reason).toMatch(REASONS[name] ?? "no reason is known");
      return;
    }
    // Of the kernel's range anybody on the machine may hold ports; that one suffices to show it.
    const portRange = name === "default" ? profile.portRange : "own";
    const seen = await seenOf({ ...profile, portRange });
    if (seen.namespace.kind === "pid") expect(seen.portRange).toEqual(seen.told);
    CLAIMS[name]?.(seen);
  },
);

test("a range and an MTU of a user's own are those of the namespace", async () => {
  const seen = await seenOf({
    ...AS_DOCKER_COMES,
    name: "own",
    title: "",
    mtu: 1400,
    portRange: [20_000, 20_099],
  });
  expect(seen).toMatchObject({ mtu: 1400, portRange: [20_000, 20_099], told: [20_000, 20_099] });
  expect(seen.bindings.every(({ HostPort }) => isWithin(seen.told, HostPort))).toBe(true);
});
