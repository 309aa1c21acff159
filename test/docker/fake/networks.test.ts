import type Dockerode from "dockerode";
import { expect, test } from "vitest";
import { refusalOf, simulate, startContainer } from "./simulation.ts";

const create = (
  docker: Dockerode,
  name: string,
  options: Partial<Dockerode.NetworkCreateOptions> = {},
) => docker.createNetwork({ Name: name, ...options });

const subnetOf = async (network: Dockerode.Network): Promise<string | undefined> => {
  const { IPAM } = await network.inspect();
  return IPAM?.Config?.[0]?.["Subnet"];
};

test.each([
  ["29.6.0", 400, "all predefined address pools have been fully subnetted"],
  ["28.5.2", 400, "all predefined address pools have been fully subnetted"],
  [
    "20.10.24",
    404,
    "could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network",
  ],
])("%s has room for 30 networks and refuses the 31st", async (version, status, message) => {
  const { docker } = await simulate({ version });
  const names = Array.from({ length: 30 }, (_, index) => `n${String(index)}`);
  const networks = await Promise.all(names.map((name) => create(docker, name)));
  const subnets = await Promise.all(networks.map(subnetOf));
  expect(subnets[0]).toBe("172.18.0.0/16");
  expect(subnets[13]).toBe("172.31.0.0/16");
  expect(subnets[14]).toBe("192.168.0.0/20");
  expect(subnets[29]).toBe("192.168.240.0/20");
  expect(new Set(subnets).size).toBe(30);
  expect(await refusalOf(create(docker, "n30"))).toEqual({ status, message });
});

test.each([
  ["29.6.0", ["10.0.0.16/28", "10.0.0.32/28", "10.0.0.80/28"]],
  ["26.1.5", ["10.0.0.80/28", "10.0.0.96/28", "10.0.0.112/28"]],
])("%s fills gaps: lowest first from 27 on, in rotation before", async (version, expected) => {
  const { docker } = await simulate({ version, pools: [{ base: "10.0.0.0/24", size: 28 }] });
  const [first, second, ...rest] = await Promise.all(
    ["a", "b", "c", "d"].map((name) => create(docker, name)),
  );
  expect(await Promise.all(rest.map(subnetOf))).toEqual(["10.0.0.48/28", "10.0.0.64/28"]);
  await second?.remove();
  await first?.remove();
  const again: (string | undefined)[] = [];
  for (const name of ["e", "f", "g"]) again.push(await subnetOf(await create(docker, name)));
  expect(again).toEqual(expected);
});

test.each([
  [
    "29.6.0",
    "invalid pool request: Pool overlaps with other one on this address space",
    "172.18.0.0/16",
  ],
  ["20.10.24", "Pool overlaps with other one on this address space", "172.20.0.0/16"],
])("%s refuses a subnet that overlaps another", async (version, message, afterwards) => {
  const { docker } = await simulate({ version });
  const IPAM = { Config: [{ Subnet: "172.18.0.0/24" }] };
  const named = await create(docker, "named", { IPAM });
  expect(await refusalOf(create(docker, "same", { IPAM }))).toEqual({ status: 403, message });
  expect(await subnetOf(await create(docker, "next"))).toBe("172.19.0.0/16");
  await named.remove();
  expect(await subnetOf(await create(docker, "after"))).toBe(afterwards);
});

test.each([
  ["29.6.0", false, 409],
  ["25.0.5", false, 409],
  ["24.0.9", true, 403],
])(
  "%s, asked to check duplicates: %s, refuses a name that is taken",
  async (version, CheckDuplicate, status) => {
    const { docker } = await simulate({ version });
    await create(docker, "twice");
    expect(await refusalOf(create(docker, "twice", { CheckDuplicate }))).toEqual({
      status,
      message: "network with name twice already exists",
    });
  },
);

test("24 lets two networks have one name, which is then ambiguous", async () => {
  const { docker } = await simulate({ version: "24.0.9" });
  const first = await create(docker, "twice");
  const second = await create(docker, "twice");
  expect(await refusalOf(docker.getNetwork("twice").inspect())).toEqual({
    status: 400,
    message: "network twice is ambiguous (2 matches found on name)",
  });
  await second.remove();
  expect(await docker.getNetwork("twice").inspect()).toMatchObject({ Id: first.id });
});

test("a network with containers stays, in the words of the version", async () => {
  const older = await simulate({ version: "27.5.1" });
  const network = await create(older.docker, "busy");
  const container = await startContainer(older.docker, { name: "c", network: "busy" });
  expect(await refusalOf(network.remove())).toEqual({
    status: 403,
    message: `error while removing network: network busy id ${network.id} has active endpoints`,
  });
  await container.stop();
  await network.remove();

  const { docker } = await simulate();
  await create(docker, "busy");
  await startContainer(docker, { name: "c", network: "busy" });
  const { status, message } = await refusalOf(docker.getNetwork("busy").remove());
  expect(status).toBe(403);
  expect(message).toMatch(
    /^error while removing network: network busy has active endpoints \(name:"c" id:"[0-9a-f]{12}"\)$/,
  );
});

test("what is predefined or missing cannot be removed", async () => {
  const { docker } = await simulate();
  expect(await refusalOf(docker.getNetwork("bridge").remove())).toEqual({
    status: 403,
    message: "bridge is a pre-defined network and cannot be removed",
  });
  expect(await refusalOf(docker.getNetwork("none-such").remove())).toEqual({
    status: 404,
    message: "network none-such not found",
  });
});

test("networks are listed by label", async () => {
  const { docker } = await simulate();
  await create(docker, "mine", { Labels: { run: "r1" } });
  await create(docker, "theirs", { Labels: { run: "r2" } });
  const listed = await docker.listNetworks({ filters: { label: ["run=r1"] } });
  expect(listed.map(({ Name }) => Name)).toEqual(["mine"]);
  expect(await docker.listNetworks()).toHaveLength(5);
});
