/**
 * `stress ports` beside real engines: a rootless one, and a rootful one whose userland proxy is off, in a network namespace
 * of its own.
 */
import { execFileSync } from "node:child_process";
import type Dockerode from "dockerode";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import type { EngineAddress } from "../../docker/client/find-engine.ts";
import { readPortFacts } from "../../docker/doctor/port-facts.ts";
import { engineUnder, type EngineUnder } from "../../docker/evidence/engine-under.ts";
import { inNamespace } from "../../docker/evidence/namespace.ts";
import { seeProcess } from "../../docker/evidence/process-table.ts";
import { rootlesskitForwards } from "../../docker/evidence/rootlesskit.ts";
import { ensureImages, resolveImageSet } from "../../docker/images/image-set.ts";
import { isRoot } from "../../docker/managed/host-needs.ts";
import { defaultStateDir } from "../../docker/managed/state-directory.ts";
import { openEngine } from "../../harness/cli/engine-session.ts";
import { ownerToken } from "../../harness/cli/owner.ts";
import { portTable } from "../../harness/core/port-owners/join.ts";
import { toPortTable, type PortRow } from "../../harness/core/port-owners/port-table.ts";
import { CleanupStack } from "../../harness/run/cleanup.ts";
import { startRootful, type RootfulEngine } from "./rootful-engine.ts";
import { MAIN, runStress } from "./stress.ts";

interface Rootless {
  readonly docker: Dockerode;
  readonly address: EngineAddress;
  readonly under: EngineUnder;
  readonly image: string;
}

const cleanup = new CleanupStack();
const opened: { rootless?: Rootless; rootful?: RootfulEngine } = {};

const rootless = (): Rootless => {
  if (opened.rootless === undefined) throw new Error("the engine did not come up");
  return opened.rootless;
};

const rootful = (): RootfulEngine => {
  if (opened.rootful === undefined) throw new Error("the engine did not come up");
  return opened.rootful;
};

const hostOf = ({ target }: EngineAddress): string =>
  target.kind === "socket" ? `unix://${target.path}` : target.host;

beforeAll(async () => {
  const signal = AbortSignal.timeout(300_000);
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const stateDir = defaultStateDir(process.env, process.geteuid?.() ?? -1);
  const { docker, address } = await openEngine(
    { kind: "managed" },
    { stateDir, daemonJson: null, say, environment: process.env, signal },
    cleanup,
  );
  const { images, sources, ...set } = resolveImageSet("debian");
  const [use, source] = [images["redis"], sources["redis"]];
  if (use === undefined || source === undefined) throw new Error("the image set has no redis");
  const redis = { ...set, images: { redis: use }, sources: { redis: source } };
  await ensureImages({ set: redis, docker, stateDir, owner: ownerToken(), narrate: say, signal });
  // A killed run's containers stay with the data of an engine.
  for (const { Id } of await docker.listContainers({ all: true })) {
    await docker.getContainer(Id).remove({ force: true, v: true });
  }
  const under = await engineUnder(hostOf(address).replace("unix://", ""));
  opened.rootless = { docker, address, under, image: use.reference };
  if (!isRoot()) return;
  opened.rootful = await startRootful({ "userland-proxy": false }, { signal, say }, cleanup);
});

afterAll(() => cleanup[Symbol.asyncDispose]());

/** A container whose redis is ready, which goes with the test. */
const started = async (
  { docker, image }: Pick<Rootless, "docker" | "image">,
  {
    name,
    hostConfig,
    port = 6379,
  }: { name: string; hostConfig: Dockerode.HostConfig; port?: number },
): Promise<Dockerode.Container> => {
  const made = await docker.createContainer({
    name,
    Image: image,
    Cmd: ["redis-server", "--port", String(port), "--save", "", "--protected-mode", "no"],
    ExposedPorts: { "6379/tcp": {} },
    HostConfig: hostConfig,
  });
  onTestFinished(() => made.remove({ force: true, v: true }));
  await made.start();
  const said = await made.logs({ follow: true, stdout: true, stderr: true });
  for await (const chunk of said) {
    if (String(chunk).includes("Ready to accept connections")) return made;
  }
  throw new Error(`${name} ended before it was ready`);
};

const on = (HostPort: string): Dockerode.HostConfig => ({
  PortBindings: { "6379/tcp": [{ HostPort }] },
});

/** All rows, read with no process of its own. */
const look = async ({
  address,
}: {
  readonly address: EngineAddress;
}): Promise<readonly PortRow[]> =>
  portTable(
    await readPortFacts({ asked: null, address, signal: AbortSignal.timeout(30_000) }),
    "test",
  ).ports;

/** `open 0.0.0.0:18080 web`. */
const inShort = (rows: readonly PortRow[]): readonly string[] =>
  rows.map(
    ({ state, host, container }) =>
      `${state} ${host.address}:${String(host.port)} ${container?.name ?? "-"}`,
  );

const stepsOf = ({ path }: PortRow): readonly string[] => path.map(({ by }) => by);

/** One request to RootlessKit's API, as its documentation has it. */
const tellRootlesskit = (...args: readonly string[]): void => {
  const { apiSocket } = rootless().under;
  execFileSync("curl", ["--silent", "--fail", "--unix-socket", apiSocket ?? "", ...args]);
};

const forwards = async () => {
  const { apiSocket } = rootless().under;
  return apiSocket === null ? null : await rootlesskitForwards(apiSocket);
};

test("each port of a rootless engine is put to its container, by whom it goes through, and looking changes nothing", async () => {
  const engine = rootless();
  const web = await started(engine, { name: "web", hostConfig: on("18080") });
  await started(engine, { name: "cache", hostConfig: { NetworkMode: "host" }, port: 18_081 });
  const before = JSON.stringify(await forwards());

  const { code, stdout, stderr } = await runStress(["ports", "--host", hostOf(engine.address)]);
  expect(code, stderr).toBe(0);
  const id = web.id.slice(0, 12);
  expect(stdout).toMatch(
    new RegExp(
      `^0\\.0\\.0\\.0:18080/tcp +open +rootlesskit ${String(engine.under.rootlesskitPid)} +RootlessKit \\d+ \\(builtin\\) → docker-proxy \\d+ +172\\.\\d+\\.0\\.2:6379 +web ${id} running$`,
      "m",
    ),
  );
  expect(stdout).toMatch(
    /^0\.0\.0\.0:18081\/tcp +own +redis-server \d+ \(engine's\) +itself +0\.0\.0\.0:18081 +cache [0-9a-f]{12} running$/m,
  );
  expect(stdout).toMatch(/\n4 ports: 2 open, 2 own\.\n/);

  const [four] = await look(engine);
  const proxy = four?.path.find((step) => step.by === "docker-proxy");
  expect(seeProcess(proxy?.by === "docker-proxy" ? proxy.pid : 0)?.words).toContain(
    "-container-ip",
  );
  expect(JSON.stringify(await forwards())).toBe(before);
});

test.runIf(isRoot())("the engine's own user sees the same rows as root", async () => {
  const engine = rootless();
  await started(engine, { name: "web", hostConfig: on("18080") });
  await started(engine, { name: "cache", hostConfig: { NetworkMode: "host" }, port: 18_081 });
  const uid = seeProcess(engine.under.rootlesskitPid ?? 0)?.uid;
  const argv = [MAIN, "ports", "--json", "--host", hostOf(engine.address)];
  const stdout = execFileSync(process.execPath, argv, {
    ...(uid === undefined ? {} : { uid, gid: uid }),
    env: { PATH: process.env["PATH"], HOME: "/nonexistent" },
    encoding: "utf8",
  });
  expect(toPortTable(JSON.parse(stdout)).ports).toEqual(await look(engine));
});

test("a port whose forward is gone is dead, and a forward whose container is gone an orphan", async () => {
  const engine = rootless();
  await started(engine, { name: "web", hostConfig: on("18080") });
  for (const { id, parentIp } of (await forwards()) ?? []) {
    if (parentIp === "0.0.0.0") {
      tellRootlesskit("--request", "DELETE", `http://localhost/v1/ports/${String(id)}`);
    }
  }
  const left = { proto: "tcp4", parentIP: "127.0.0.1", parentPort: 18_082 };
  tellRootlesskit(
    ...["--header", "Content-Type: application/json"],
    ...["--data", JSON.stringify({ ...left, childIP: "127.0.0.1", childPort: 18_082 })],
    "http://localhost/v1/ports",
  );
  onTestFinished(async () => {
    for (const { id } of (await forwards()) ?? []) {
      tellRootlesskit("--request", "DELETE", `http://localhost/v1/ports/${String(id)}`);
    }
  });
  const rows = await look(engine);
  expect(rows[0]?.listener).toBeNull();
  expect(inShort(rows)).toEqual([
    "dead 0.0.0.0:18080 web",
    "open :::18080 web",
    "orphan 127.0.0.1:18082 -",
  ]);
});

/** Connects beside the engine, and says what came of it. */
const CONNECT = `
  const [host, port] = process.argv.slice(1);
  const socket = require("node:net").connect(Number(port), host);
  const end = (word) => { console.log(word); process.exit(); };
  socket.once("connect", () => socket.write("PING\\r\\n"));
  socket.once("data", () => end("answers"));
  socket.once("error", ({ code }) => end(code));
  setTimeout(() => end("hangs"), 1500);
`;

const asked = async ({ pid }: RootfulEngine, host: string): Promise<string> => {
  const args = ["-e", CONNECT, host, "18080"];
  const signal = AbortSignal.timeout(10_000);
  return (await inNamespace({ kind: "pid", pid }, process.execPath, args, signal)).trim();
};

test.runIf(isRoot())(
  "without the userland proxy rules carry, dockerd keeps the port, and on [::1] it leads nowhere",
  async () => {
    const engine = rootful();
    const network = await engine.docker.createNetwork({
      Name: "six",
      EnableIPv6: true,
      IPAM: { Config: [{ Subnet: "fd00:6::/64" }] },
    });
    onTestFinished(() => network.remove());
    await started(engine, { name: "web", hostConfig: { ...on("18080"), NetworkMode: "six" } });
    await started(engine, { name: "cache", hostConfig: { NetworkMode: "host" }, port: 18_081 });
    const rows = await look(engine);
    const [four, six] = rows;
    expect(four).toMatchObject({
      state: "open",
      listener: { pid: engine.pid, program: "dockerd", namespace: "host" },
      container: { name: "web" },
    });
    expect(four === undefined ? [] : stepsOf(four)).toEqual(["nat-rule", "placeholder"]);
    expect(await asked(engine, "127.0.0.1")).toBe("answers");
    expect(six).toMatchObject({
      host: { address: "::", port: 18_080 },
      note: expect.stringContaining("nothing leads on what comes over [::1]") as string,
    });
    expect(await asked(engine, "::1")).toBe("hangs");
    expect(inShort(rows.slice(2))).toEqual(["own 0.0.0.0:18081 cache", "own :::18081 cache"]);
  },
);
