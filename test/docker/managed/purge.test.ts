import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { purge } from "../../../docker/managed/purge.ts";
import { MARKER, openStateDir } from "../../../docker/managed/state-directory.ts";

const silently = (): void => undefined;

const temporary = (): string => {
  const directory = mkdtempSync(join(tmpdir(), "purge-"));
  onTestFinished(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  return directory;
};

/** As after an engine and images were built; without an account, which a test must not remove. */
const fill = (directory: string): void => {
  for (const path of ["slots/0", "engines/e", "images/i", "building/b"]) {
    mkdirSync(join(directory, path), { recursive: true });
    writeFileSync(join(directory, path, "file"), "");
  }
};

test("purge refuses a directory without the marker, and removes nothing in it", async () => {
  const directory = temporary();
  fill(directory);
  await expect(purge(directory, silently)).rejects.toThrow(
    expect.objectContaining({
      code: "usage",
      message: `${directory} is not marked as a state directory of stress (no ${MARKER} in it); remove by hand what is to go`,
    }),
  );
  expect(readdirSync(directory).sort()).toEqual(["building", "engines", "images", "slots"]);
  expect(existsSync(join(directory, "images/i/file"))).toBe(true);
});

test("purge removes a state directory that holds nothing else, and may be repeated", async () => {
  const directory = join(temporary(), "state");
  openStateDir(directory);
  fill(directory);
  await purge(directory, silently);
  expect(existsSync(directory)).toBe(false);
  await purge(directory, silently);
});

test("purge leaves what the tool did not make, and says so", async () => {
  const directory = temporary();
  openStateDir(directory);
  fill(directory);
  writeFileSync(join(directory, "notes.txt"), "mine");
  mkdirSync(join(directory, "home"));
  const lines: string[] = [];
  await purge(directory, (line) => lines.push(line));
  expect(readdirSync(directory).sort()).toEqual(["home", "notes.txt"]);
  expect(lines.at(-1)).toBe(`Leaving ${directory}: stress did not make home, notes.txt`);
});
