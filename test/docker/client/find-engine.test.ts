import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { findEngine, parseHost } from "../../../docker/client/find-engine.ts";

/** A home with docker contexts and a rootless socket in it. */
const home = async (options: {
  readonly current?: string;
  readonly contexts?: readonly string[];
}) => {
  const directory = mkdtempSync(join(tmpdir(), "find-engine-"));
  const docker = join(directory, ".docker");
  mkdirSync(docker);
  writeFileSync(join(docker, "config.json"), JSON.stringify({ currentContext: options.current }));
  for (const name of options.contexts ?? []) {
    const meta = join(docker, "contexts/meta", createHash("sha256").update(name).digest("hex"));
    mkdirSync(meta, { recursive: true });
    const content = { Name: name, Endpoints: { docker: { Host: `unix:///of/${name}` } } };
    writeFileSync(join(meta, "meta.json"), JSON.stringify(content));
  }
  const rootless = createServer().listen(join(directory, "docker.sock"));
  await once(rootless, "listening");
  onTestFinished(() => {
    rootless.close();
    rmSync(directory, { recursive: true });
  });
  return directory;
};

test("the engine is found in the docker CLI's order", async () => {
  const directory = await home({ current: "now", contexts: ["flag", "env", "now"] });
  const environment: Record<string, string> = {
    HOME: directory,
    XDG_RUNTIME_DIR: directory,
    DOCKER_HOST: "unix:///of/host",
    DOCKER_CONTEXT: "env",
  };
  const found = (options: { host?: string; context?: string } = {}) =>
    findEngine({ environment, ...options }).description;
  expect(found({ host: "unix:///of/flag" })).toBe("unix:///of/flag (--host)");
  expect(found({ context: "flag" })).toBe('unix:///of/flag (--context "flag")');
  expect(found()).toBe("unix:///of/host (DOCKER_HOST)");
  delete environment["DOCKER_HOST"];
  expect(found()).toBe('unix:///of/env (DOCKER_CONTEXT "env")');
  delete environment["DOCKER_CONTEXT"];
  expect(found()).toBe('unix:///of/now (current docker context "now")');
  writeFileSync(join(directory, ".docker/config.json"), "{}");
  expect(found()).toBe(`unix://${directory}/docker.sock (rootless)`);
});

test.each([
  [
    "ssh://ci@box",
    /not timed over a network: run .* beside the daemon: stress remote ci@box -- run/,
  ],
  ["tcp://10.0.0.1:2375", /10\.0\.0\.1 is another machine/],
  ["tcp://localhost.example.org", /is another machine/],
  ["box:2375", /is not an address/],
  ["unix://", /is not an address/],
  ["", /is not an address/],
])("the address %j is refused", (host, message) => {
  expect(() => parseHost(host, "--host")).toThrow(message);
});

test("a tcp address without a port means Docker's own", () => {
  expect(parseHost("tcp://127.0.0.1", "--host").target).toEqual({
    kind: "tcp",
    host: "127.0.0.1",
    port: 2375,
  });
});

test("a context that does not exist is named", async () => {
  const directory = await home({});
  expect(() => findEngine({ context: "gone", environment: { HOME: directory } })).toThrow(
    /there is no docker context "gone"/,
  );
});
