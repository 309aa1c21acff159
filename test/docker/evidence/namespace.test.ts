import { expect, test } from "vitest";
import { entrance, inNamespace } from "../../../docker/evidence/namespace.ts";

const FILE = { kind: "file", path: "/proc/7/root/state/netns", userPid: 7 } as const;
const INTO_USER = ["--target", "7", "--user", "--preserve-credentials"];

test("root goes straight in, an ordinary user through the user namespace that he owns", () => {
  expect(entrance({ kind: "host" }, false)).toEqual([]);
  expect(entrance({ kind: "pid", pid: 7 }, true)).toEqual(["--target", "7", "--net"]);
  expect(entrance({ kind: "pid", pid: 7 }, false)).toEqual([...INTO_USER, "--net"]);
  expect(entrance(FILE, true)).toEqual([`--net=${FILE.path}`]);
  expect(entrance(FILE, false)).toEqual([...INTO_USER, `--net=${FILE.path}`]);
});

test("a program that fails in a namespace says so in its own words", async () => {
  const failing = inNamespace({ kind: "host" }, "cat", ["/nonexistent"], AbortSignal.timeout(5000));
  await expect(failing).rejects.toThrow("No such file or directory");
});
