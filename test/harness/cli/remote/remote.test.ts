/**
 * `stress remote` from its options to its exit code, with a shell of this machine in the place of ssh.
 */
import { EventEmitter, once } from "node:events";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { remoteCommand, type RemoteOptions } from "../../../../harness/cli/commands/remote.ts";
import { parseHosts } from "../../../../harness/cli/remote/hosts.ts";
import { removalScript } from "../../../../harness/cli/remote/script.ts";
import { toolVersion } from "../../../../harness/cli/version.ts";
import type { Paint } from "../../../../reports/paint.ts";
import { addNight, runOf } from "../nights.ts";
import { pathWithSsh, scratch } from "./shell-of-a-test.ts";

const same = (words: string): string => words;
const paint: Paint = { good: same, bad: same, dim: same, bold: same };

/**
 * What stands for the program on the other machine: answers `--version`, and otherwise does what the test says,
 * with the directory for its run in $out and its own arguments in $words.
 */
const program = (body: string, version = toolVersion()): string => {
  const path = join(scratch(), "program");
  const script = [
    "#!/bin/sh",
    `if [ "$1" = --version ]; then echo ${version}; exit; fi`,
    'words="$*"',
    'while [ $# -gt 1 ]; do if [ "$1" = --out ]; then out=$2; fi; shift; done',
    body,
  ];
  writeFileSync(path, `${script.join("\n")}\n`, { mode: 0o755 });
  return path;
};

/** A run to be left in $out, of a night with so many failures. */
const recordedNight = (night: number, failed = 0): string => addNight(scratch(), { night, failed });

/** Where the other machine has its temporary files: empty when nothing is left of a run. */
const remote = ({
  path = pathWithSsh(),
  ...options
}: Partial<RemoteOptions> & { command: string; host?: string; path?: string }) => {
  const [out, temporary] = [scratch(), scratch()];
  const said: string[] = [];
  const lines = new EventEmitter();
  let printed = "";
  const controller = new AbortController();
  const finished = remoteCommand(
    {
      hosts: parseHosts(options.host ?? "box"),
      sshOptions: [],
      args: ["run", "--n", "4"],
      out,
      json: false,
      ...options,
    },
    {
      environment: { PATH: path, TMPDIR: temporary, OUT: out },
      signal: controller.signal,
      interruptedBy: () => (controller.signal.aborted ? 130 : null),
      say: (line) => {
        said.push(line);
        lines.emit(line);
      },
      print: (text) => (printed += text),
      paint,
    },
  );
  return {
    cancel: () => {
      controller.abort();
    },
    said,
    /** Resolves when the line is said. */
    heard: (line: string) => once(lines, line),
    left: () => readdirSync(temporary),
    out,
    finished: finished.then((code) => ({ code, printed })),
  };
};

test("a run of another machine is here, its narration has the machine's name, and nothing is left over there", async () => {
  const night = recordedNight(1);
  const command = program(
    `echo "stress: asked for $words" >&2; cp -r ${night} "$out"; ln -s x "$out/latest"`,
  );
  const { finished, said, out, left } = remote({ command, args: ["run", "--seed", "it's"] });
  const { code, printed } = await finished;
  expect(code).toBe(0);
  expect(printed).toMatch(
    /^host +arm +N .*\nbox +ports +8 .*\n\nbox: run 20261101-040000-abcd: HOLDS: 8 of 8 jobs OK\n$/,
  );
  const run = runOf({ night: 1 });
  expect(said).toEqual([
    expect.stringMatching(/^box: asked for run --seed it's --out \/\S+$/),
    `box: run ${run} is in ${join(out, run)}`,
  ]);
  expect(readFileSync(join(out, run, "events.ndjson"))).toEqual(
    readFileSync(join(night, "events.ndjson")),
  );
  expect(readdirSync(out)).toEqual([run]);
  expect(left()).toEqual([]);
});

test("the worst of the hosts decides, and one that cannot be reached costs nothing but its own part", async () => {
  const night = recordedNight(1, 3);
  const command = program(`cp -r ${night} "$out"; exit 1`);
  const { finished } = remote({ command, host: "box,unreachable" });
  const { code, printed } = await finished;
  expect(code).toBe(1);
  expect(printed).toContain("box: run 20261101-040000-abcd: VIOLATED: 3 of 8 jobs failed\n");
  expect(printed).toContain("unreachable: UNKNOWN: cannot be reached: ssh: connect to host");
});

test("a lost host leaves the others' good result unknown", async () => {
  const command = program(`cp -r ${recordedNight(1)} "$out"`);
  const { finished } = remote({ command, host: "box,unreachable" });
  expect((await finished).code).toBe(2);
});

test.each([
  [
    "a version that may write otherwise",
    () => program("", "99.0.0"),
    /has version 99\.0\.0 and this is/,
  ],
  ["something else", () => program("", "hello"), /says "hello", which is no version/],
  ["nothing at all", () => "/nonexistent/program", /has no `\/nonexistent\/program`/],
  [
    "a run that does not begin",
    () => program('echo "stress: --n must be a whole number" >&2; exit 64'),
    /ended with 64 before it began: stress: --n must be a whole number/,
  ],
])("%s over there is said in one line, with exit 3", async (_, command, words) => {
  const { finished, said, out, left } = remote({ command: command() });
  await expect(finished).rejects.toMatchObject({ exitCode: 3 });
  expect(said.at(-1)).toMatch(words);
  expect(readdirSync(out)).toEqual([]);
  expect(left()).toEqual([]);
});

test.each([
  [
    "a journal that is not one",
    'mkdir "$out/20261101-040000-abcd"; echo x > "$out/20261101-040000-abcd/events.ndjson"',
    /events\.ndjson:1 is not an event/,
  ],
  ["two runs", 'mkdir "$out/a" "$out/b"', /one run was expected, and not a, b/],
])(
  "%s, which cannot be judged, is kept on both machines, and both places are named",
  async (_, body, words) => {
    const { finished, said, out, left } = remote({ command: program(body) });
    await expect(finished).rejects.toMatchObject({ exitCode: 3 });
    const line = said.at(-1) ?? "";
    expect(line).toMatch(words);
    const [, here = "", there = ""] =
      /; what was fetched is kept in (\S+); over there it is in (\S+)$/.exec(line) ?? [];
    expect(readdirSync(out)).toEqual([basename(here)]);
    expect(readdirSync(here)).not.toEqual([]);
    expect(left()).toEqual([basename(there)]);
  },
);

test("an archive with a link is refused, and what was to be sent stays over there", async () => {
  const command = program('ln -s /etc "$out/20261101-040000-abcd"');
  const { finished, said, out, left } = remote({ command });
  await expect(finished).rejects.toMatchObject({ exitCode: 3 });
  expect(said.at(-1)).toMatch(/is neither a file nor a directory; over there it is in \S+$/);
  expect(readdirSync(out)).toEqual([]);
  expect(left()).toHaveLength(1);
});

test("what was sent is removed over there only when it was judged here", async () => {
  const seen = join(scratch(), "seen");
  const command = program(`cp -r ${recordedNight(1)} "$out"`);
  const { finished, out, left } = remote({ command, path: pathWithSsh(`ls $OUT > ${seen}`) });
  expect((await finished).code).toBe(0);
  // In the last session, which removes it.
  expect(readFileSync(seen, "utf8")).toContain(runOf({ night: 1 }));
  expect(readdirSync(out)).toEqual([runOf({ night: 1 })]);
  expect(left()).toEqual([]);
});

test("a host that no longer lets anyone in keeps its copy, and the run counts", async () => {
  const command = program(`cp -r ${recordedNight(1)} "$out"`);
  const gone = 'case "$*" in *"rm -rf"*) exit 255;; esac';
  const { finished, said, left } = remote({ command, path: pathWithSsh(gone) });
  expect((await finished).code).toBe(0);
  expect(said).toContainEqual(
    expect.stringMatching(/^box: its copy over there was not removed: \/\S+$/),
  );
  expect(left()).toHaveLength(1);
});

test.each([
  ["/home"],
  ["/tmp/rootless-stress-remote.abcdefgh/.."],
  ["/tmp/../rootless-stress-remote.abcdefgh"],
  ["rootless-stress-remote.abcdefgh"],
  ["/tmp/rootless-stress-remote.abcdefgh x"],
  ["/tmp/\u0000/rootless-stress-remote.abcdefgh"],
])("%j is not removed on another machine", (kept) => {
  expect(removalScript(kept)).toBeNull();
});

test("an interrupted run is stopped in order, and what there is of it is fetched", async () => {
  const night = recordedNight(1);
  const pidFile = join(scratch(), "pid");
  const command = program(
    `trap 'cp -r ${night} "$out"; exit 143' TERM; sleep 1000 & echo $! > ${pidFile}; echo up >&2; wait`,
  );
  const { finished, heard, cancel, out, left } = remote({ command });
  await heard("box: up");
  cancel();
  const { code, printed } = await finished;
  expect(code).toBe(130);
  expect(printed).toContain("box: run 20261101-040000-abcd: HOLDS");
  expect(readdirSync(out)).toEqual([runOf({ night: 1 })]);
  expect(left()).toEqual([]);
  // All of its session is gone, not only the program itself: it had the other end of our stderr.
  expect(existsSync(`/proc/${readFileSync(pidFile, "utf8").trim()}/fd/2`)).toBe(false);
});

test("what a run leaves behind in its session does not keep the other side waiting", async () => {
  const night = recordedNight(1);
  const command = program(`(trap '' TERM; exec sleep 1000) & cp -r ${night} "$out"`);
  const { code } = await remote({ command }).finished;
  expect(code).toBe(0);
});

test("a run that is here already is not written over", async () => {
  const night = recordedNight(1);
  const command = program(`cp -r ${night} "$out"`);
  const { finished, said } = remote({ command, host: "a,b" });
  expect((await finished).code).toBe(2);
  expect(said.filter((line) => line.includes("is already in"))).toHaveLength(1);
});

test("--json has each host's summary, or why there is none", async () => {
  const command = program(`cp -r ${recordedNight(1)} "$out"`);
  const { finished } = remote({ command, host: "box,unreachable", json: true });
  const { printed } = await finished;
  expect(JSON.parse(printed)).toMatchObject({
    schema: "stress.hosts/1",
    hosts: [
      { host: "box", exitCode: 0, summary: { verdict: "holds", run: runOf({ night: 1 }) } },
      { host: "unreachable", lost: expect.stringContaining("cannot be reached") as string },
    ],
  });
});

test("the runs of two machines are compared", async () => {
  const nights = [recordedNight(1), recordedNight(2, 3)];
  // Which of them it is: the first to make the directory is one machine, the other finds it there.
  const first = join(scratch(), "first");
  const command = program(
    `if mkdir ${first} 2>/dev/null; then cp -r ${nights[0] ?? ""} "$out"; else cp -r ${nights[1] ?? ""} "$out"; exit 1; fi`,
  );
  const { finished } = remote({ command, host: "a,b" });
  const { code, printed } = await finished;
  expect(code).toBe(1);
  for (const night of [1, 2]) expect(printed).toContain(runOf({ night }));
  expect(printed).toMatch(/\? \(.*n=1\+1\)/);
});

test("a host that answers with endless output instead of a version is given up", async () => {
  const command = program("", "x; exec yes");
  const { finished, said } = remote({ command });
  await expect(finished).rejects.toThrow("no host delivered a run");
  expect(said.join("\n")).toContain("it wrote more than 64 KiB instead of a version");
});
