/**
 * A failure, its journal, and the script made from it: on a real engine the script fails the same way, by the docker
 * CLI and by curl; without what was in the way it does not fail; and nothing of it stays.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import Dockerode from "dockerode";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { hostOccupant } from "../../docker/nemesis/host-occupant.ts";
import { identify } from "../../docker/managed/processes.ts";
import { defaultStateDir } from "../../docker/managed/state-directory.ts";
import { history } from "../../harness/core/history.ts";
import { LABEL } from "../../harness/core/model.ts";
import { failureOf } from "../../harness/core/outcome.ts";
import { readJournal } from "../../harness/run/journal.ts";
import { outDirectory, runStress } from "./stress.ts";

let engine: { readonly name: string; readonly host: string; readonly docker: Dockerode };

/** Four subnets, one of them taken by the default bridge. */
const SMALL_POOLS = { "default-address-pools": [{ base: "10.213.0.0/26", size: 28 }] };

beforeAll(async () => {
  const daemonJson = join(mkdtempSync(join(tmpdir(), "stress-live-")), "daemon.json");
  writeFileSync(daemonJson, JSON.stringify(SMALL_POOLS));
  const up = await runStress([
    ...["engine", "up", "--engine", "debian:bookworm", "--daemon-json", daemonJson],
  ]);
  rmSync(dirname(daemonJson), { recursive: true });
  const host = /DOCKER_HOST=(\S+)/.exec(up.stdout)?.[1] ?? `no engine: ${up.stderr}`;
  const name = /engine down (\S+)/.exec(up.stderr)?.[1] ?? `no engine: ${up.stderr}`;
  engine = { name, host, docker: new Dockerode({ socketPath: host.replace("unix://", "") }) };
  await runStress(["images", "build", "--host", host]);
});

afterAll(async () => {
  await runStress(["engine", "down", engine.name]);
});

/** The docker CLI of the engine's own release, alone in a directory for PATH. */
const cliDirectory = (): string => {
  const engines = join(defaultStateDir(process.env, process.geteuid?.() ?? -1), "engines");
  const [directory] = readdirSync(engines);
  const path = outDirectory();
  symlinkSync(
    join(engines, directory ?? "no engine directory", "bin/docker"),
    join(path, "docker"),
  );
  return path;
};

interface Ran {
  readonly code: number | null;
  readonly output: string;
}

const runScript = async (
  script: string,
  environment: Readonly<Record<string, string>>,
): Promise<Ran> => {
  const child = spawn("bash", ["-s"], {
    env: {
      PATH: `${cliDirectory()}:${process.env["PATH"] ?? ""}`,
      DOCKER_HOST: engine.host,
      ...environment,
    },
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.end(script);
  const [stdout, stderr] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "exit"),
  ]);
  return { code: child.exitCode, output: stdout + stderr };
};

interface Failure {
  readonly script: string;
  /** Of `stress explain`. */
  readonly explanation: string;
}

/** Runs one wave that is to fail, and has its first failed job explained and written as a script. */
const failureOfRun = async (...flags: readonly string[]): Promise<Failure> => {
  const out = outDirectory();
  const run = await runStress([
    ...["--host", engine.host, "--images", "debian", "--out", out],
    ...["--waves", "1", "--services", "redis", ...flags],
  ]);
  expect(run.code, run.stderr + run.stdout).toBe(1);
  const { waves } = history(readJournal(join(out, "latest", "events.ndjson")));
  const failed = waves
    .flatMap(({ jobs }) => jobs)
    .find(({ burst }) => burst.some((step) => failureOf(step) !== null));
  const which = ["latest", "--out", out, "--job", failed?.id ?? "no job failed"];
  const script = await runStress(["repro", ...which]);
  expect(script.code, script.stderr).toBe(0);
  const explanation = await runStress(["explain", ...which]);
  return { script: script.stdout, explanation: explanation.stdout };
};

const leftovers = async (): Promise<number> => {
  const filters = { label: [LABEL.run] };
  const containers = await engine.docker.listContainers({ all: true, filters });
  const networks = await engine.docker.listNetworks({ filters });
  return containers.length + networks.length;
};

/** Requires both ways to fail the same way, and to leave nothing behind. */
const expectSameFailure = async (script: string): Promise<void> => {
  for (const via of ["cli", "curl"]) {
    const { code, output } = await runScript(script, { VIA: via });
    expect(code, output).toBe(0);
    expect(output).toContain("FAILED THE SAME WAY");
    expect(await leftovers()).toBe(0);
    const holder = /by pid (\d+)/.exec(output)?.[1];
    if (holder !== undefined) expect(identify(Number(holder))).toBeNull();
  }
};

const expectNoFailure = async (script: string): Promise<void> => {
  const { code, output } = await runScript(script, { OCCUPY: "0" });
  expect(code, output).toBe(1);
  expect(await leftovers()).toBe(0);
};

const listening = async (port: number): Promise<Server> => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, "0.0.0.0", resolve));
  return server;
};

const closed = (server: Server): Promise<unknown> =>
  new Promise((resolve) => server.close(resolve));

test("a fixed port that a listener of the host holds", async () => {
  const server = await listening(6379);
  const { script, explanation } = await failureOfRun("--n", "1", "--mode", "ports-fixed");
  await closed(server);
  expect(explanation).toContain("Because: host_listener (shown)");
  await expectSameFailure(script);
  await expectNoFailure(script);
});

/** Holds ports with outbound connections as long as something is done. */
const whileHeld = async <Result>(
  ports: readonly number[],
  work: () => Promise<Result>,
): Promise<Result> => {
  const occupant = hostOccupant("outbound");
  onTestFinished(() => occupant.release());
  for (const port of ports) await occupant.hold(port, AbortSignal.timeout(10_000));
  const result = await work();
  await occupant.release();
  return result;
};

test("a fixed port that an outbound connection of the host uses", async () => {
  const { script, explanation } = await whileHeld([6379], () =>
    failureOfRun("--n", "1", "--mode", "ports-fixed"),
  );
  expect(explanation).toContain("Because: outbound_connection (inferred)");
  await expectSameFailure(script);
  await expectNoFailure(script);
});

test("dynamic ports of an engine that tries ten of them", async () => {
  const next = await nextPort();
  const ports = Array.from({ length: 14 }, (_, index) => next + index);
  const { script, explanation } = await whileHeld(ports, () =>
    failureOfRun("--n", "1", "--mode", "ports"),
  );
  expect(explanation).toContain("Because: outbound_connection (inferred)");
  await expectSameFailure(script);
});

/** The one that the daemon gives to the next container, which it tells by the last. */
const nextPort = async (): Promise<number> => {
  const image = (await engine.docker.listImages())
    .flatMap(({ RepoTags }) => RepoTags ?? [])
    .find((tag) => tag.includes("redis"));
  const container = await engine.docker.createContainer({
    Image: image ?? "no redis image",
    ExposedPorts: { "9/tcp": {} },
    HostConfig: { PortBindings: { "9/tcp": [{ HostPort: "" }] } },
  });
  await container.start();
  const { NetworkSettings } = await container.inspect();
  await container.remove({ force: true, v: true });
  return Number(NetworkSettings.Ports["9/tcp"]?.[0]?.HostPort) + 1;
};

test("address pools that other networks have used up", async () => {
  const networks = await usedUpPools();
  const { script, explanation } = await failureOfRun("--n", "1", "--mode", "noports");
  await Promise.all(networks.map((network) => network.remove()));
  expect(explanation).toContain("Because: subnets_taken (inferred)");
  await expectSameFailure(script);
  await expectNoFailure(script);
});

/** Networks until the daemon has no subnet for another. */
const usedUpPools = async (): Promise<readonly Dockerode.Network[]> => {
  const networks: Dockerode.Network[] = [];
  onTestFinished(async () => {
    await Promise.all(networks.map((network) => network.remove().catch(() => undefined)));
  });
  for (let number = 1; number <= 4; number += 1) {
    try {
      networks.push(
        await engine.docker.createNetwork({ Name: `somebody-elses-${String(number)}` }),
      );
    } catch {
      return networks;
    }
  }
  throw new Error("four subnets, one of them the default bridge's, were enough for four networks");
};

test("a fixed port that another job of the same run had first", async () => {
  const { script, explanation } = await failureOfRun("--n", "2", "--mode", "ports-fixed");
  expect(explanation).toContain("Because: same_run");
  await expectSameFailure(script);
  await expectNoFailure(script);
});
