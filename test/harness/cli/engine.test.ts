/**
 * `stress engine add|list|remove`, on a state directory of the test's own and with archives from a server on loopback.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readCommandLine } from "../../../harness/cli/command-line/read.ts";
import { createNarrator } from "../../../harness/cli/narrator.ts";
import type { Shell } from "../../../harness/cli/shell.ts";
import {
  dockerFiles,
  serveFiles,
  sha256,
  temporary,
} from "../../docker/managed/archives-of-a-test.ts";

const stress = async (stateDir: string, ...argv: readonly string[]) => {
  const said: string[] = [];
  const printed: string[] = [];
  const controller = new AbortController();
  const sink = { write: (text: string) => said.push(text) };
  const narrator = createNarrator({ stderr: sink, level: "info", format: "text" });
  const plain = (text: string): string => text;
  const shell: Shell = {
    argv,
    environment: {},
    stateDir,
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
  const { command } = await readCommandLine(["engine", ...argv], {});
  const code = await command.perform(shell);
  return { code, printed: printed.join(""), said: said.join("") };
};

const LINE = (version: string, kind: string): RegExp =>
  new RegExp(`^${version}  archive  /\\S+/engines/archive-${version}-\\S+  \\d+ kB  ${kind}\n$`);

test("a version is added from another place, listed, and removed", async () => {
  const files = dockerFiles("28.5.2", "/mirror");
  const { address } = await serveFiles(files);
  const state = join(temporary(), "state");
  const from = ["--from", `${address}/mirror/`];
  const sums = Object.values(files).flatMap((content) => ["--sha256", sha256(content)]);
  const added = await stress(state, "add", "28.5.2", ...from, ...sums);
  expect(added.printed).toMatch(LINE("28.5.2", "verified"));
  expect(added.said).toContain(`Downloading ${address}/mirror/docker-rootless-extras-28.5.2.tgz`);
  expect((await stress(state, "list")).printed).toBe(added.printed);
  expect(await stress(state, "remove", "28.5.2")).toMatchObject({ code: 0, printed: "" });
  expect(readdirSync(join(state, "engines"))).toEqual([]);
});

test("one taken at its word stays marked as such in the list", async () => {
  const { address } = await serveFiles(dockerFiles("28.5.2"));
  const state = join(temporary(), "state");
  await stress(state, "add", "28.5.2", "--from", address, "--unverified");
  expect((await stress(state, "list")).printed).toMatch(LINE("28.5.2", "not verified"));
});

test("an archive's address brings the one beside it, its checksums may stand behind it", async () => {
  const files = dockerFiles("28.5.2");
  const { address } = await serveFiles(files);
  const sums = Object.values(files).map(sha256).join(",");
  const source = `${address}/docker-28.5.2.tgz#sha256=${sums}`;
  const { printed } = await stress(join(temporary(), "state"), "add", source);
  expect(printed).toMatch(LINE("28.5.2", "verified"));
});

test.each<[readonly string[], RegExp]>([
  [["add"], /^engine add needs debian:SUITE, a version, or archives/],
  [["add", "28.5.2"], /docker-28\.5\.2\.tgz.*Docker publishes no checksums.*--unverified/],
  [["add", "28.5.2", "29.0.0"], /one engine at a time/],
  [["add", "debian:sid", "e.tgz"], /one engine at a time/],
  [["add", "/opt/engine"], /needs no adding/],
  [["add", "installed"], /needs no adding/],
  [["add", "debian:sid", "--unverified"], /apt verifies/],
  [
    ["add", "e.tgz", "--from", "http://m.example"],
    /^--from says where the archives of one version/,
  ],
  [["add", "28.5.2", "--sha256", "abc"], /^--sha256 must be 64 hex digits, not "abc"/],
  [["add", "./nowhere/e.tgz"], /^No archive \//],
  [["remove"], /needs a name/],
  [["remove", "28.5.2", "29.0.0"], /takes one name, and not also "29\.0\.0"/],
  [["remove", "28.5.2"], /^no engine 28\.5\.2 has been added \(there is none\)/],
  [["up", "28.5.2"], /say --engine 28\.5\.2/],
  [["up", "--engine", "28.5.2"], /^no engine 28\.5\.2 has been added/],
  [["down", "a", "b"], /takes one name/],
])("engine %j is refused as usage, and leaves nothing", async (argv, words) => {
  const state = join(temporary(), "state");
  const refused = stress(state, ...argv);
  await expect(refused).rejects.toThrow(expect.objectContaining({ exitCode: 64 }));
  await expect(refused).rejects.toThrow(words);
  await expect(refused).rejects.not.toThrow(/\n/);
});

test.each([
  ["28.5.2", { kind: "source", source: { kind: "version", version: "28.5.2" } }],
  ["debian:sid", { kind: "source", source: { kind: "debian", suite: "sid" } }],
  ["e.tgz", { kind: "source", source: { kind: "archive", from: "e.tgz" } }],
  ["at-hand", { kind: "managed" }],
  ["installed", { kind: "source", source: { kind: "installed" } }],
  ["./28.5.2", { kind: "directory", path: "./28.5.2" }],
])("--engine %s chooses %o", async (text, engine) => {
  const run = await readCommandLine(["run", "--engine", text], {});
  expect(run.command.options).toMatchObject({ engine });
  const up = await readCommandLine(["engine", "up", "--engine", text], {});
  expect(up.command.options).toMatchObject({ engine });
});
