import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import {
  MARKER,
  checkedStateDir,
  contentKey,
  defaultStateDir,
  openStateDir,
  scratchDirectory,
} from "../../../docker/managed/state-directory.ts";

const temporary = (): string => {
  const directory = mkdtempSync(join(tmpdir(), "state-"));
  onTestFinished(() => {
    rmSync(directory, { recursive: true });
  });
  return directory;
};

test.each([
  [{ STRESS_STATE_DIR: "/srv/stress", HOME: "/root" }, 0, "/srv/stress"],
  [{ STRESS_STATE_DIR: "/srv/stress", HOME: "/home/me" }, 1000, "/srv/stress"],
  [{ STRESS_STATE_DIR: "", HOME: "/root" }, 0, "/var/lib/rootless-stress"],
  [{ XDG_DATA_HOME: "/data", HOME: "/home/me" }, 1000, "/data/rootless-stress"],
  [{ XDG_DATA_HOME: "relative", HOME: "/home/me" }, 1000, "/home/me/.local/share/rootless-stress"],
  [{ HOME: "/home/me" }, 1000, "/home/me/.local/share/rootless-stress"],
])("environment %j of user %i keeps its state in %s", (env, uid, expected) => {
  expect(defaultStateDir(env, uid)).toBe(expected);
});

test("a relative STRESS_STATE_DIR is refused, with what would be right", () => {
  expect(() => defaultStateDir({ STRESS_STATE_DIR: "here" }, 0)).toThrow(/absolute path, not here/);
});

test("no HOME and no STRESS_STATE_DIR is a usage error", () => {
  expect(() => defaultStateDir({}, 1000)).toThrow(/set STRESS_STATE_DIR/);
});

test("a content key tells parts apart that read the same when joined", () => {
  expect(contentKey(["ab", "c"])).not.toBe(contentKey(["a", "bc"]));
  expect(contentKey(["ab", "c"])).toMatch(/^[0-9a-f]{16}$/);
});

test.each(["here", "./here", "../here", "~/here"])(
  "a state directory %s is refused in the words of who named it",
  (path) => {
    expect(() => checkedStateDir(path, "--state-dir")).toThrow(
      expect.objectContaining({
        code: "usage",
        message: `--state-dir must be an absolute path, not ${path}`,
      }),
    );
  },
);

test("an empty --state-dir is refused: a shell variable was not set", () => {
  expect(() => checkedStateDir("", "--state-dir")).toThrow(/absolute path, not an empty one/);
});

test.each(["/srv/stress", "/srv/stress/", "/srv//stress", "/srv/x/../stress"])(
  "%s is the one path of the directory, by which its lock goes",
  (path) => {
    expect(checkedStateDir(path, "--state-dir")).toBe("/srv/stress");
  },
);

test("a directory that was missing or empty is marked", () => {
  const directory = temporary();
  openStateDir(join(directory, "a/b"));
  expect(readdirSync(join(directory, "a/b"))).toEqual([MARKER]);
  openStateDir(join(directory, "a/b"));
  expect(readdirSync(join(directory, "a/b"))).toEqual([MARKER]);
});

test("a directory is marked by whoever builds in it first", async () => {
  const directory = temporary();
  await scratchDirectory(directory);
  expect(readdirSync(directory).sort()).toEqual(["building", MARKER]);
});

test("a directory with other things in it is used and never marked", async () => {
  const directory = temporary();
  writeFileSync(join(directory, "notes.txt"), "mine");
  mkdirSync(join(directory, "slots/0"), { recursive: true });
  await scratchDirectory(directory);
  await scratchDirectory(directory);
  expect(readdirSync(directory).sort()).toEqual(["building", "notes.txt", "slots"]);
});

test.each([
  [["slots/0", "slots/7", "building"], true],
  [["engines/debian-bookworm-amd64-aef1c27c1e9acf25"], true],
  [["engines/archive-28.5.2-x64-aef1c27c1e9acf25"], true],
  [["images/redis-a6f308b18dc1c127"], true],
  [["engines/billing", "slots/0"], false],
  [["images/holiday"], false],
  [["building"], false],
])("of state without a marker, %j is known as ours: %s", (paths, known) => {
  const directory = temporary();
  for (const path of paths) mkdirSync(join(directory, path), { recursive: true });
  openStateDir(directory);
  expect(readdirSync(directory).includes(MARKER)).toBe(known);
});
