import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { HostServers } from "../../../docker/datapath/host-servers.ts";
import { isAlive, identify } from "../../../docker/managed/processes.ts";
import { listeningPorts } from "../../../docker/evidence/sockets.ts";

/** A program that listens on the port it is told, as both servers' command lines tell it. */
const LISTENS = `#!${process.execPath}
const port = Number(process.argv[process.argv.indexOf("--port") + 1]);
require("node:net").createServer().listen(port);
`;

const program = (text: string): string => {
  const directory = mkdtempSync(join(tmpdir(), "host-servers-"));
  onTestFinished(() => {
    rmSync(directory, { recursive: true });
  });
  const path = join(directory, "server");
  writeFileSync(path, text);
  chmodSync(path, 0o755);
  return path;
};

const openServers = (): HostServers => {
  const servers = new HostServers({ kind: "host" });
  onTestFinished(() => servers.close());
  return servers;
};

test("servers listen on ports of their own, once each, and end when they are told to", async () => {
  const path = program(LISTENS);
  const programs = () => Promise.resolve({ iperf3: path, redis: path });
  const servers = openServers();
  const [iperf3, redis, again] = await Promise.all([
    servers.of("iperf3", programs),
    servers.of("redis", programs),
    servers.of("iperf3", programs),
  ]);
  expect(again).toBe(iperf3);
  const ports = [iperf3.port, redis.port].toSorted((a, b) => a - b);
  expect(await listeningPorts(ports)).toEqual(ports);
  const identity = identify(iperf3.pid);
  await servers.close();
  expect(await listeningPorts(ports)).toEqual([]);
  expect(identity !== null && isAlive(identity)).toBe(false);
});

test("programs that cannot be had are asked for again the next time", async () => {
  const servers = openServers();
  const missing = () => Promise.reject(new Error("no packages"));
  await expect(servers.of("redis", missing)).rejects.toThrow("no packages");
  const path = program(LISTENS);
  const there = () => Promise.resolve({ iperf3: path, redis: path });
  await expect(servers.of("redis", there)).resolves.toHaveProperty("port");
});
