import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { treeAt } from "../../../docker/managed/debian-programs.ts";

const temporary = (): string => {
  const directory = mkdtempSync(join(tmpdir(), "tree-"));
  onTestFinished(() => {
    rmSync(directory, { recursive: true });
  });
  return directory;
};

test("arm64's loader in /lib, ld-linux-aarch64.so.1, is not taken for a directory of libraries", () => {
  const root = temporary();
  const multiarch = join(root, "usr/lib/aarch64-linux-gnu");
  mkdirSync(join(root, "lib"));
  mkdirSync(multiarch, { recursive: true });
  // As Debian 12 has it: a link to the file of the same name beside it.
  writeFileSync(join(multiarch, "ld-linux-aarch64.so.1"), "");
  symlinkSync(
    "../usr/lib/aarch64-linux-gnu/ld-linux-aarch64.so.1",
    join(root, "lib/ld-linux-aarch64.so.1"),
  );
  symlinkSync("/nowhere", join(root, "lib/ld-linux-absent.so.1"));
  expect(treeAt(root).libraryDirs).toEqual([join(root, "lib"), multiarch, join(root, "usr/lib")]);
});
