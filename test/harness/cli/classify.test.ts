/**
 * `stress classify` as a process: what goes in and what comes out, with which exit code.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { classifyCommand } from "../../../harness/cli/commands/classify.ts";
import { CORPUS } from "../../corpus/corpus.ts";

const MAIN = join(import.meta.dirname, "../../../dist/harness/cli/start.js");

const ADDPORT =
  "Error response from daemon: error while calling RootlessKit PortManager.AddPort(): listen tcp4 0.0.0.0:32768: bind: address already in use";

const start = (argv: readonly string[]) =>
  spawn(process.execPath, [MAIN, "classify", ...argv], {
    env: { PATH: process.env["PATH"] },
    stdio: ["pipe", "pipe", "pipe"],
  });

const classify = async (argv: readonly string[], stdin = "") => {
  const child = start(argv);
  child.stdin.on("error", () => undefined);
  child.stdin.end(stdin);
  const [stdout, stderr] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "exit"),
  ]);
  return { code: child.exitCode, stdout, stderr };
};

test.each([
  ["behind the command", [ADDPORT], ""],
  ["on stdin", [], ADDPORT],
  ["on stdin over several lines", [], ADDPORT.replaceAll(" ", "\n")],
])("a message %s gets class, phase, meaning, and what to do", async (_, argv, stdin) => {
  const { code, stdout } = await classify(argv, stdin);
  expect(code).toBe(0);
  expect(stdout).toMatchInlineSnapshot(`
    "class    port.rootlesskit_addport_in_use
    phase    container_start
    meaning  RootlessKit could not bind the port on the host: some socket there holds it
    retry    if-dynamic
    advice   publish nothing, or give the daemon's namespace its own ip_local_port_range, or remove the container and create it again: each new start gets another port
    source   moby/moby: daemon/libnetwork/internal/rlkclient/rootlesskit_client_linux.go
    words    error while calling RootlessKit PortManager.AddPort(): listen tcp4 0.0.0.0:32768: bind: address already in use
    "
  `);
});

test("the phase that was given counts, and decides what alone does not tell", async () => {
  const message = "listen tcp 0.0.0.0:80: bind: permission denied";
  const seen = await classify([message, "--phase", "container_log"]);
  expect(seen.stdout).toMatch(/^class +app\.startup_failed\nphase +container_log\n/);
  const asked = await classify([message, "--phase", "container_start"]);
  expect(asked.stdout).toMatch(/^class +port\.permission_privileged\nphase +container_start\n/);
});

test("--json is one object", async () => {
  const { code, stdout } = await classify([ADDPORT, "--json"]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    class: "port.rootlesskit_addport_in_use",
    phase: "container_start",
    retry: "if-dynamic",
    source: { repository: "moby/moby", versions: "28.0.0–29.7.2" },
  });
  const unknown = await classify(["something else", "--json"]);
  expect(JSON.parse(unknown.stdout)).toMatchObject({ class: "unknown", phase: null, source: null });
});

test("--ndjson names every line of the corpus and leaves all else as it was", async () => {
  const file = new URL("../../corpus/messages.jsonl", import.meta.url);
  const unnamed = readFileSync(file, "utf8").replace(/"class": "[^"]*", /g, "");
  const { code, stdout, stderr } = await classify(["--ndjson"], unnamed);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toBe(
    unnamed
      .trim()
      .split("\n")
      .map((line, at) => `${line.slice(0, -1)},"class":"${CORPUS[at]?.class ?? ""}"}\n`)
      .join(""),
  );
});

test("--ndjson keeps odd numbers and keys, replaces a class, and needs no last line break", async () => {
  const lines = [
    '{"id": 12345678901234567890, "n": 1.0, "text": "exchange full", "__proto__": {"a": 1}}  ',
    '{"class":"?","text":"exchange full","phase":null}',
    String.raw`{"text":"exchange full\u2028","x":{"}":"}"}}`,
  ];
  const { stdout } = await classify(["--ndjson"], lines.join("\n"));
  expect(stdout.split("\n")).toEqual([
    '{"id": 12345678901234567890, "n": 1.0, "text": "exchange full", "__proto__": {"a": 1},"class":"network.bridge_port_limit"}',
    '{"class":"network.bridge_port_limit","text":"exchange full","phase":null}',
    String.raw`{"text":"exchange full\u2028","x":{"}":"}"},"class":"network.bridge_port_limit"}`,
    "",
  ]);
});

test.each([
  ["not JSON", "{", "is not a JSON object"],
  ["a list", "[]", "is not a JSON object"],
  ["empty", "", "is not a JSON object"],
  ["without text", "{}", 'has no "text" that is a string'],
  ["with a text that is none", '{"text":1}', 'has no "text" that is a string'],
  ["of no known phase", '{"text":"x","phase":"lunch"}', 'has the phase "lunch", not one of'],
  ["with a phase that is no name", '{"text":"x","phase":1}', 'has a "phase" that is not a string'],
])("a line that is %s is named, and the lines before it are out", async (_, line, words) => {
  const good = '{"text":"exchange full"}\n';
  const { code, stdout, stderr } = await classify(["--ndjson"], `${good}${good}${line}\n${good}`);
  expect(code).toBe(64);
  expect(stdout.split("\n")).toHaveLength(3);
  expect(stderr).toMatch(/^stress: line 3 of stdin [^\n]+\n$/);
  expect(stderr).toContain(words);
});

test("what a message hides does not reach the terminal", async () => {
  const hostile = "\u001b]0;owned\u0007\u001b[2Jodd \u202eevil\u0000 \u009b31m\r\nport is";
  const { stdout } = await classify([], hostile);
  expect(stdout).toMatch(/^class +unknown\n/);
  expect(stdout).not.toMatch(/[^\P{Cc}\n]|\p{Cf}/u);
});

test.each([
  [["--phase", "lunch", "x"], "", /phase "lunch" is not one of network_create, /],
  [["--json", "--ndjson"], "", /--json and --ndjson exclude each other/],
  [["--ndjson", "x"], "", /--ndjson reads its messages from stdin/],
  [["--ndjson", "--phase", "exec"], "", /each line of --ndjson brings its own phase/],
  [[], "", /classify needs a message: this one is empty/],
  [[], " \n", /classify needs a message: this one is empty/],
])("%j with %j on stdin is refused in one line", async (argv, stdin, words) => {
  const { code, stdout, stderr } = await classify(argv, stdin);
  expect({ code, stdout }).toEqual({ code: 64, stdout: "" });
  expect(stderr).toMatch(words);
  expect(stderr.split("\n")).toHaveLength(2);
});

test("a reader that goes away ends it", async () => {
  const child = start(["--ndjson"]);
  child.stdin.on("error", () => undefined);
  child.stdout.destroy();
  const line = `${JSON.stringify({ text: "exchange full" })}\n`;
  const feeding = setInterval(() => child.stdin.write(line.repeat(1000)), 1);
  await once(child, "exit");
  clearInterval(feeding);
  expect(child.exitCode).toBe(0);
});

const shell = { print: () => undefined, signal: new AbortController().signal };

test("no message and a terminal on stdin is a mistake, not a wait", async () => {
  const input = Object.assign(new PassThrough(), { isTTY: true });
  const options = { message: null, phase: null, format: "text" } as const;
  await expect(
    classifyCommand(options, shell, { input, output: new PassThrough() }),
  ).rejects.toThrow("classify needs a message");
});

test("--ndjson takes no more than its reader does", async () => {
  const chunks = 100;
  const lines = `${JSON.stringify({ text: "exchange full" })}\n`.repeat(1000);
  let taken = 0;
  const input = new Readable({
    read() {
      taken += 1;
      this.push(taken > chunks ? null : lines);
    },
  });
  const output = new PassThrough();
  const options = { message: null, phase: null, format: "ndjson" } as const;
  const done = classifyCommand(options, shell, { input, output });
  void done.finally(() => output.end());
  for (let turn = 0; turn < 1000; turn += 1) await new Promise(setImmediate);
  // What fits into the streams between is taken; then nothing more is asked for until somebody reads.
  expect(taken).toBeLessThan(10);
  expect((await text(output)).split("\n")).toHaveLength(chunks * 1000 + 1);
  expect(await done).toBe(0);
});

test("a line without an end is refused after the first million characters", async () => {
  let taken = 0;
  const input = new Readable({
    read() {
      taken += 1;
      this.push("x".repeat(64 * 1024));
    },
  });
  const options = { message: null, phase: null, format: "ndjson" } as const;
  await expect(
    classifyCommand(options, shell, { input, output: new PassThrough() }),
  ).rejects.toThrow("line 1 of stdin is longer than 1,048,576 characters");
  expect(taken).toBeLessThan(30);
});
