import { expect, test } from "vitest";
import { fakeWitness } from "../../../docker/fake/witness.ts";
import type { HeldPort } from "../../../docker/fake/held-port.ts";
import { attribute } from "../../../harness/core/attribute.ts";
import type { Cause } from "../../../harness/core/causes.ts";
import { classify } from "../../../harness/core/classify.ts";
import { LABEL } from "../../../harness/core/model.ts";
import { portRetries } from "../../../harness/core/port-retries.ts";
import { millis } from "../../../harness/core/units.ts";
import {
  createContainer,
  heldBy,
  refusalOf,
  simulate,
  startContainer,
  type Refusal,
} from "./simulation.ts";

const PORT = 7001;
const port = { about: "port", port: PORT, hostIp: "0.0.0.0" } as const;

const causeOf = (
  { message }: Refusal,
  sight: Awaited<ReturnType<ReturnType<typeof fakeWitness>["look"]>>,
): Cause | null => {
  const { class: name } = classify(message, { phase: "container_start", by: "daemon" });
  const look = {
    event: "looked",
    at: millis(3),
    failedAt: millis(1),
    beganAt: millis(2),
    wave: 1,
    job: "w1j1",
    operation: "container.start",
    service: "redis",
    sight,
  } as const;
  return attribute(
    { class: name, message, run: "r", job: "w1j1", rivals: [], hostPortRange: [32_768, 60_999] },
    [look],
  ).cause;
};

test.each<[HeldPort, Cause]>([
  [{ port: PORT, by: "outbound" }, "outbound_connection"],
  [{ port: PORT, by: "listener" }, "host_listener"],
  [{ port: PORT, by: "timewait" }, "time_wait"],
  [{ port: PORT, by: "other-engine" }, "other_engine"],
  [{ port: PORT, by: "forward" }, "leaked_forward"],
  [{ port: PORT, by: "container" }, "same_engine_container"],
  [{ port: PORT, by: "container", labels: { [LABEL.run]: "r", [LABEL.job]: "w1j2" } }, "same_run"],
  [{ port: PORT, by: "gone" }, "gone"],
])("%o refuses the port, and a look at it shows %s", async (held, cause) => {
  const { docker, engine } = await simulate({ held: [held] });
  const container = await createContainer(docker, { name: "c", ports: { 6379: String(PORT) } });
  const refusal = await refusalOf(container.start());
  expect(causeOf(refusal, await fakeWitness(engine.socketPath).look(port))).toBe(cause);
});

test.each(["outbound", "listener", "timewait", "other-engine", "forward", "container"] as const)(
  "a port that a %s held is free again when it is vacated",
  async (by) => {
    const { docker, engine } = await simulate();
    await engine.world.occupy({ port: PORT, by });
    await expect(engine.world.occupy({ port: PORT, by: "listener" })).rejects.toThrow(/in use/);
    await engine.world.vacate(PORT);
    await startContainer(docker, { name: "c", ports: { 6379: String(PORT) } });
  },
);

test("a container's port is seen in every place where a real one is", async () => {
  const { docker, engine } = await simulate();
  const labels = { [LABEL.run]: "r", [LABEL.job]: "w1j1" };
  await startContainer(docker, { name: "c", labels, ports: { 6379: String(PORT) } });
  const witness = fakeWitness(engine.socketPath);
  expect(await witness.look(port)).toMatchObject({
    host: [{ state: "listen", localPort: PORT, holder: { part: "this-engine" } }],
    engine: [{ state: "listen", localPort: PORT }],
    forwards: [{ id: 1, parentPort: PORT, childPort: PORT }],
    containers: [{ container: "c", run: "r", job: "w1j1", running: true, hostPort: PORT }],
    rules: [{ chain: "DOCKER", line: 1 }],
    otherEngines: [],
  });
  expect(await witness.ports()).toMatchObject({ forwards: [{ id: 1 }], engineListening: [PORT] });
  const before = await witness.counters();
  await docker.getContainer("c").remove({ force: true });
  const after = await witness.counters();
  expect(before).toMatchObject({ listeningSockets: 1, forwards: 1, veths: 1, natRules: 1 });
  expect(after).toMatchObject({ listeningSockets: 0, forwards: 0, veths: 0, natRules: 0 });
});

test("names and subnets are seen with the run that took them", async () => {
  const { docker, engine } = await simulate();
  const Labels = { [LABEL.run]: "r" };
  await docker.createNetwork({ Name: "n", Labels });
  await createContainer(docker, { name: "c", labels: Labels });
  const witness = fakeWitness(engine.socketPath);
  expect(await witness.look({ about: "name", kind: "container", name: "c" })).toMatchObject({
    holders: [{ name: "c", run: "r", job: null }],
  });
  expect(await witness.look({ about: "name", kind: "network", name: "m" })).toMatchObject({
    holders: [],
  });
  expect(await witness.look({ about: "subnets" })).toMatchObject({
    networks: [
      { name: "bridge", subnets: ["172.17.0.0/16"], run: null },
      { name: "host", subnets: [] },
      { name: "none", subnets: [] },
      { name: "n", subnets: ["172.18.0.0/16"], run: "r" },
    ],
  });
});

const daemon = { about: "daemon", hang: true } as const;

test("a stopped daemon answers nobody until it goes on; beside it, the machine is still seen", async () => {
  const { docker, engine } = await simulate({ held: heldBy("listener", PORT) });
  const witness = fakeWitness(engine.socketPath);
  engine.world.daemon.pause();
  const pinged = docker.ping();
  expect(await witness.look(daemon)).toMatchObject({ state: "T", answers: false });
  expect(await witness.look(port)).toMatchObject({
    host: [{ state: "listen" }],
    forwards: [],
    containers: null,
  });
  engine.world.daemon.resume();
  expect(String(await pinged)).toBe("OK");
  expect(await witness.look(daemon)).toMatchObject({ state: "S", answers: true });
});

test("a killed daemon hangs up on those who wait, and takes its forwards with it", async () => {
  const { docker, engine } = await simulate();
  await startContainer(docker, { name: "c", ports: { 6379: String(PORT) } });
  const witness = fakeWitness(engine.socketPath);
  engine.world.daemon.pause();
  const waiting = docker.info();
  const ended = expect(waiting).rejects.toThrow(/socket hang up|ECONNRESET/);
  expect(await witness.look(daemon)).toMatchObject({ state: "T" });
  engine.world.daemon.kill();
  await ended;
  expect(await witness.look(daemon)).toMatchObject({ state: "gone", answers: false });
  expect(await witness.look(port)).toMatchObject({ host: [], forwards: null, containers: null });
});

test("a simulation that is gone leaves a witness who saw nothing, and no error", async () => {
  const { engine } = await simulate();
  const witness = fakeWitness(engine.socketPath);
  await engine.stop();
  expect(await witness.look(port)).toMatchObject({ host: null, forwards: null });
  expect(await witness.look(daemon)).toMatchObject({ state: "gone" });
  expect(await witness.ports()).toEqual({ forwards: null, engineListening: null });
  expect((await witness.counters()).forwards).toBeNull();
  expect(await witness.log()).toBeNull();
});

test.each(["20.10.24", "28.5.2"])(
  "%s tells of every dynamic port that it tried in vain, in its log and nowhere else",
  async (version) => {
    const { docker, engine } = await simulate({
      version,
      held: heldBy("outbound", 32_768, 32_769),
    });
    const witness = fakeWitness(engine.socketPath);
    await startContainer(docker, { name: "c", ports: { 6379: "" } });
    const retries = portRetries((await witness.log()) ?? []);
    expect(retries.map(({ port: lost, attempt, class: name }) => [lost, attempt, name])).toEqual([
      [32_768, 1, "port.rootlesskit_addport_in_use"],
      [32_769, 2, "port.rootlesskit_addport_in_use"],
    ]);
    expect(await witness.log()).toEqual([]);
  },
);

test.each([
  ["20.10.24", "Handler for POST /v1.41/containers/"],
  ["29.6.0", 'Handler for POST /containers/{name:.*}/start returned error" error-response='],
])("%s logs a start that it refuses, and tries no fixed port again", async (version, words) => {
  const { docker, engine } = await simulate({ version, held: heldBy("listener", PORT) });
  const container = await createContainer(docker, { name: "c", ports: { 6379: String(PORT) } });
  await refusalOf(container.start());
  const lines = (await fakeWitness(engine.socketPath).log()) ?? [];
  expect(lines.at(-1)).toContain(words);
  expect(lines.at(-1)).toContain("address already in use");
  expect(portRetries(lines)).toEqual([]);
});

test.each([
  ["29.4.1", 0],
  ["29.5.0", 4],
  ["29.6.0", 4],
])("%s says %i times at each start that a thread could not go back", async (version, times) => {
  const { docker, engine } = await simulate({ version });
  const witness = fakeWitness(engine.socketPath);
  await startContainer(docker, { name: "c" });
  const lines = (await witness.log()) ?? [];
  expect(lines.filter((line) => line.includes("network namespace"))).toHaveLength(times);
});
