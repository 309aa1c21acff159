import { PassThrough } from "node:stream";
import type Dockerode from "dockerode";
import { expect, test } from "vitest";
import { decodeJobLine } from "../../../docker/probe/job-lines.ts";
import { probeNonces, probeReady } from "../../../docker/probe/probe.ts";
import { PROTOCOLS, type Protocol } from "../../../docker/probe/protocol.ts";
import { createContainer, hostPorts, simulate, startContainer } from "./simulation.ts";

const never = new AbortController().signal;
const PORT: Readonly<Record<Protocol, number>> = { mysql: 3306, redis: 6379, clickhouse: 8123 };

const jobRequest = (nonce: string, deadlineMs = 2000): string =>
  JSON.stringify({
    deadlineMs,
    nonce,
    services: PROTOCOLS.map((service) => ({
      service,
      protocol: service,
      host: service,
      port: PORT[service],
    })),
  });

const startStack = async (docker: Dockerode, network: string): Promise<void> => {
  await docker.createNetwork({ Name: network });
  for (const image of PROTOCOLS) {
    await startContainer(docker, { name: `${network}-${image}`, image, network, aliases: [image] });
  }
};

const startJob = (docker: Dockerode, network: string, deadlineMs?: number) =>
  startContainer(docker, {
    name: `${network}-job`,
    image: "rootless-stress/job:1",
    network,
    command: ["node", "/job/job-main.js", jobRequest(network, deadlineMs)],
  });

/** The whole output of a container, followed to its end through dockerode's own demultiplexer. */
const outputOf = async (docker: Dockerode, container: Dockerode.Container) => {
  const stream = await container.logs({ follow: true, stdout: true, stderr: true });
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  docker.modem.demuxStream(stream, stdout, stderr);
  stream.once("end", () => {
    stdout.end();
    stderr.end();
  });
  const text = async (from: PassThrough): Promise<string> => {
    const parts: string[] = [];
    for await (const part of from as AsyncIterable<Buffer>) parts.push(part.toString());
    return parts.join("");
  };
  const [out, err] = await Promise.all([text(stdout), text(stderr)]);
  return { lines: out.trim().split("\n"), err };
};

test.each(PROTOCOLS)(
  "%s is reached through its published port, and is each container's own",
  async (protocol) => {
    const { docker, dial } = await simulate();
    const ports = { [PORT[protocol]]: "" };
    for (const name of ["a", "b"]) await startContainer(docker, { name, image: protocol, ports });
    await probeReady(protocol, dial(32_768), never);
    expect(await probeNonces(protocol, dial(32_768), "of-a", never)).toEqual(["of-a"]);
    expect(await probeNonces(protocol, dial(32_769), "of-b", never)).toEqual(["of-b"]);
  },
);

test("a port that nobody published refuses, one without a service closes, a stranger's closes", async () => {
  const { docker, dial } = await simulate({ held: [{ port: 5000, by: "listener" }] });
  await startContainer(docker, { name: "c", image: "clickhouse", ports: { 9009: "" } });
  await expect(dial(31_000)(never)).rejects.toThrow("connect ECONNREFUSED 127.0.0.1:31000");
  const closed = "the other side closed the connection";
  await expect(probeReady("clickhouse", dial(32_768), never)).rejects.toThrow(closed);
  await expect(probeReady("redis", dial(5000), never)).rejects.toThrow(closed);
});

test("a dial is given up when its signal aborts", async () => {
  const { docker, dial } = await simulate();
  await startContainer(docker, { name: "c", ports: { 6379: "" } });
  const abort = new AbortController();
  const dialling = dial(32_768)(abort.signal);
  abort.abort(new Error("enough"));
  await expect(dialling).rejects.toThrow("enough");
});

test("connections end with their container, and the port refuses from then on", async () => {
  const { docker, dial } = await simulate();
  const container = await startContainer(docker, { name: "c", ports: { 6379: "" } });
  const stream = await dial(32_768)(never);
  const ended = new Promise((resolve) =>
    stream.resume().once("close", resolve).once("error", resolve),
  );
  await container.stop();
  await ended;
  await expect(dial(32_768)(never)).rejects.toThrow(/ECONNREFUSED/);
});

test("services become ready when their time has come", async () => {
  const readyAfter = { mysql: 100, redis: 100, clickhouse: 100 };
  const { docker, dial } = await simulate({ readyAfter });
  const container = await startContainer(docker, { name: "c", ports: { 6379: "" } });
  expect(await hostPorts(container)).toHaveProperty("6379/tcp");
  await expect(probeReady("redis", dial(32_768), never)).rejects.toThrow(/^LOADING/);
  await expect
    .poll(() =>
      probeReady("redis", dial(32_768), never).then(
        () => true,
        () => false,
      ),
    )
    .toBe(true);
});

test("a job container reaches its services by name, says so in its log and exits 0", async () => {
  const { docker } = await simulate({ readyAfter: { mysql: 60, redis: 0, clickhouse: 0 } });
  await Promise.all(["net1", "net2"].map((network) => startStack(docker, network)));
  const jobs = await Promise.all(["net1", "net2"].map((network) => startJob(docker, network)));
  const outputs = await Promise.all(jobs.map((job) => outputOf(docker, job)));
  const lines = outputs.map(({ lines }) => lines.map(decodeJobLine));
  for (const [index, nonces] of [["net1"], ["net2"]].entries()) {
    expect(lines[index]).toHaveLength(6);
    expect(lines[index]).toContainEqual({
      step: "ready",
      service: "mysql",
      attempts: expect.any(Number) as unknown,
    });
    for (const service of PROTOCOLS) {
      expect(lines[index]).toContainEqual({ step: "identity", service, nonces });
    }
  }
  expect(await jobs[0]?.wait()).toEqual({ StatusCode: 0 });
});

test("a job container without its services says what it met", async () => {
  const { docker } = await simulate();
  await docker.createNetwork({ Name: "empty" });
  await createContainer(docker, { name: "mysql", image: "mysql", network: "empty" });
  await startContainer(docker, { name: "redis", image: "clickhouse", network: "empty" });
  const job = await startJob(docker, "empty", 10);
  const { lines } = await outputOf(docker, job);
  expect(lines.map(decodeJobLine)).toEqual(
    expect.arrayContaining([
      {
        step: "ready",
        service: "mysql",
        error: "not ready within 0s: getaddrinfo ENOTFOUND mysql",
      },
      {
        step: "ready",
        service: "redis",
        error: "not ready within 0s: connect ECONNREFUSED 172.18.0.2:6379",
      },
    ]),
  );
});

test("a job container that is removed meanwhile ends its log", async () => {
  const { docker } = await simulate({ readyAfter: { mysql: 1e6, redis: 0, clickhouse: 0 } });
  await startStack(docker, "net");
  const job = await startJob(docker, "net", 60_000);
  const output = outputOf(docker, job);
  await expect
    .poll(async () => (await job.logs({ stdout: true })).toString().includes('"clickhouse"'))
    .toBe(true);
  const exit = job.wait() as Promise<unknown>;
  await docker.listContainers();
  await job.remove({ force: true });
  expect((await output).lines.every((line) => decodeJobLine(line) !== null)).toBe(true);
  expect(await exit).toEqual({ StatusCode: 137 });
});

test("a log is framed as the daemon frames it, and cut to its tail", async () => {
  const { docker, engine } = await simulate();
  await startContainer(docker, { name: "c", image: "busybox" });
  const { log } = engine.world.containers.find("c");
  log.append("stdout", "one\n");
  log.append("stderr", "zwölf\n");
  const container = docker.getContainer("c");
  const both = await container.logs({ stdout: true, stderr: true });
  expect([...both]).toEqual([
    ...[1, 0, 0, 0, 0, 0, 0, 4, ...Buffer.from("one\n")],
    ...[2, 0, 0, 0, 0, 0, 0, 7, ...Buffer.from("zwölf\n")],
  ]);
  const tail = await container.logs({ stdout: true, stderr: true, tail: 1 });
  expect([...tail]).toEqual([...both].slice(12));
  expect((await container.logs({ stdout: true })).length).toBe(12);
});
