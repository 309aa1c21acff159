import { expect, test } from "vitest";
import { createContainer, refusalOf, simulate, startContainer } from "./simulation.ts";

test("a container goes from created to running to exited to gone", async () => {
  const { docker } = await simulate();
  const container = await createContainer(docker, { name: "c", labels: { run: "r1" } });
  const state = async (): Promise<string> => (await container.inspect()).State.Status;
  expect(await state()).toBe("created");
  await container.start();
  expect(await state()).toBe("running");
  expect(await refusalOf(container.start())).toMatchObject({ status: 304 });
  await container.stop();
  expect((await container.inspect()).State).toMatchObject({ Status: "exited", ExitCode: 143 });
  expect(await refusalOf(container.stop())).toMatchObject({ status: 304 });
  await container.remove();
  expect(await refusalOf(container.inspect())).toEqual({
    status: 404,
    message: `No such container: ${container.id}`,
  });
});

test("a name can be had once", async () => {
  const { docker } = await simulate();
  const { id } = await createContainer(docker, { name: "c" });
  expect(id).toMatch(/^[0-9a-f]{64}$/);
  expect(await refusalOf(createContainer(docker, { name: "c" }))).toEqual({
    status: 409,
    message: `Conflict. The container name "/c" is already in use by container "${id}". You have to remove (or rename) that container to be able to reuse that name.`,
  });
});

test("an image that is missing refuses the create", async () => {
  const { docker } = await simulate({ images: [] });
  expect(await refusalOf(createContainer(docker, { name: "c", image: "redis" }))).toEqual({
    status: 404,
    message: "No such image: redis:latest",
  });
});

test.each([
  ["29.6.0", "failed to set up container networking: network gone not found"],
  ["27.5.1", "network gone not found"],
])("%s finds out at start that a network is missing", async (version, message) => {
  const { docker } = await simulate({ version });
  const container = await createContainer(docker, { name: "c", network: "gone" });
  expect(await refusalOf(container.start())).toEqual({ status: 404, message });
});

test("a subnet has as many addresses as fit, gateway and broadcast left out", async () => {
  const { docker } = await simulate({ pools: [{ base: "10.0.0.0/24", size: 29 }] });
  const { id } = await docker.createNetwork({ Name: "small" });
  for (const name of ["a", "b", "c", "d", "e"]) {
    await startContainer(docker, { name, network: "small" });
  }
  const last = await createContainer(docker, { name: "f", network: "small" });
  expect(await refusalOf(last.start())).toEqual({
    status: 500,
    message: `failed to set up container networking: no available IPv4 addresses on this network's address pools: small (${id})`,
  });
});

test.each([
  [
    "29.6.0",
    (): string =>
      'cannot remove container "/c": container is running: stop the container before removing or force remove',
  ],
  [
    "20.10.24",
    (id: string): string =>
      `You cannot remove a running container ${id}. Stop the container before attempting removal or force remove`,
  ],
])("%s removes a running container only by force", async (version, words) => {
  const { docker } = await simulate({ version });
  const container = await startContainer(docker, { name: "c" });
  expect(await refusalOf(container.remove())).toEqual({
    status: 409,
    message: words(container.id),
  });
  await container.remove({ force: true });
  expect(await docker.listContainers({ all: true })).toEqual([]);
});

test("of two removals at once the second is told that the first is at it", async () => {
  const { docker } = await simulate({ latency: { perCall: 20 } });
  const container = await startContainer(docker, { name: "c" });
  const first = container.remove({ force: true });
  expect(await refusalOf(container.remove({ force: true }))).toEqual({
    status: 409,
    message: `removal of container ${container.id} is already in progress`,
  });
  await first;
});

test("who waits for a container hears its exit code", async () => {
  const { docker } = await simulate();
  const container = await startContainer(docker, { name: "c" });
  const exit = container.wait() as Promise<unknown>;
  await docker.listContainers();
  await container.kill();
  expect(await exit).toEqual({ StatusCode: 137 });
  expect(await container.wait()).toEqual({ StatusCode: 137 });
  expect(await refusalOf(container.kill())).toEqual({
    status: 409,
    message: `cannot kill container: c: container ${container.id} is not running`,
  });
});

test("a command that only exits does so, with its code", async () => {
  const { docker } = await simulate();
  const container = await startContainer(docker, { name: "c", command: ["sh", "-c", "exit 3"] });
  expect(await container.wait()).toEqual({ StatusCode: 3 });
});

test("containers are listed by label, running ones or all", async () => {
  const { docker } = await simulate();
  await startContainer(docker, { name: "up", labels: { run: "r1" } });
  await createContainer(docker, { name: "down", labels: { run: "r1" } });
  await startContainer(docker, { name: "other", labels: { run: "r2" } });
  const filters = { label: ["run=r1"] };
  const names = async (all: boolean): Promise<unknown> =>
    (await docker.listContainers({ all, filters })).map(({ Names, State }) => [Names, State]);
  expect(await names(false)).toEqual([[["/up"], "running"]]);
  expect(await names(true)).toEqual([
    [["/up"], "running"],
    [["/down"], "created"],
  ]);
});

test("a database's volume stays behind unless it is removed with its container", async () => {
  const { docker } = await simulate();
  const kept = await startContainer(docker, { name: "kept", image: "mysql:8.0" });
  const [volume] = (await docker.listVolumes()).Volumes;
  expect(volume?.Name).toMatch(/^[0-9a-f]{64}$/);
  expect(await refusalOf(docker.getVolume(volume?.Name ?? "").remove())).toEqual({
    status: 409,
    message: `remove ${volume?.Name ?? ""}: volume is in use - [${kept.id}]`,
  });
  await kept.remove({ force: true });
  const gone = await startContainer(docker, { name: "gone", image: "mysql:8.0" });
  await gone.remove({ force: true, v: true });
  expect((await docker.listVolumes()).Volumes.map(({ Name }) => Name)).toEqual([volume?.Name]);
  expect(await docker.pruneVolumes()).toMatchObject({ VolumesDeleted: [volume?.Name] });
});

test("programming networks takes turns: sixteen creates of 5 ms take at least 80", async () => {
  const { docker } = await simulate({ latency: { perCall: 5 } });
  const began = performance.now();
  const names = Array.from({ length: 16 }, (_, index) => `n${String(index)}`);
  await Promise.all(names.map((Name) => docker.createNetwork({ Name })));
  expect(performance.now() - began).toBeGreaterThan(79);
});
