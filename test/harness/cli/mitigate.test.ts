/**
 * The ladder from the command to its report, on simulated engines, and what is emitted from it.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { adviseCommand, type AdviseOptions } from "../../../harness/cli/commands/advise.ts";
import { mitigateCommand, type MitigateOptions } from "../../../harness/cli/commands/mitigate.ts";
import { readCommandLine } from "../../../harness/cli/command-line/read.ts";
import { createNarrator } from "../../../harness/cli/narrator.ts";
import type { Shell } from "../../../harness/cli/shell.ts";
import { climbSchema } from "../../../harness/core/climb.ts";
import { judge } from "../../../harness/core/judge.ts";
import { RUNG_NAMES } from "../../../harness/core/ladder.ts";
import { parseNemesis } from "../../../harness/core/nemesis.ts";
import { seconds } from "../../../harness/core/units.ts";
import { readJournal } from "../../../harness/run/journal.ts";

const plain = (text: string): string => text;

const temporary = (): string => {
  const directory = mkdtempSync(join(tmpdir(), "stress-mitigate-"));
  onTestFinished(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  return directory;
};

const mitigate = async (changes: Partial<MitigateOptions> = {}) => {
  const out = temporary();
  const controller = new AbortController();
  const said: string[] = [];
  const printed: string[] = [];
  const sink = { write: (text: string) => said.push(text) };
  const narrator = createNarrator({ stderr: sink, level: "info", format: "text" });
  const shell: Shell = {
    argv: [],
    environment: {},
    stateDir: join(out, "state"),
    signal: controller.signal,
    cancel: (reason) => {
      controller.abort(reason);
    },
    interruptedBy: () => null,
    narrator,
    say: narrator.say,
    print: (text) => printed.push(text),
    paint: { good: plain, bad: plain, dim: plain, bold: plain },
  };
  const options: MitigateOptions = {
    rungs: RUNG_NAMES,
    n: 8,
    waves: 4,
    retries: 3,
    lockFile: join(out, "a.lock"),
    engine: { kind: "fake" },
    sharedEngine: false,
    freshEngine: "never",
    services: ["redis"],
    images: null,
    nemeses: [parseNemesis("occupy:4:ephemeral")],
    seed: "ladder",
    timeout: seconds(30),
    out,
    json: false,
    dryRun: false,
    ...changes,
  };
  const code = await mitigateCommand(options, shell);
  return { code, out, printed: printed.join(""), said: said.join("") };
};

const advise = (options: Partial<AdviseOptions> & Pick<AdviseOptions, "out">) => {
  const said: string[] = [];
  let printed = "";
  const code = adviseCommand(
    { run: "latest", emit: [], directory: null, ...options },
    { say: (line) => void said.push(line), print: (text) => void (printed += text) },
  );
  return { code, said, printed };
};

test("under connections of the host, what keeps out of their way is told from what does not", async () => {
  const { code, out, printed } = await mitigate();
  const told = climbSchema.parse(
    JSON.parse(readFileSync(join(out, "latest", "ladder.json"), "utf8")),
  );
  const failed = Object.fromEntries(
    told.rungs.map(({ rung, failures }) => [rung, failures?.failed ?? null]),
  );
  expect(failed).toEqual({
    ...{ nothing: 16, "wide-pools": 16, loopback: 16, "fewer-ports": 16 },
    ...{ serialise: 16, "lock-file": 16 },
    ...{ "disjoint-range": 0, retry: 0, "ports-block": 0, noports: 0 },
  });
  expect(told.advice).toMatchObject({ verdict: "stops", rung: "disjoint-range" });
  expect(told.rungs.find(({ rung }) => rung === "retry")?.tries).toMatchObject({
    jobs: 32,
    never: 0,
  });
  expect(printed).toContain("\nSTOPS (SIMULATED): disjoint-range\n");
  expect(readFileSync(join(out, "latest", "ladder.md"), "utf8")).toContain("## retry, by try");
  expect(code).toBe(0);

  const events = readJournal(join(out, "latest", "events.ndjson"));
  expect(judge(events).command).toContain("mitigate");

  // What the run supports is emitted, and nothing else is.
  const to = join(out, "files");
  const emitted = advise({ out, emit: ["systemd", "daemon.json", "workflow"], directory: to });
  expect(emitted.code).toBe(2);
  expect(emitted.said.filter((line) => line.startsWith("run "))).toEqual([
    expect.stringMatching(
      /^run \S+ does not support daemon.json: wide-pools\/.* no difference shown/,
    ),
  ]);
  expect(readFileSync(join(to, "rootless-stress.conf"), "utf8")).toContain("13312 15359");
  expect(existsSync(join(to, "daemon.json"))).toBe(false);
  // A file that is there may be in use.
  expect(() => advise({ out, emit: ["systemd"], directory: to })).toThrow(/cannot write .* EEXIST/);
  expect(advise({ out, emit: ["sysctl"] }).printed).toMatch(/\nnet.ipv4.ip_local_port_range = /);
  expect(advise({ out }).printed).toMatch(
    /^daemon.json {2}not supported: .*\n.*\n.*\nworkflow +supported by /,
  );
}, 120_000);

test("where nothing fails, nothing is advised, and that is no success", async () => {
  const { code, printed } = await mitigate({ rungs: ["retry"], waves: 1, nemeses: [], json: true });
  const told = climbSchema.parse(JSON.parse(printed));
  expect(told.advice.verdict).toBe("nothing-to-mend");
  expect(told.rungs.map(({ rung }) => rung)).toEqual(["nothing", "retry"]);
  expect(code).toBe(2);
});

test("no lock is taken where its file cannot be made, and no engine is started for it", async () => {
  const lockFile = "/nonexistent/a.lock";
  await expect(mitigate({ rungs: ["lock-file"], lockFile })).rejects.toThrow(
    /^--mitigation lock-file: ENOENT/,
  );
});

test.each<[argv: readonly string[], options: object]>([
  [["mitigate"], { rungs: RUNG_NAMES, n: 16, waves: 4, retries: 3, engine: { kind: "managed" } }],
  [
    ["mitigate", "--rungs", "retry,noports", "--retry", "2"],
    { rungs: ["retry", "noports"], retries: 2 },
  ],
  [["mitigate", "--host", "unix:///x"], { engine: { kind: "auto", host: "unix:///x" } }],
  [
    ["mitigate", "--nemesis", "occupy:9:ephemeral"],
    { nemeses: [{ kind: "occupy", ports: 9, by: "ephemeral" }] },
  ],
  [["advise"], { run: "latest", emit: [], directory: null }],
  [["advise", "r1", "--emit", "systemd"], { run: "r1", emit: ["systemd"], directory: null }],
])("%j is read as %o", async (argv, options) => {
  const { command } = await readCommandLine(argv, {});
  expect(command.options).toMatchObject(options);
});

test.each<[argv: readonly string[], words: string]>([
  [["mitigate", "--rungs", "prayer"], '--rungs "prayer" is not one of nothing, disjoint-range'],
  [["mitigate", "--rungs", "nothing"], "--rungs needs at least one beside nothing"],
  [["mitigate", "--lock-file", "a.lock"], "--lock-file must be an absolute path"],
  [
    ["advise", "--emit", "prayer"],
    '--emit "prayer" is not one of daemon.json, sysctl, systemd, workflow',
  ],
  [["advise", "--emit", "sysctl,systemd"], "--emit: several files need a directory: --to DIR"],
])("%j is refused", async (argv, words) => {
  await expect(readCommandLine(argv, {})).rejects.toThrow(words);
});
