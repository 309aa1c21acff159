/**
 * What must not happen when things go wrong in the middle of a burst: a hang, a lost journal, a leftover, or
 * the removal of somebody else's container.
 */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import Dockerode from "dockerode";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { LABEL } from "../../harness/core/model.ts";
import { judge } from "../../harness/core/judge.ts";
import { readJournal } from "../../harness/run/journal.ts";
import { outDirectory, runStress, startStress, type Finished, type Running } from "./stress.ts";

/** An engine that outlives the runs of this file, as a user's own engine would. */
let engine: { readonly name: string; readonly host: string; readonly docker: Dockerode };

const listed = async (): Promise<readonly string[]> =>
  (await runStress(["engine", "list"])).stdout
    .trim()
    .split("\n")
    .filter((line) => line !== "");

beforeAll(async () => {
  const before = await listed();
  const up = await runStress(["engine", "up"]);
  const host = /DOCKER_HOST=(\S+)/.exec(up.stdout)?.[1] ?? `no engine: ${up.stderr}`;
  const line = (await listed()).find((each) => !before.includes(each)) ?? "";
  const socketPath = host.replace("unix://", "");
  engine = { name: line.split(" ")[0] ?? "", host, docker: new Dockerode({ socketPath }) };
  await runStress(["images", "build", "--host", host]);
});

afterAll(async () => {
  await runStress(["engine", "down", engine.name]);
});

const startBurst = (out: string): Running =>
  startStress([
    ...["--host", engine.host, "--images", "debian", "--out", out],
    ...["--n", "16", "--waves", "2", "--mode", "ports"],
  ]);

/** Resolves when the daemon has this many containers of ours: the burst is in full swing. */
const containersOfOurs = async (atLeast: number): Promise<void> => {
  const { docker } = engine;
  const events = await docker.getEvents({ filters: { type: ["container"], event: ["start"] } });
  let started = 0;
  for await (const chunk of events) {
    started += String(chunk)
      .split("\n")
      .filter((line) => line.includes(LABEL.run)).length;
    if (started >= atLeast) break;
  }
};

const leftovers = async () => {
  const filters = { label: [LABEL.run] };
  const containers = await engine.docker.listContainers({ all: true, filters });
  const networks = await engine.docker.listNetworks({ filters });
  return containers.length + networks.length;
};

/** Starts a burst, sends the signal once this many of its containers have started, and waits for its end. */
const killedInBurst = async (
  out: string,
  signal: NodeJS.Signals,
  atLeast: number,
): Promise<Finished> => {
  const inFullSwing = containersOfOurs(atLeast);
  const burst = startBurst(out);
  await inFullSwing;
  burst.process.kill(signal);
  return await burst.finished;
};

/** A container that no run of ours made, with a label that only looks like one of ours. */
const somebodyElses = async (): Promise<Dockerode.Container> => {
  const image = (await engine.docker.listImages())
    .flatMap(({ RepoTags }) => RepoTags ?? [])
    .find((tag) => tag.includes("redis"));
  return await engine.docker.createContainer({
    name: "somebody-elses",
    Image: image ?? "no redis image",
    Labels: { [`${LABEL.run}-not`]: "1" },
  });
};

const journalIn = (out: string): string => join(out, "latest", "events.ndjson");

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("%s stops the burst, tears down, and reports what ran", async (signal, code) => {
  const out = outDirectory();
  const finished = await killedInBurst(out, signal, 8);
  expect(finished.code, finished.stderr).toBe(code);
  expect(finished.stdout).toContain("=== N=16 ports");
  expect(await leftovers()).toBe(0);
  const summary = judge(readJournal(journalIn(out)));
  expect(summary.ended).toBe("interrupted");
  expect(summary.arms[0]?.jobs.unfinished).toBeGreaterThan(0);
  expect(readFileSync(join(out, "latest", "report.md"), "utf8")).toContain("interrupted");
});

test("after kill -9 the journal is readable, and `stress clean` removes the leftovers and nothing else", async () => {
  const out = outDirectory();
  await killedInBurst(out, "SIGKILL", 8);
  expect(judge(readJournal(journalIn(out))).ended).toBe("killed");
  expect(await leftovers()).toBeGreaterThan(0);

  const stranger = await somebodyElses();
  const clean = await runStress(["clean", "--host", engine.host]);
  expect(clean.code, clean.stderr).toBe(0);
  expect(await leftovers()).toBe(0);
  expect((await stranger.inspect()).Name).toBe("/somebody-elses");
  await stranger.remove();
});

test("the next run finishes the cleanup of a dead one", async () => {
  const out = outDirectory();
  await killedInBurst(out, "SIGKILL", 4);
  const next = await runStress([
    ...["--host", engine.host, "--images", "debian", "--out", out],
    ...["--n", "1", "--waves", "1", "--mode", "noports", "--services", "redis"],
  ]);
  expect(next.code, next.stderr).toBe(0);
  expect(next.stderr).toMatch(/removing what is left of run \S+: /);
  expect(await leftovers()).toBe(0);
});

test("an engine that runs other people's containers is refused without --shared-engine", async () => {
  const stranger = await somebodyElses();
  await stranger.start();
  const argv = [
    ...["--host", engine.host, "--images", "debian", "--out", outDirectory()],
    ...["--n", "1", "--waves", "1", "--mode", "noports", "--services", "redis"],
  ];
  const refused = await runStress(argv);
  expect(refused.code).toBe(3);
  expect(refused.stderr).toMatch(/somebody-elses.*--shared-engine/);
  expect((await runStress([...argv, "--shared-engine"])).code).toBe(0);
  await stranger.remove({ force: true });
});

test("a full disk ends the run in order: exit 3, the tally on stdout, and a readable journal", async () => {
  const out = outDirectory();
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "none", out]);
  onTestFinished(() => {
    execFileSync("umount", [out]);
  });
  const { code, stdout, stderr } = await runStress([
    ...["--engine", "fake", "--n", "16", "--waves", "2", "--out", out],
  ]);
  expect(code, stderr).toBe(3);
  expect(stdout).toContain("=== N=16 ports");
  expect(stderr).toMatch(/events\.ndjson is incomplete: ENOSPC/);
  expect(judge(readJournal(journalIn(out))).ended).toBe("killed");
});

test("when dockerd is killed in a burst the run ends with exit 3 and reports what ran", async () => {
  const out = outDirectory();
  const burst = startStress([
    ...["--engine", "managed", "--out", out, "--n", "16", "--waves", "2", "--mode", "ports"],
  ]);
  await burst.said(/wave 1 of 2/);
  // Its own dockerd, found by the runtime directory of the engine that this run started.
  const [, name = ""] = await burst.said(/Starting rootless engine (\S+):/);
  const line = (await listed()).find((each) => each.startsWith(`${name} `));
  const socket = /unix:\/\/(\S+)/.exec(line ?? "")?.[1];
  expect(socket).toBeDefined();
  const pid = daemonOf(socket ?? "");
  process.kill(pid, "SIGKILL");
  const finished = await burst.finished;
  expect(finished.code, finished.stderr).toBe(3);
  expect(finished.stdout).toContain("=== N=16 ports");
  expect(judge(readJournal(journalIn(out))).ended).toBe("engine-lost");
  // Nothing of that engine is left.
  expect((await listed()).filter((each) => each.startsWith(`${name} `))).toEqual([]);
});

/** The pid of the dockerd that was started with this socket's runtime directory. */
const daemonOf = (socket: string): number => {
  const runtimeDir = socket.slice(0, socket.lastIndexOf("/"));
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const pid = pids.find((each) => {
    try {
      const command = readFileSync(`/proc/${each}/cmdline`, "utf8").split("\0");
      const environment = readFileSync(`/proc/${each}/environ`, "utf8").split("\0");
      return (
        command[0]?.endsWith("dockerd") === true &&
        environment.includes(`XDG_RUNTIME_DIR=${runtimeDir}`)
      );
    } catch {
      return false;
    }
  });
  if (pid === undefined)
    throw new Error(`no dockerd at ${socket}: ${execFileSync("ps", ["ax"]).toString()}`);
  return Number(pid);
};
