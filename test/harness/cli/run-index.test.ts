import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { indexedRuns, INDEX_FILE } from "../../../harness/cli/run-index.ts";
import { addNight, runOf, runsDirectory } from "./nights.ts";

const silent = (line: string): void => {
  throw new Error(`nothing was to be said, and not: ${line}`);
};

const runsIn = (out: string) => indexedRuns(out, silent).map(({ run }) => run);

test("the index has a line for each journal, oldest run first, and no other file in the directory is a run", () => {
  const out = runsDirectory();
  addNight(out, { night: 2, failed: 2 });
  addNight(out, { night: 1, failed: 0 });
  mkdirSync(join(out, "notes"));
  writeFileSync(join(out, "README"), "");
  symlinkSync(runOf({ night: 2 }), join(out, "latest"));
  const records = indexedRuns(out, silent);
  expect(records.map(({ run, verdict }) => [run, verdict])).toEqual([
    [runOf({ night: 1 }), "holds"],
    [runOf({ night: 2 }), "violated"],
  ]);
  expect(records[1]).toMatchObject({
    startedAt: "2026-11-02T04:00:00.000Z",
    ended: "completed",
    simulated: false,
    trouble: [],
    arms: [{ id: "ports", waves: 1, jobs: 8, failed: 2 }],
  });
  const lines = readFileSync(join(out, INDEX_FILE), "utf8").trimEnd().split("\n");
  expect(lines.map((line): unknown => JSON.parse(line))).toEqual(records);
  expect(readdirSync(out).filter((name) => name.startsWith(INDEX_FILE))).toEqual([INDEX_FILE]);
});

test("a journal that has not changed is not read again; one that has grown is", () => {
  const out = runsDirectory();
  const directory = addNight(out, { night: 1, failed: 1, ended: null });
  expect(indexedRuns(out, silent)[0]?.ended).toBe("killed");
  const path = join(out, INDEX_FILE);
  const marked = readFileSync(path, "utf8").replace('"killed"', '"interrupted"');
  writeFileSync(path, marked);
  expect(indexedRuns(out, silent)[0]?.ended).toBe("interrupted");
  appendFileSync(
    join(directory, "events.ndjson"),
    `${JSON.stringify({ event: "run.ended", at: 99_000, reason: "completed" })}\n`,
  );
  expect(indexedRuns(out, silent)[0]?.ended).toBe("completed");
});

test.each([
  [
    "missing",
    (path: string) => {
      rmSync(path);
    },
  ],
  [
    "empty",
    (path: string) => {
      writeFileSync(path, "");
    },
  ],
  [
    "torn in its last line",
    (path: string) => {
      writeFileSync(path, readFileSync(path, "utf8").slice(0, -40));
    },
  ],
  [
    "joined from two lines",
    (path: string) => {
      writeFileSync(path, readFileSync(path, "utf8").replace("\n", ""));
    },
  ],
  [
    "of other content",
    (path: string) => {
      writeFileSync(path, "\u0000\n[]\n{}\n");
    },
  ],
  [
    "doubled",
    (path: string) => {
      appendFileSync(path, readFileSync(path));
    },
  ],
])("an index that is %s is made again from the journals", (_, harm) => {
  const out = runsDirectory();
  addNight(out, { night: 1, failed: 0 });
  addNight(out, { night: 2, failed: 1 });
  indexedRuns(out, silent);
  const path = join(out, INDEX_FILE);
  const whole = readFileSync(path, "utf8");
  harm(path);
  expect(runsIn(out)).toEqual([runOf({ night: 1 }), runOf({ night: 2 })]);
  expect(readFileSync(path, "utf8")).toBe(whole);
});

test("a run whose directory is gone leaves the index; a new one comes in", () => {
  const out = runsDirectory();
  addNight(out, { night: 1, failed: 0 });
  addNight(out, { night: 2, failed: 0 });
  indexedRuns(out, silent);
  rmSync(join(out, runOf({ night: 1 })), { recursive: true });
  addNight(out, { night: 3, failed: 0 });
  expect(runsIn(out)).toEqual([runOf({ night: 2 }), runOf({ night: 3 })]);
});

test("a journal that cannot be read is named, and left out", () => {
  const out = runsDirectory();
  addNight(out, { night: 1, failed: 0 });
  const broken = addNight(out, { night: 2, failed: 0 });
  writeFileSync(join(broken, "events.ndjson"), '{"event":"run.started"}\n');
  const said: string[] = [];
  const records = indexedRuns(out, (line) => said.push(line));
  expect(records.map(({ run }) => run)).toEqual([runOf({ night: 1 })]);
  expect(said).toEqual([expect.stringMatching(/^left out: \S+events\.ndjson:1 is not an event/)]);
});

test("whatever is odd about one run, the others are there", () => {
  const out = runsDirectory();
  addNight(out, { night: 1, failed: 0 });
  const odd = addNight(out, { night: 2, failed: 0 });
  const path = join(odd, "events.ndjson");
  // A plan of so many jobs that no array holds them: what follows is no error of ours to foresee.
  const [first = "", ...rest] = readFileSync(path, "utf8").split("\n");
  writeFileSync(path, [first.replace('"n":8', '"n":1e300'), ...rest].join("\n"));
  const loop = join(out, "loop");
  mkdirSync(loop);
  symlinkSync("events.ndjson", join(loop, "events.ndjson"));
  const said: string[] = [];
  const records = indexedRuns(out, (line) => said.push(line));
  expect(records.map(({ run }) => run)).toEqual([runOf({ night: 1 })]);
  expect(said.toSorted()).toEqual([
    expect.stringContaining("events.ndjson"),
    expect.stringMatching(/^left out: ELOOP/),
  ]);
});

test("a run with trouble on purpose says which", () => {
  const out = runsDirectory();
  addNight(out, {
    night: 1,
    failed: 0,
    command: ["run", "--n", "8", "--nemesis", "occupy:2", "--nemesis", "name-clash"],
  });
  addNight(out, { night: 2, failed: 0, command: ["calibrate", "--engine", "fake"] });
  expect(indexedRuns(out, silent).map(({ trouble }) => trouble)).toEqual([
    ["name-clash", "occupy:2"],
    ["calibrate"],
  ]);
});

test("a directory that is not there is refused", () => {
  expect(() => indexedRuns("/nonexistent/runs", silent)).toThrow(
    /there is no directory \/nonexistent\/runs; --out/,
  );
});
