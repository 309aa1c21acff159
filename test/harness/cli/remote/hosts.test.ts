import { expect, test } from "vitest";
import { parseHosts } from "../../../../harness/cli/remote/hosts.ts";
import { isCompatible } from "../../../../harness/cli/remote/remote-run.ts";
import { sshArguments } from "../../../../harness/cli/remote/ssh.ts";

test.each([
  ["box", [{ name: "box", destination: "box", port: null }]],
  ["ci@arm-1:2222", [{ name: "ci@arm-1:2222", destination: "ci@arm-1", port: 2222 }]],
  ["ssh://ci@box:22/", [{ name: "ssh://ci@box:22/", destination: "ci@box", port: 22 }]],
  ["ci@[fe80::1]:22", [{ name: "ci@[fe80::1]:22", destination: "ci@fe80::1", port: 22 }]],
  [
    "a, b",
    [
      { name: "a", destination: "a", port: null },
      { name: "b", destination: "b", port: null },
    ],
  ],
])("%s names hosts", (given, hosts) => {
  expect(parseHosts(given)).toEqual(hosts);
});

test.each([
  ["-oProxyCommand=reboot"],
  ["a,-F/etc/passwd"],
  ["ci@-box"],
  ["a b"],
  ["a;reboot"],
  [""],
  ["a,,b"],
  ["box:0"],
  ["box:70000"],
])("%j is no host", (given) => {
  expect(() => parseHosts(given)).toThrow(/is no host; name one as user@host/);
});

test("a machine that is named twice is refused", () => {
  expect(() => parseHosts("a:22,b,a:22")).toThrow(/a:22 is there twice/);
});

test("the user's options stand ahead of ours, which ssh reads after them, and nothing follows the script", () => {
  const [host] = parseHosts("ci@box:2222");
  if (host === undefined) throw new Error("no host");
  const words = sshArguments(host, ["BatchMode=no"], "true");
  expect(words.indexOf("BatchMode=no")).toBeLessThan(words.indexOf("BatchMode=yes"));
  expect(words.slice(-5)).toEqual(["-p", "2222", "--", "ci@box", "true"]);
  expect(words.join(" ")).not.toMatch(/StrictHostKeyChecking|UserKnownHostsFile/);
});

test.each([
  ["0.1.0", "0.1.7", true],
  ["0.2.0", "0.1.7", false],
  ["1.2.0", "1.9.9", true],
  ["2.0.0", "1.9.9", false],
])("a journal of %s can be read by %s: %s", (theirs, ours, expected) => {
  expect(isCompatible(theirs, ours)).toBe(expected);
});
