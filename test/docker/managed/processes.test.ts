import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { isRoot } from "../../../docker/managed/host-needs.ts";
import {
  identify,
  isAlive,
  processesApartNaming,
  processesInUserNamespace,
  processesWithRuntimeDir,
  startTimeIn,
  userNamespaceOf,
} from "../../../docker/managed/processes.ts";

const stat = (name: string, state: string): string =>
  `4242 (${name}) ${state} 1 4242 4242 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 289557 1 1`;

test.each(["node", "a b", ") R 1 ("])("the start time is found behind the name %j", (name) => {
  expect(startTimeIn(stat(name, "S"))).toBe("289557");
});

test("a process that is dead and not yet waited for has no start time", () => {
  expect(startTimeIn(stat("node", "Z"))).toBeNull();
});

test("this process is alive, and its pid with another start time or boot is not", () => {
  const self = identify(process.pid);
  if (self === null) throw new Error("/proc does not show this process");
  expect(isAlive(self)).toBe(true);
  expect(isAlive({ ...self, startTime: `${self.startTime}1` })).toBe(false);
  expect(isAlive({ ...self, bootId: "another boot" })).toBe(false);
});

test("nobody has a pid above the kernel's limit", () => {
  expect(identify(2 ** 22 + 1)).toBeNull();
});

test("a child is found by its runtime directory, exactly, and by its namespace until it ends", async () => {
  const runtimeDir = `/nowhere/${String(process.pid)}`;
  const child = spawn("cat", [], { env: { PATH: "/usr/bin:/bin", XDG_RUNTIME_DIR: runtimeDir } });
  child.stdin.write("up");
  // What cat writes back proves that it runs with its own environment, not still with ours.
  await once(child.stdout, "data");
  expect(processesWithRuntimeDir(runtimeDir)).toEqual([child.pid]);
  expect(processesWithRuntimeDir(`${runtimeDir}0`)).toEqual([]);
  expect(processesInUserNamespace(userNamespaceOf("self") ?? "")).toContain(child.pid);
  const exit = once(child, "exit");
  child.stdin.end();
  await exit;
  expect(processesWithRuntimeDir(runtimeDir)).toEqual([]);
});

test.runIf(isRoot())(
  "who names a directory counts as living in it only apart from the machine's own mounts",
  async () => {
    const directory = `/nowhere/${String(process.pid)}`;
    const env = { PATH: "/usr/bin:/bin", NAMED: `${directory}/file` };
    const beside = spawn("cat", [], { env });
    const apart = spawn("unshare", ["--mount", "cat"], { env });
    for (const child of [beside, apart]) {
      child.stdin.write("up");
      await once(child.stdout, "data");
    }
    expect(processesApartNaming(directory)).toEqual([apart.pid]);
    for (const child of [beside, apart]) {
      const exit = once(child, "exit");
      child.stdin.end();
      await exit;
    }
    expect(processesApartNaming(directory)).toEqual([]);
  },
);
