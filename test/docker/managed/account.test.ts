import { expect, test } from "vitest";
import { accountIn, firstFreeId, hasSubordinateIds } from "../../../docker/managed/account.ts";

const me = { name: "me", uid: 1000, gid: 1000 };

test("an account is found by its whole name", () => {
  const passwd =
    "root:x:0:0:root:/root:/bin/sh\nmeme:x:7:7::/:/bin/sh\nme:x:1000:1001::/:/bin/sh\n";
  expect(accountIn(passwd, "me")).toEqual({ name: "me", uid: 1000, gid: 1001 });
  expect(accountIn(passwd, "m")).toBeNull();
});

test.each([
  ["me:100000:65536", true],
  ["1000:100000:65536", true],
  ["other:100000:65536", false],
  ["me:100000:1000", false],
  ["", false],
])("%j gives enough subordinate ids: %s", (subuid, expected) => {
  expect(hasSubordinateIds(subuid, me)).toBe(expected);
});

test("a new range begins behind all others", () => {
  expect(firstFreeId("")).toBe(100_000);
  expect(firstFreeId("a:165536:65536\nb:100000:65536\n")).toBe(231_072);
});
