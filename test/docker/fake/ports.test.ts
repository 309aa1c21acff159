import type Dockerode from "dockerode";
import { expect, test } from "vitest";
import {
  createContainer,
  heldBy,
  hostPorts,
  refusalOf,
  simulate,
  startContainer,
} from "./simulation.ts";

const ID = "[0-9a-f]{64}";

/** The words after the wrappers, which are checked. */
const innerWords = (message: string, prefix: string): string => {
  const wrapper = new RegExp(
    `^${prefix}driver failed programming external connectivity on endpoint c \\(${ID}\\): (.*)$`,
  );
  return wrapper.exec(message)?.[1] ?? `not wrapped: ${message}`;
};

const NETWORKING = "failed to set up container networking: ";

const startRefused = async (
  docker: Dockerode,
  ports: Readonly<Record<number, string>>,
): Promise<{ readonly status: number; readonly message: string }> => {
  const container = await createContainer(docker, { name: "c", ports });
  return await refusalOf(container.start());
};

test("dynamic ports go up from the range's first, over all containers", async () => {
  const { docker } = await simulate();
  const a = await startContainer(docker, { name: "a", ports: { 6379: "" } });
  const b = await startContainer(docker, { name: "b", ports: { 8123: "", 9000: "" } });
  expect(await hostPorts(a)).toEqual({ "6379/tcp": ["0.0.0.0:32768", ":::32768"] });
  expect(await hostPorts(b)).toEqual({
    "8123/tcp": ["0.0.0.0:32769", ":::32769"],
    "9000/tcp": ["0.0.0.0:32770", ":::32770"],
  });
});

test("a port that came free is not handed out before the range is through", async () => {
  const { docker } = await simulate({ portRange: [40_000, 40_002] });
  const ports = { 6379: "" };
  const a = await startContainer(docker, { name: "a", ports, hostIp: "127.0.0.1" });
  await a.remove({ force: true });
  const taken: unknown[] = [];
  for (const name of ["b", "c", "d"]) {
    taken.push(await hostPorts(await startContainer(docker, { name, ports, hostIp: "127.0.0.1" })));
  }
  expect(taken).toEqual([
    { "6379/tcp": ["127.0.0.1:40001"] },
    { "6379/tcp": ["127.0.0.1:40002"] },
    { "6379/tcp": ["127.0.0.1:40000"] },
  ]);
  const last = await createContainer(docker, { name: "e", ports });
  expect((await refusalOf(last.start())).message).toMatch(/: all ports are allocated$/);
});

test.each([
  ["28.2.2", { "6379/tcp": ["0.0.0.0:32769", ":::32769"] }, 1],
  ["29.6.0", {}, 0],
])(
  "a container of %s whose start was refused starts the second time with the ports %j",
  async (version, ports, networks) => {
    const { docker } = await simulate({ version, held: heldBy("outbound", 32_768) });
    await startRefused(docker, { 6379: "" });
    const again = docker.getContainer("c");
    await again.start();
    expect(await hostPorts(again)).toEqual(ports);
    const { NetworkSettings } = await again.inspect();
    expect(Object.keys(NetworkSettings.Networks)).toHaveLength(networks);
  },
);

test.each([
  ["28.0.1", "error while calling RootlessKit PortManager.AddPort()"],
  ["28.2.2", "error while calling RootlessKit PortManager.AddPort()"],
  ["29.0.0", "error while calling RootlessKit PortManager.AddPort()"],
  ["29.6.0", "error while calling RootlessKit PortManager.AddPort()"],
])("%s fails at once when the next port is taken on the host", async (version, words) => {
  const { docker } = await simulate({ version, held: heldBy("outbound", 32_769) });
  await startContainer(docker, { name: "before", ports: { 6379: "" } });
  const { status, message } = await startRefused(docker, { 6379: "" });
  expect(status).toBe(500);
  expect(innerWords(message, NETWORKING)).toBe(
    `${words}: listen tcp4 0.0.0.0:32769: bind: address already in use`,
  );
  const next = await startContainer(docker, { name: "next", ports: { 6379: "" } });
  expect(await hostPorts(next)).toEqual({ "6379/tcp": ["0.0.0.0:32770", ":::32770"] });
});

test("28.0.0 does not yet say that it was setting up networking", async () => {
  const { docker } = await simulate({ version: "28.0.0", held: heldBy("outbound", 32_768) });
  const { message } = await startRefused(docker, { 6379: "" });
  expect(innerWords(message, "")).toMatch(/^error while calling RootlessKit PortManager.AddPort/);
});

test.each(["20.10.24", "27.5.1", "28.3.0", "28.5.2"])(
  "%s takes the next dynamic port instead",
  async (version) => {
    const { docker } = await simulate({
      version,
      held: heldBy("outbound", 32_768, 32_769, 32_770),
    });
    const container = await startContainer(docker, { name: "c", ports: { 6379: "" } });
    expect(await hostPorts(container)).toEqual({ "6379/tcp": ["0.0.0.0:32771", ":::32771"] });
  },
);

test.each([
  ["20.10.24", "", "Error starting userland proxy: error while calling PortManager.AddPort()"],
  ["28.5.2", NETWORKING, "error while calling RootlessKit PortManager.AddPort()"],
])("%s gives up after ten ports", async (version, prefix, words) => {
  const held = heldBy("outbound", ...Array.from({ length: 10 }, (_, index) => 32_768 + index));
  const { docker } = await simulate({ version, held });
  const { message } = await startRefused(docker, { 6379: "" });
  expect(innerWords(message, prefix)).toBe(
    `${words}: listen tcp4 0.0.0.0:32777: bind: address already in use`,
  );
});

test.each(["20.10.24", "28.5.2", "29.6.0"])("%s never replaces a fixed port", async (version) => {
  const { docker } = await simulate({ version, held: heldBy("outbound", 6379) });
  const { status, message } = await startRefused(docker, { 6379: "6379" });
  expect(status).toBe(500);
  expect(message).toMatch(
    /AddPort\(\): listen tcp4 0\.0\.0\.0:6379: bind: address already in use$/,
  );
});

test("a fixed port of another container is already allocated", async () => {
  const { docker } = await simulate();
  await startContainer(docker, { name: "first", ports: { 6379: "6379" } });
  const { status, message } = await startRefused(docker, { 6379: "6379" });
  expect(status).toBe(500);
  expect(innerWords(message, NETWORKING)).toBe(
    "Bind for 0.0.0.0:6379 failed: port is already allocated",
  );
});

test("a forward that leaked is a conflict, not an address in use", async () => {
  const { docker } = await simulate({ held: heldBy("forward", 7000, 7001) });
  const { message } = await startRefused(docker, { 6379: "7001" });
  expect(innerWords(message, NETWORKING)).toBe(
    "error while calling RootlessKit PortManager.AddPort(): conflict with ID 2",
  );
});

test("a privileged port may not be bound", async () => {
  const { docker } = await simulate();
  const { message } = await startRefused(docker, { 80: "80" });
  expect(innerWords(message, NETWORKING)).toMatch(
    /cannot expose privileged port 80, you can add 'net\.ipv4\.ip_unprivileged_port_start=80' .* bind: permission denied$/,
  );
});

test("a start that fails gives back what it had, and says why", async () => {
  const { docker, engine } = await simulate({ held: heldBy("outbound", 32_769) });
  const { message } = await startRefused(docker, { 8123: "", 9000: "" });
  expect(engine.world.rootlesskit.listening()).toEqual([]);
  const [bridge] = engine.world.networks.all();
  expect(bridge?.endpoints.size).toBe(0);
  expect((await docker.getContainer("c").inspect()).State).toMatchObject({
    Status: "created",
    Running: false,
    ExitCode: 128,
    Error: message,
  });
});

test("the host's ports can be taken and let go while it runs", async () => {
  const { docker, engine } = await simulate();
  await engine.world.occupy({ port: 32_768, by: "listener" });
  expect((await startRefused(docker, { 6379: "" })).message).toMatch(/0\.0\.0\.0:32768/);
});
