import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { userInfo } from "node:os";
import { expect, onTestFinished, test } from "vitest";
import { engineUnder } from "../../../docker/evidence/engine-under.ts";
import type { Surroundings } from "../../../docker/evidence/engines.ts";
import { HolderSearch, holdersOf } from "../../../docker/evidence/holders.ts";
import { readProcesses } from "../../../docker/evidence/process-table.ts";
import { readSockets, type Socket } from "../../../docker/evidence/sockets.ts";
import { userNames, userNamesIn } from "../../../docker/evidence/users.ts";
import { listener } from "./processes-of-a-test.ts";

const surroundings = async (): Promise<Surroundings> => ({
  engine: await engineUnder(null),
  processes: (await readProcesses()) ?? new Map(),
  users: await userNames(),
});

const socketsOn = async (port: number): Promise<readonly Socket[]> =>
  (await readSockets({ kind: "host" }))?.onPort(port) ?? [];

const holdersOn = async (port: number) => [
  ...(await holdersOf(await socketsOn(port), await surroundings())).values(),
];

test("a listener's holder is found with pid, user and command", async () => {
  const { pid, port } = await listener("myserver", "--verbose");
  const [holder, ...others] = await holdersOn(port);
  expect(others).toEqual([]);
  expect(holder).toMatchObject({
    pid,
    uid: userInfo().uid,
    user: userInfo().username,
    part: "none",
  });
  expect(holder?.command).toMatch(/^myserver -e .* -- --verbose$/);
});

test("a socket of this process is the harness's", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  expect(await holdersOn(port)).toMatchObject([{ pid: process.pid, part: "harness" }]);
});

test("a command is one line that no terminal obeys, cut with a mark after 300 characters", async () => {
  const { port } = await listener("evil\u001b[31m\nname\u0007", "x".repeat(400));
  const [holder] = await holdersOn(port);
  expect(holder?.command).toMatch(/^evil \[31m name {2}-e/);
  expect(holder?.command).not.toMatch(/\p{Cc}/u);
  expect(holder?.command).toMatch(/^.{300}… \([\d,]+ characters\)$/);
});

test("of a socket that nobody holds there is no holder", async () => {
  const [socket] = await socketsOn((await listener("any")).port);
  if (socket === undefined) throw new Error("the listener's own socket is not in the table");
  const sockets = [{ ...socket, inode: 0 }];
  expect(await holdersOf(sockets, await surroundings())).toEqual(new Map());
});

test("who searches while a search is under way shares the next with all others", async () => {
  const { pid, port } = await listener("any");
  let readings = 0;
  const search = new HolderSearch(async () => {
    readings += 1;
    return await surroundings();
  });
  const sockets = await socketsOn(port);
  const found = await Promise.all(Array.from({ length: 16 }, () => search.find(sockets)));
  expect(readings).toBe(2);
  expect(found.map((each) => each?.holders.get(sockets[0]?.inode ?? 0)?.pid)).toEqual(
    Array.from({ length: 16 }, () => pid),
  );
});

test("a uid has the first name that the table of users gives it", () => {
  const users = userNamesIn("root:x:0:0::/root:/bin/sh\ntoor:x:0:0::/root:/bin/sh\n\n+\n");
  expect([...users]).toEqual([[0, "root"]]);
});
