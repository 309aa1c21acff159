import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { tar } from "../../../docker/images/tar.ts";

test("tar unpacks what was packed: files, directories, links, and contents of any length", () => {
  const directory = mkdtempSync(join(tmpdir(), "tar-"));
  onTestFinished(() => {
    rmSync(directory, { recursive: true });
  });
  const block = Buffer.alloc(512, "x");
  const archive = tar([
    { kind: "file", path: "etc/motd", content: "grüße\n" },
    { kind: "file", path: "block", content: block },
    { kind: "file", path: "empty", content: "" },
    { kind: "directory", path: "data" },
    { kind: "link", path: "awk", target: "gawk" },
  ]);
  execFileSync("tar", ["-x", "-C", directory], { input: archive });
  expect(readFileSync(join(directory, "etc/motd"), "utf8")).toBe("grüße\n");
  expect(readFileSync(join(directory, "block"))).toEqual(block);
  expect(readFileSync(join(directory, "empty"), "utf8")).toBe("");
  expect(readlinkSync(join(directory, "awk"))).toBe("gawk");
  const listing = execFileSync("tar", ["-tv"], { input: archive, encoding: "utf8" });
  expect(listing).toMatch(/^drwxr-xr-x 0\/0 .* data/m);
});

test("a path too long for the format is refused", () => {
  expect(() => tar([{ kind: "directory", path: "x".repeat(101) }])).toThrow(/path too long/);
});
