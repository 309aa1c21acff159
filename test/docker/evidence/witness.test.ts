import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { createWitness } from "../../../docker/evidence/witness.ts";
import type { SightOf } from "../../../harness/core/evidence.ts";
import type { Witness } from "../../../harness/core/ports.ts";
import { answering, scratch, type Reply } from "./answering.ts";
import { listener } from "./processes-of-a-test.ts";

const witnessOf = async (reply: (path: string) => Reply, deadlineMs = 2000) => {
  const engine = await answering(reply);
  const witness = createWitness({ ...engine, log: null, runDirectory: null, deadlineMs });
  return { witness, asked: engine.asked };
};

const lookAtPort = async (witness: Witness, port: number): Promise<SightOf<"port">> => {
  const sight = await witness.look({ about: "port", port, hostIp: "0.0.0.0" });
  if (sight.about !== "port") throw new Error("another question was answered");
  return sight;
};

const EMPTY = { json: [] };

test("a foreign listener is seen with its holder, an own one as the harness's", async () => {
  const { witness } = await witnessOf(() => EMPTY);
  const foreign = await listener("myserver");
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const own = (server.address() as AddressInfo).port;
  const [theirs, ours] = await Promise.all([
    lookAtPort(witness, foreign.port),
    lookAtPort(witness, own),
  ]);
  expect(theirs.host).toMatchObject([
    { localPort: foreign.port, state: "listen", holder: { pid: foreign.pid, part: "none" } },
  ]);
  expect(ours.host).toMatchObject([
    { localPort: own, state: "listen", holder: { pid: process.pid, part: "harness" } },
  ]);
  expect(theirs.containers).toEqual([]);
  expect(theirs.otherEngines).toBeInstanceOf(Array);
  expect(theirs.unprivilegedStart).toBeGreaterThanOrEqual(0);
  // Neither a daemon nor RootlessKit is visible behind this socket.
  expect(theirs).toMatchObject({ engine: null, forwards: null, rules: null });
});

test("what comes after the call is seen by the look after it", async () => {
  const { witness } = await witnessOf(() => EMPTY);
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const before = lookAtPort(witness, port);
  server.close();
  await once(server, "close");
  const after = lookAtPort(witness, port);
  await before;
  expect((await after).host).toEqual([]);
});

test("sixteen questions at once about different ports ask the engine twice", async () => {
  const { witness, asked } = await witnessOf(() => EMPTY);
  const ports = Array.from({ length: 16 }, (_, index) => 20_000 + index);
  const sights = await Promise.all(ports.map((port) => lookAtPort(witness, port)));
  expect(sights.map(({ port }) => port)).toEqual(ports);
  expect(asked).toEqual(["/containers/json?all=true", "/containers/json?all=true"]);
});

test("a daemon that hangs is null in time, and what lies beside it is seen all the same", async () => {
  const { witness } = await witnessOf(() => "never", 50);
  const { pid, port } = await listener("myserver");
  const sight = await lookAtPort(witness, port);
  expect(sight.containers).toBeNull();
  expect(sight.host).toMatchObject([{ holder: { pid } }]);
  expect(await witness.look({ about: "subnets" })).toEqual({ about: "subnets", networks: null });
  const name = { about: "name", kind: "container", name: "x" } as const;
  expect(await witness.look(name)).toEqual({ ...name, holders: null });
  expect(await witness.look({ about: "daemon", hang: true })).toEqual({
    about: "daemon",
    state: null,
    pid: null,
    answers: false,
    goroutines: null,
  });
});

test("goroutines are asked for where the daemon hangs, and not where it may only be at work", async () => {
  const engine = await answering((path) =>
    path.startsWith("/debug/") ? { text: "goroutine 1 [running]:\n" } : { json: "OK" },
  );
  const witness = createWitness({ ...engine, log: null, runDirectory: scratch() });
  expect(await witness.look({ about: "daemon", hang: false })).toMatchObject({ goroutines: null });
  expect(engine.asked).toEqual(["/_ping"]);
  expect(await witness.look({ about: "daemon", hang: true })).toMatchObject({
    goroutines: "goroutines-1.txt",
  });
});

test("without RootlessKit and log in sight, they are null and not empty", async () => {
  const { witness } = await witnessOf(() => EMPTY);
  expect(await witness.ports()).toEqual({ forwards: null, engineListening: null });
  expect(await witness.log()).toBeNull();
  expect((await witness.counters()).forwards).toBeNull();
});

test("the log is that of its source", async () => {
  const engine = await answering(() => EMPTY);
  const log = { newLines: () => Promise.resolve(["one", "two"]) };
  const witness = createWitness({ ...engine, log, runDirectory: null });
  expect(await witness.log()).toEqual(["one", "two"]);
});
