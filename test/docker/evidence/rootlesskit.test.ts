import { createServer } from "node:http";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { rootlesskitInfo } from "../../../docker/evidence/rootlesskit.ts";

/** A runtime directory in which a RootlessKit answers with this body; the engine's own socket would lie in it. */
const answering = async (body: string): Promise<string> => {
  const directory = mkdtempSync(join(tmpdir(), "rootlesskit-"));
  mkdirSync(join(directory, "dockerd-rootless"));
  const server = createServer((_request, response) => response.end(body));
  server.listen(join(directory, "dockerd-rootless", "api.sock"));
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    rmSync(directory, { recursive: true });
  });
  return join(directory, "docker.sock");
};

test("RootlessKit's version and drivers are read beside the engine's socket", async () => {
  const socket = await answering(
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
  const socket = await answering('{"version":"2.0.0","networkDriver":{"driver":"pasta"}}');
  expect(await rootlesskitInfo(socket)).toMatchObject({ portDriver: null });
});

test.each(["", "[]", '{"message":"page not found"}'])("%j is nobody we know", async (body) => {
  expect(await rootlesskitInfo(await answering(body))).toBeNull();
});

test("where nobody answers, nothing is known", async () => {
  expect(await rootlesskitInfo("/nonexistent/docker.sock")).toBeNull();
});
