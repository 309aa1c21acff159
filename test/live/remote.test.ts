/**
 * `stress remote` over a real sshd: its own key, its own port, on loopback.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { defaultStateDir } from "../../docker/managed/state-directory.ts";
import { runProgram } from "../../docker/managed/program.ts";
import { listEngines } from "../../docker/managed/engine.ts";
import { startSshServer, type SshServer } from "./ssh-server.ts";
import { MAIN, outDirectory, runStress, startStress } from "./stress.ts";

const directory = mkdtempSync(join(tmpdir(), "stress-ssh-"));
let server: SshServer;
let path: string;

beforeAll(async () => {
  server = await startSshServer(directory, AbortSignal.timeout(300_000));
  path = process.env["PATH"] ?? "";
  process.env["PATH"] = `${server.programs}:${path}`;
});

afterAll(async () => {
  process.env["PATH"] = path;
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
});

const remoteArguments = (out: string, run: readonly string[], options = server.options) => [
  ...["remote", "root@127.0.0.1", "--out", out, "--command", `${process.execPath} ${MAIN}`],
  ...options.flatMap((option) => ["--ssh-option", option]),
  "--",
  ...["run", ...run],
];

/** What runs of other machines are kept in until they were fetched. */
const keptThere = (): readonly string[] =>
  readdirSync("/tmp").filter((name) => name.startsWith("rootless-stress-remote."));

test("a run over ssh is here afterwards, and nothing is left over there", async () => {
  const out = outDirectory();
  const { code, stdout, stderr } = await runStress(
    remoteArguments(out, ["--engine", "fake", "--n", "3", "--waves", "1"]),
  );
  expect(stderr).toContain("root@127.0.0.1: wave 1 of 2");
  expect(stdout).toMatch(/^root@127\.0\.0\.1: run \S+: HOLDS \(SIMULATED\): 6 of 6 jobs OK$/m);
  expect(code).toBe(0);
  const [run = ""] = readdirSync(out);
  expect(existsSync(join(out, run, "events.ndjson"))).toBe(true);
  expect(readFileSync(join(out, run, "report.md"), "utf8")).toContain("SIMULATED");
  expect(keptThere()).toEqual([]);
});

test("a host whose key nobody knows is not let pass", async () => {
  const options = server.options.map((option) =>
    option.startsWith("UserKnownHostsFile") ? "UserKnownHostsFile=none" : option,
  );
  const { code, stderr } = await runStress(
    remoteArguments(outDirectory(), ["--engine", "fake"], options),
  );
  expect(code).toBe(3);
  expect(stderr).toMatch(/root@127\.0\.0\.1: cannot be reached: .*[Hh]ost key/);
});

test("a real engine over there runs a burst of two", async () => {
  const out = outDirectory();
  const { code, stdout } = await runStress(
    remoteArguments(out, [
      ...["--engine", "managed", "--n", "2", "--waves", "1", "--mode", "noports"],
      ...["--services", "redis"],
    ]),
  );
  expect(stdout).toMatch(/^root@127\.0\.0\.1: run \S+: HOLDS: 2 of 2 jobs OK$/m);
  expect(code).toBe(0);
});

test("Ctrl-C ends the run over there too, and what there is of it is fetched", async () => {
  const out = outDirectory();
  const before = listEngines(defaultStateDir(process.env, 0)).map(({ name }) => name);
  const stress = startStress(
    remoteArguments(out, [
      ...["--engine", "managed", "--n", "2", "--waves", "100", "--mode", "noports"],
      ...["--services", "redis"],
    ]),
  );
  await stress.said(/root@127\.0\.0\.1: wave 2 of 100/);
  stress.process.kill("SIGINT");
  const { code, stdout } = await stress.finished;
  expect(code).toBe(130);
  expect(stdout).toContain("the run was interrupted");
  expect(readdirSync(out)).toHaveLength(1);
  expect(keptThere()).toEqual([]);
  const after = listEngines(defaultStateDir(process.env, 0)).map(({ name }) => name);
  expect(after.filter((name) => !before.includes(name))).toEqual([]);
});

/** Processes with a path below this directory among their arguments. */
const processesAt = (kept: string): readonly string[] =>
  readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(kept);
    } catch {
      return false;
    }
  });

test("whoever started the run is killed, and the run over there ends", async () => {
  const out = outDirectory();
  const stress = startStress(
    remoteArguments(out, ["--engine", "fake", "--n", "2", "--waves", "1000"]),
  );
  const [, journal = ""] = await stress.said(/root@127\.0\.0\.1: run \S+, .* journal in (\S+)/);
  const kept = dirname(journal);
  const running = processesAt(kept);
  expect(running).not.toEqual([]);
  stress.process.kill("SIGKILL");
  await stress.finished;
  const signal = AbortSignal.timeout(60_000);
  for (const pid of running) {
    await runProgram("tail", [`--pid=${pid}`, "--follow", "/dev/null"], { signal });
  }
  // Kept if it could not be sent any more.
  rmSync(kept, { recursive: true, force: true });
});
