import { expect, test } from "vitest";
import { aptError, codenameIn, mirrorLines } from "../../../docker/managed/debian-packages.ts";

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
