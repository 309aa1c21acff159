import fc from "fast-check";
import { expect, test } from "vitest";
import { isAtLeast, knownProblems, retriesAddPort } from "../../../harness/core/known-engines.ts";

test.each([
  ["20.10.24+dfsg1", true],
  ["27.5.1", true],
  ["28.0.0", false],
  ["28.2.2", false],
  ["28.3.0", true],
  ["28.5.2", true],
  ["29.0.0", false],
  ["29.7.2", false],
  ["29.7.3", null],
  ["29.9.0", null],
  ["30.0.0", null],
  ["dev", null],
  ["", null],
])("Engine %s tries a refused dynamic port again: %s", (version, retries) => {
  expect(retriesAddPort(version)).toBe(retries);
});

const idsOf = (version: string, portDriver: string, rootless = true): readonly string[] =>
  knownProblems({ version, rootless, networkDriver: "slirp4netns", portDriver }).map(
    ({ id }) => id,
  );

test.each([
  ["28.5.2", false],
  ["29.0.0", true],
  ["29.0.4", true],
  ["29.1.1", true],
  ["29.1.2", false],
  ["29.6.0", false],
])("the slirp4netns port driver is broken on %s: %s", (version, broken) => {
  expect(idsOf(version, "slirp4netns").includes("slirp4netns-ports")).toBe(broken);
  expect(idsOf(version, "builtin")).not.toContain("slirp4netns-ports");
});

test("what is known of RootlessKit is not said of a rootful engine", () => {
  expect(idsOf("29.6.0", "builtin", false)).toEqual(["second-start-without-network"]);
  expect(idsOf("29.0.4", "slirp4netns", false)).toEqual(["old-clients-refused"]);
});

test("netns-restore lines are noise from 29.5 on", () => {
  expect(idsOf("29.4.9", "builtin")).not.toContain("netns-restore-noise");
  expect(idsOf("29.5.0", "builtin")).toContain("netns-restore-noise");
});

test("of a release newer than all that was read, only that is said", () => {
  expect(idsOf("29.7.2", "builtin")).toContain("add-port-not-retried-29");
  expect(idsOf("29.9.0", "builtin")).toEqual(["newer-than-read"]);
  expect(idsOf("29.9.0", "builtin", false)).toEqual(["newer-than-read"]);
});

const version = fc.tuple(fc.nat(40), fc.nat(20), fc.nat(30));

test("of two versions at least one is as new as the other, and both only if they are the same", () => {
  fc.assert(
    fc.property(version, version, (one, other) => {
      const [a, b] = [one.join("."), other.join(".")];
      const same = one.every((part, index) => part === other[index]);
      expect(isAtLeast(a, b) || isAtLeast(b, a)).toBe(true);
      expect(isAtLeast(a, b) && isAtLeast(b, a)).toBe(same);
    }),
  );
});
