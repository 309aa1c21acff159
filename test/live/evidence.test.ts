/**
 * The witness beside a real rootless engine: what it sees is what was put there.
 */
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { LABEL } from "../../harness/core/model.ts";
import type { SightOf } from "../../harness/core/evidence.ts";
import type { Witness } from "../../harness/core/ports.ts";
import { CleanupStack } from "../../harness/run/cleanup.ts";
import type { EngineSession } from "../../harness/cli/engine-session.ts";
import { listener } from "../docker/evidence/processes-of-a-test.ts";
import { DEBIAN_12, openManaged } from "./managed-session.ts";

interface Subject {
  readonly session: EngineSession;
  readonly witness: Witness;
  readonly image: string;
  readonly directory: string;
}

const cleanup = new CleanupStack();
let opened: Subject | null = null;

const subject = (): Subject => {
  if (opened === null) throw new Error("the engine did not come up");
  return opened;
};

beforeAll(async () => {
  const directory = mkdtempSync(join(tmpdir(), "evidence-"));
  cleanup.defer(() => {
    rmSync(directory, { recursive: true });
  });
  const signal = AbortSignal.timeout(600_000);
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const { session, set } = await openManaged(
    { say, signal, engine: DEBIAN_12, daemonJson: { debug: true } },
    cleanup,
  );
  const image = set.images["redis"]?.reference;
  if (image === undefined) throw new Error("the image set has no redis");
  opened = { session, witness: session.witness(directory), image, directory };
});

afterAll(() => cleanup[Symbol.asyncDispose]());

/** Starts a container with a published port, which goes with the test. */
const published = async (name: string): Promise<{ port: number; remove: () => Promise<void> }> => {
  const { session, image } = subject();
  const container = await session.docker.createContainer({
    name,
    Image: image,
    Labels: { [LABEL.run]: "r1", [LABEL.job]: "j1" },
    ExposedPorts: { "6379/tcp": {} },
    HostConfig: { PortBindings: { "6379/tcp": [{ HostPort: "" }] } },
  });
  const remove = async (): Promise<void> => {
    await container.remove({ force: true, v: true });
  };
  onTestFinished(() => remove().catch(() => undefined));
  await container.start();
  const { NetworkSettings } = await container.inspect();
  return { port: Number(NetworkSettings.Ports["6379/tcp"]?.[0]?.HostPort), remove };
};

const lookAtPort = async (port: number): Promise<SightOf<"port">> => {
  const sight = await subject().witness.look({ about: "port", port, hostIp: "0.0.0.0" });
  if (sight.about !== "port") throw new Error("another question was answered");
  return sight;
};

test("of a published port, every source tells: sockets of both namespaces, forward, container, rule", async () => {
  const { port } = await published("evidence-port");
  const sight = await lookAtPort(port);
  expect(sight.host).toEqual(
    expect.arrayContaining([
      expect.objectContaining({
        localPort: port,
        state: "listen",
        holder: expect.objectContaining({ part: "this-engine" }) as unknown,
      }),
    ]),
  );
  // RootlessKit listens as the engine's user, and dockerd's proxy in its own namespace.
  const holders = [...(sight.host ?? []), ...(sight.engine ?? [])].map(({ holder }) => holder);
  expect(new Set(holders.map((holder) => holder?.part))).toEqual(new Set(["this-engine"]));
  expect(sight.engine?.map(({ state }) => state)).toContain("listen");
  expect(sight.forwards).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ parentIp: "0.0.0.0", parentPort: port, childPort: port }),
    ]),
  );
  expect(sight.containers).toEqual(
    expect.arrayContaining([
      {
        container: "evidence-port",
        run: "r1",
        job: "j1",
        running: true,
        hostIp: "0.0.0.0",
        hostPort: port,
        containerPort: 6379,
      },
    ]),
  );
  expect(sight.rules).toMatchObject([{ chain: "DOCKER" }]);
  expect(sight.rules?.[0]?.rule).toContain(`--dport ${String(port)} `);
});

test("of a port of a foreign process, that process is the holder and nothing of the engine has it", async () => {
  const { pid, port } = await listener("somebody-elses-server");
  expect(await lookAtPort(port)).toMatchObject({
    host: [
      {
        state: "listen",
        holder: {
          pid,
          part: "none",
          command: expect.stringMatching(/^somebody-elses-/) as unknown,
        },
      },
    ],
    engine: [],
    forwards: [],
    containers: [],
    rules: [],
  });
});

test("a port of this very process is the harness's", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  expect((await lookAtPort(port)).host).toMatchObject([{ holder: { part: "harness" } }]);
});

test("every counter is read, and goes up with a container and down without it", async () => {
  const { witness } = subject();
  const before = await witness.counters();
  expect(Object.values(before)).not.toContain(null);
  const { port, remove } = await published("evidence-counters");
  const during = await witness.counters();
  // Of the engine alone; listening sockets are those of the whole machine.
  for (const counter of ["forwards", "veths", "natRules"] as const) {
    expect(during[counter], counter).toBeGreaterThan(before[counter] ?? Number.NaN);
  }
  const seen = await witness.ports();
  expect(seen.forwards?.map(({ parentPort }) => parentPort)).toContain(port);
  expect(seen.engineListening).toContain(port);
  await remove();
  const { forwards, veths, natRules } = before;
  expect(await witness.counters()).toMatchObject({ forwards, veths, natRules });
  expect((await witness.ports()).engineListening).not.toContain(port);
});

test("names and subnets are told with the run that made them", async () => {
  const { session, witness } = subject();
  const network = await session.docker.createNetwork({
    Name: "evidence-network",
    Labels: { [LABEL.run]: "r1", [LABEL.job]: "j1" },
  });
  onTestFinished(() => network.remove());
  const subnets = await witness.look({ about: "subnets" });
  expect(subnets).toMatchObject({
    networks: expect.arrayContaining([
      { name: "evidence-network", run: "r1", subnets: [expect.stringMatching(/\/\d+$/)] },
      { name: "bridge", run: null, subnets: [expect.stringMatching(/\/\d+$/)] },
    ]) as unknown,
  });
  const asked = { about: "name", kind: "network", name: "evidence-network" } as const;
  expect(await witness.look(asked)).toMatchObject({
    holders: [{ id: network.id, run: "r1", job: "j1" }],
  });
  await published("evidence-name");
  const container = { about: "name", kind: "container", name: "evidence-name" } as const;
  expect(await witness.look(container)).toMatchObject({ holders: [{ run: "r1", job: "j1" }] });
  const nobody = { ...container, name: "evidence-nam" };
  expect(await witness.look(nobody)).toMatchObject({ holders: [] });
});

test("of a daemon in debug mode there are state, pid, answer and a file with its goroutines", async () => {
  const { witness, directory } = subject();
  const sight = await witness.look({ about: "daemon", hang: true });
  expect(sight).toMatchObject({ answers: true, goroutines: "goroutines-1.txt" });
  if (sight.about !== "daemon") throw new Error("another question was answered");
  expect(["R", "S"]).toContain(sight.state);
  expect(readFileSync(`/proc/${String(sight.pid)}/comm`, "utf8")).toBe("dockerd\n");
  expect(readFileSync(join(directory, "goroutines-1.txt"), "utf8")).toContain("main.main()");
});

test("the daemon's log is read on from where it was read before", async () => {
  const { witness } = subject();
  await witness.log();
  await published("evidence-log");
  expect((await witness.log())?.join("\n")).toContain("containers/create?name=evidence-log");
});
