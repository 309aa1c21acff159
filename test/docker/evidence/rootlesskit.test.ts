import { expect, test } from "vitest";
import { rootlesskitForwards, rootlesskitInfo } from "../../../docker/evidence/rootlesskit.ts";
import { answering } from "./answering.ts";

const saying = async (text: string): Promise<string> =>
  (await answering(() => ({ text }), "api.sock")).socketPath;

test("RootlessKit's version and drivers are read", async () => {
  const socket = await saying(
    '{"apiVersion":"1.1.1","version":"1.1.0","stateDir":"/s","childPID":7,' +
      '"networkDriver":{"driver":"slirp4netns","dns":["10.0.2.3"]},"portDriver":{"driver":"builtin"}}',
  );
  expect(await rootlesskitInfo(socket)).toEqual({
    version: "1.1.0",
    networkDriver: "slirp4netns",
    portDriver: "builtin",
  });
});

test("a RootlessKit without a port driver says so", async () => {
  const socket = await saying('{"version":"2.0.0","networkDriver":{"driver":"pasta"}}');
  expect(await rootlesskitInfo(socket)).toMatchObject({ portDriver: null });
});

test("forwards come in the order of their ids, with the child's address if one is said", async () => {
  const socket = await saying(
    '[{"id":2,"spec":{"proto":"tcp6","parentIP":"::","parentPort":8080,"childIP":"127.0.0.1","childPort":8081}},' +
      '{"id":1,"spec":{"proto":"tcp","parentIP":"0.0.0.0","parentPort":80,"childPort":81}}]',
  );
  const [first, second] = (await rootlesskitForwards(socket)) ?? [];
  expect(first).toEqual({
    id: 1,
    protocol: "tcp",
    parentIp: "0.0.0.0",
    parentPort: 80,
    childIp: null,
    childPort: 81,
  });
  expect(second).toMatchObject({ id: 2, protocol: "tcp6", childIp: "127.0.0.1" });
});

test.each(["[]", "null"])("%s are no forwards, and that is known", async (text) => {
  expect(await rootlesskitForwards(await saying(text))).toEqual([]);
});

test.each(["", "{}", '{"message":"page not found"}'])("%j is nobody we know", async (text) => {
  const socket = await saying(text);
  expect(await rootlesskitInfo(socket)).toBeNull();
  expect(await rootlesskitForwards(socket)).toBeNull();
});

test("a refusal is no list of forwards", async () => {
  const { socketPath } = await answering(() => 500);
  expect(await rootlesskitForwards(socketPath)).toBeNull();
});

test("where nobody answers, nothing is known", async () => {
  expect(await rootlesskitInfo("/nonexistent/api.sock")).toBeNull();
  expect(await rootlesskitForwards("/nonexistent/api.sock")).toBeNull();
});
