import { request } from "node:http";
import { expect, test } from "vitest";
import { startFakeEngine } from "../../../docker/fake/engine.ts";
import { refusalOf, simulate } from "./simulation.ts";
import Dockerode from "dockerode";

const get = (socketPath: string, path: string, method = "GET") =>
  new Promise<{ status: number | undefined; headers: unknown; body: string }>((resolve, reject) => {
    request({ socketPath, path, method, agent: false }, (response) => {
      let body = "";
      response.on("data", (part: Buffer) => {
        body += part.toString();
      });
      response.on("end", () => {
        resolve({ status: response.statusCode, headers: response.headers, body });
      });
    })
      .once("error", reject)
      .end();
  });

test("ping answers GET and HEAD, with and without a version, and says which versions it speaks", async () => {
  const { engine } = await simulate({ version: "28.5.2" });
  const headers = expect.objectContaining({ "api-version": "1.51", ostype: "linux" }) as unknown;
  expect(await get(engine.socketPath, "/_ping")).toEqual({ status: 200, headers, body: "OK" });
  expect(await get(engine.socketPath, "/v1.44/_ping")).toEqual({
    status: 200,
    headers,
    body: "OK",
  });
  expect(await get(engine.socketPath, "/_ping", "HEAD")).toEqual({
    status: 200,
    headers,
    body: "",
  });
});

test.each([
  ["20.10.24", "1.41", "0.14.4"],
  ["28.5.2", "1.51", "2.3.4"],
  ["29.6.0", "1.53", "3.0.1"],
])(
  "%s describes itself as rootless, with API %s and RootlessKit %s",
  async (version, api, rootlesskit) => {
    const { docker } = await simulate({ version });
    const described = await docker.version();
    expect(described).toMatchObject({ Version: version, ApiVersion: api });
    expect(described.Components).toContainEqual({
      Name: "rootlesskit",
      Version: rootlesskit,
      Details: expect.objectContaining({
        NetworkDriver: "slirp4netns",
        PortDriver: "builtin",
      }) as unknown,
    });
    expect(await docker.info()).toMatchObject({
      Driver: "overlay2",
      CgroupDriver: "none",
      SecurityOptions: expect.arrayContaining(["name=rootless"]) as unknown,
    });
  },
);

test.each([
  [
    "29.6.0",
    "v1.24",
    "client version 1.24 is too old. Minimum supported API version is 1.40, please upgrade your client to a newer version",
  ],
  [
    "29.0.0",
    "v1.43",
    "client version 1.43 is too old. Minimum supported API version is 1.44, please upgrade your client to a newer version",
  ],
  ["20.10.24", "v1.44", "client version 1.44 is too new. Maximum supported API version is 1.41"],
])("%s refuses a client that speaks %s", async (engineVersion, version, message) => {
  const { engine } = await simulate({ version: engineVersion });
  const docker = new Dockerode({ socketPath: engine.socketPath, version });
  expect(await refusalOf(docker.info())).toEqual({ status: 400, message });
});

test("what no daemon knows is not found", async () => {
  const { engine } = await simulate();
  expect(await get(engine.socketPath, "/nothing")).toMatchObject({
    status: 404,
    body: '{"message":"page not found"}\n',
  });
});

test("an engine that refuses everything refuses its ping too, until it is told otherwise", async () => {
  const { docker, engine } = await simulate({ refuseEverything: true });
  expect(await refusalOf(docker.ping())).toEqual({
    status: 500,
    message: "simulated: everything is refused",
  });
  engine.world.refuseEverything = false;
  expect(String(await docker.ping())).toBe("OK");
});

test("images exist whose name says what they run, or only those of a list", async () => {
  const endless = await simulate();
  expect(await refusalOf(endless.docker.getImage("rootless-stress/none:such").inspect())).toEqual({
    status: 404,
    message: "No such image: rootless-stress/none:such",
  });
  const { Id } = await endless.docker.getImage("rootless-stress/redis:debian-1").inspect();
  expect(Id).toMatch(/^sha256:[0-9a-f]{64}$/);
  const { docker } = await simulate({ images: ["redis"] });
  expect(await docker.getImage("redis:latest").inspect()).toMatchObject({
    RepoTags: ["redis:latest"],
  });
  expect(await refusalOf(docker.getImage("mysql:8.0").inspect())).toEqual({
    status: 404,
    message: "No such image: mysql:8.0",
  });
  expect(await docker.listImages()).toHaveLength(1);
});

test("options that cannot be are refused before anything listens", async () => {
  const pools = [{ base: "10.0.0.0/16", size: 8 }];
  await expect(startFakeEngine({ socketPath: "/nowhere", pools })).rejects.toThrow(
    /smaller prefix/,
  );
});

test("stop ends calls that wait, and may be repeated", async () => {
  const { docker, engine } = await simulate({
    faults: [{ operation: "network.create", nth: 1, kind: "hang" }],
  });
  const waiting = docker.createNetwork({ Name: "n" });
  const ended = expect(waiting).rejects.toThrow(/socket hang up|ECONNRESET/);
  await expect.poll(() => engine.world.injected.length).toBe(1);
  await engine.stop();
  await engine.stop();
  await ended;
});
