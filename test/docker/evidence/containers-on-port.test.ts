import { expect, test } from "vitest";
import { PortUsers } from "../../../docker/evidence/containers-on-port.ts";
import { LABEL } from "../../../harness/core/model.ts";
import { answering, type Reply } from "./answering.ts";

const OURS = { [LABEL.run]: "r1", [LABEL.job]: "j1" };

const RUNNING = {
  Id: "a1",
  Names: ["/web"],
  Labels: OURS,
  State: "running",
  Ports: [
    { IP: "0.0.0.0", PrivatePort: 80, PublicPort: 8080, Type: "tcp" },
    { IP: "::", PrivatePort: 80, PublicPort: 8080, Type: "tcp" },
    { IP: "0.0.0.0", PrivatePort: 53, PublicPort: 8080, Type: "udp" },
    { PrivatePort: 443, Type: "tcp" },
  ],
};
const STOPPED = { Id: "b2", Names: ["/old"], Labels: null, State: "exited", Ports: [] };
const CREATED = { Id: "c3", Names: ["/next"], Labels: OURS, State: "created", Ports: [] };
const BINDINGS = {
  HostConfig: {
    PortBindings: {
      "80/tcp": [{ HostIp: "127.0.0.1", HostPort: "8080" }],
      "81/tcp": [{ HostIp: "", HostPort: "" }],
      "82/tcp": null,
      "53/udp": [{ HostIp: "", HostPort: "8080" }],
    },
  },
};

const usersOf = async (reply: (path: string) => Reply) => {
  const engine = await answering(reply);
  const users = new PortUsers({ ask: engine.ask, deadlineMs: 2000 });
  return { ...engine, users };
};

const normally = (path: string): Reply =>
  path === "/containers/json?all=true"
    ? { json: [RUNNING, STOPPED, CREATED] }
    : path === "/containers/b2/json"
      ? { json: BINDINGS }
      : 404;

test("running containers have their ports, stopped ones those they ask for", async () => {
  const { users } = await usersOf(normally);
  const web = { container: "web", run: "r1", job: "j1", running: true, hostPort: 8080 };
  expect(await users.read()).toEqual([
    { ...web, hostIp: "0.0.0.0", containerPort: 80 },
    { ...web, hostIp: "::", containerPort: 80 },
    {
      container: "old",
      run: null,
      job: null,
      running: false,
      hostIp: "127.0.0.1",
      hostPort: 8080,
      containerPort: 80,
    },
  ]);
});

test("a stopped container is inspected once, and one of a burst that is being started not at all", async () => {
  const { users, asked } = await usersOf(normally);
  await users.read();
  await users.read();
  expect(asked).toEqual([
    "/containers/json?all=true",
    "/containers/b2/json",
    "/containers/json?all=true",
  ]);
});

test("a container that cannot be inspected leaves the question open", async () => {
  const { users } = await usersOf((path) =>
    path === "/containers/b2/json" ? 404 : normally(path),
  );
  expect(await users.read()).toBeNull();
});

test("an engine without containers says so", async () => {
  const { users } = await usersOf(() => ({ json: [] }));
  expect(await users.read()).toEqual([]);
});
