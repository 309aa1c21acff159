import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import {
  aptError,
  codenameIn,
  mirrorLines,
  USR_MERGE_HOOK,
} from "../../../docker/managed/debian-packages.ts";

const targets = [
  "http://mirror.example/debian/|bookworm|main|Debian|$(SIGNED_BY)",
  "http://mirror.example/debian/|bookworm-updates|main|Debian|$(SIGNED_BY)",
  "http://mirror.example/security/|bookworm-security|main|Debian|/usr/share/keyrings/debian.gpg",
  "https://vendor.example/linux/|bookworm|stable|Vendor|/etc/vendor.gpg",
  "",
].join("\n");

test("the machine's own release comes from its own mirrors, and from no other vendor", () => {
  expect(mirrorLines(targets, "bookworm", "bookworm")).toEqual([
    "deb http://mirror.example/debian/ bookworm main",
    "deb http://mirror.example/debian/ bookworm-updates main",
    "deb [signed-by=/usr/share/keyrings/debian.gpg] http://mirror.example/security/ bookworm-security main",
  ]);
});

test("another release comes from the mirror of the machine's own", () => {
  expect(mirrorLines(targets, "trixie", "bookworm")).toEqual([
    "deb http://mirror.example/debian/ trixie main",
  ]);
});

test.each([
  ["ID=debian\nVERSION_CODENAME=bookworm\n", "bookworm"],
  ['VERSION_CODENAME="noble"\n', "noble"],
  ["ID=alpine\n", null],
])("%j is release %s", (source, expected) => {
  expect(codenameIn(source)).toBe(expected);
});

test("of what mmdebstrap writes, the first error says what is wrong", () => {
  const complaints = [
    "I: running apt-get update...",
    "Err:2 http://mirror.example/debian nosuch Release",
    "E: The repository 'http://mirror.example/debian nosuch Release' does not have a Release file.",
    "E: apt-get update --error-on=any failed",
    "E: mmdebstrap failed to run",
  ];
  expect(aptError(complaints.join("\n"))).toBe(
    "The repository 'http://mirror.example/debian nosuch Release' does not have a Release file.",
  );
  expect(aptError("Killed")).toBeNull();
});

/** An unpacked tree with these directories, after the hook. */
const hooked = (directories: readonly string[]): string => {
  const root = mkdtempSync(join(tmpdir(), "tree of packages-"));
  onTestFinished(() => {
    rmSync(root, { recursive: true });
  });
  for (const each of directories) mkdirSync(join(root, each), { recursive: true });
  execFileSync("sh", ["-c", USR_MERGE_HOOK, "exec", root]);
  return root;
};

test("packages that have everything below /usr get the links by which programs find their loader", () => {
  const root = hooked(["usr/bin", "usr/lib", "usr/lib64"]);
  expect(["bin", "lib", "lib64"].map((name) => readlinkSync(join(root, name)))).toEqual([
    "usr/bin",
    "usr/lib",
    "usr/lib64",
  ]);
  expect(existsSync(join(root, "sbin"))).toBe(false);
});

test("packages that have directories of their own for these are left as they are", () => {
  const root = hooked(["lib", "lib64", "usr/bin", "usr/lib"]);
  expect(existsSync(join(root, "bin"))).toBe(false);
});
