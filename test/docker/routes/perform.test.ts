import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Dockerode from "dockerode";
import { expect, onTestFinished, test } from "vitest";
import { readRoutes, watchTraffic } from "../../../docker/routes/perform.ts";
import { NET_FILES } from "../../../harness/core/routes/route-table.ts";
import { millis } from "../../../harness/core/units.ts";
import { ON_TWO_NETWORKS } from "../../harness/core/routes/captured.ts";

const { signal } = new AbortController();

/** A container's log as the engine frames it, all of it from stdout. */
const framed = (text: string): Buffer => {
  const header = Buffer.alloc(8);
  header[0] = 1;
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
};

interface Asked {
  readonly call: string;
  readonly body: unknown;
}

/** A daemon that answers each call as told, by method and path, and keeps what it was asked. */
const daemon = async (answers: Readonly<Record<string, unknown>>) => {
  const directory = mkdtempSync(join(tmpdir(), "routes-"));
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.once("end", () => {
      const path = (request.url ?? "").split("?")[0] ?? "";
      const call = `${request.method ?? ""} ${path}`;
      const text = Buffer.concat(chunks).toString();
      asked.push({ call, body: text === "" ? null : JSON.parse(text) });
      const answer = answers[call];
      if (Buffer.isBuffer(answer)) {
        response.setHeader("content-type", "application/vnd.docker.raw-stream");
        response.end(answer);
        return;
      }
      response.statusCode = answer === undefined ? 404 : 200;
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(answer ?? { message: `No such thing: ${call}` }));
    });
  }).listen(join(directory, "s"));
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
    rmSync(directory, { recursive: true });
  });
  return { docker: new Dockerode({ socketPath: join(directory, "s") }), asked };
};

const OURS = { "rootless-stress.run": "r1", "rootless-stress.owner": "me", other: "not ours" };

const inspected = (
  { pid, address = "" }: { readonly pid: number; readonly address?: string },
  labels: Readonly<Record<string, string>> = OURS,
) => ({
  Id: "c1",
  State: { Running: pid > 0, Pid: pid },
  Config: { Labels: labels },
  NetworkSettings: { Networks: { back: { IPAddress: address, Gateway: "172.20.0.1" } } },
});

test("routes are read from this machine's processes, without anything being started", async () => {
  const { docker, asked } = await daemon({
    "GET /containers/app/json": inspected({ pid: process.pid }),
  });
  const { table, networks } = await readRoutes({ docker, container: "app" }, signal);
  expect(networks).toEqual([{ name: "back", gateway: "172.20.0.1" }]);
  expect(table.interfaces.map(({ name }) => name)).not.toContain("lo");
  expect(asked).toHaveLength(1);
});

test("a process with other addresses is not the container's: a helper on its network reads them", async () => {
  const printed = `${JSON.stringify(NET_FILES.map((file) => ON_TWO_NETWORKS[file]))}\n`;
  const { docker, asked } = await daemon({
    "GET /containers/app/json": inspected({ pid: process.pid, address: "203.0.113.7" }),
    "GET /images/json": [
      { Id: "older", Created: 1 },
      { Id: "newer", Created: 2 },
    ],
    "POST /containers/create": { Id: "helper" },
    "POST /containers/helper/start": {},
    "POST /containers/helper/wait": { StatusCode: 0 },
    "GET /containers/helper/logs": framed(printed),
    "DELETE /containers/helper": {},
  });
  expect(await readRoutes({ docker, container: "app" }, signal)).toMatchObject({
    table: { default4: { gateway: "172.21.0.1", interface: "eth1" } },
  });
  expect(asked.find(({ call }) => call === "POST /containers/create")?.body).toMatchObject({
    Image: "newer",
    Labels: { "rootless-stress.run": "r1", "rootless-stress.owner": "me" },
    HostConfig: { NetworkMode: "container:c1" },
  });
  expect(asked.at(-1)?.call).toBe("DELETE /containers/helper");
});

test("a helper that prints something else is removed, and what it printed is told", async () => {
  const { docker, asked } = await daemon({
    "GET /containers/app/json": inspected({ pid: process.pid, address: "203.0.113.7" }),
    "GET /images/json": [{ Id: "job", Created: 1 }],
    "POST /containers/create": { Id: "helper" },
    "POST /containers/helper/start": {},
    "POST /containers/helper/wait": { StatusCode: 127 },
    "GET /containers/helper/logs": framed("node: not found\n"),
    "DELETE /containers/helper": {},
  });
  await expect(readRoutes({ docker, container: "app" }, signal)).rejects.toThrow(
    "the container's routes cannot be read: node: not found",
  );
  expect(asked.at(-1)?.call).toBe("DELETE /containers/helper");
});

test.each([
  ["does not run", inspected({ pid: 0 }), "app does not run, so it has no routes"],
  [
    "is somebody else's, out of sight",
    inspected({ pid: process.pid, address: "203.0.113.7" }, {}),
    "the container's processes are not this machine's, and it is not of this tool",
  ],
])("of a container that %s nothing is read", async (_what, answer, words) => {
  const { docker, asked } = await daemon({ "GET /containers/app/json": answer });
  await expect(readRoutes({ docker, container: "app" }, signal)).rejects.toThrow(words);
  expect(asked).toHaveLength(1);
});

const APP = { step: "app", at: 2000, attachedAt: 1000, gateways: [], outside: null, held: [] };
const REQUESTS = {
  ...{ sent: 0, answered: 0, lost: 0, words: null, firstAnsweredAt: null },
  ...{ median: null, slowest: null, first: [] },
};
const PROXY = { step: "proxy", at: 2000, reachableAt: 1040, direct: REQUESTS, through: REQUESTS };

test("of what the programs say the last whole line counts", async () => {
  const lines = [JSON.stringify({ ...APP, at: 1500 }), JSON.stringify(APP), "(node:1) Warning: x"];
  const { docker } = await daemon({
    "GET /containers/app/logs": framed(`${lines.join("\n")}\n{"step":"ap`),
    "GET /containers/proxy/logs": framed(`${JSON.stringify(PROXY)}\n`),
  });
  const containers = { app: "app", proxy: "proxy" };
  expect(await watchTraffic({ docker, containers, watchFor: millis(1) }, signal)).toMatchObject({
    kind: "traffic",
    watched: 1000,
    reachable: 40,
    requests: [{ kind: "direct" }, { kind: "through" }],
  });
});

test("a program that ended is told by its last words", async () => {
  const { docker } = await daemon({
    "GET /containers/app/logs": framed("app: not an order: hosts is no list of addresses\n"),
  });
  const containers = { app: "app", proxy: null };
  await expect(watchTraffic({ docker, containers, watchFor: millis(1) }, signal)).rejects.toThrow(
    "app says nothing of its connections: app: not an order: hosts is no list of addresses",
  );
});

test("watching ends with the signal's own reason", async () => {
  const { docker } = await daemon({});
  const cancelled = AbortSignal.abort(new Error("the run was cancelled"));
  const containers = { app: "app", proxy: null };
  await expect(
    watchTraffic({ docker, containers, watchFor: millis(60_000) }, cancelled),
  ).rejects.toThrow("the run was cancelled");
});
