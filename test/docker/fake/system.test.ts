import { machine } from "node:os";
import { expect, test } from "vitest";
import { goArchitecture } from "../../../docker/fake/system-api.ts";
import { simulate } from "./simulation.ts";

test.each([
  ["x64", "amd64"],
  ["arm64", "arm64"],
  ["ppc64", "ppc64le"],
])("what Node calls %s is %s to a daemon", (node, go) => {
  expect(goArchitecture(node)).toBe(go);
});

test("the fake is of the architecture of its machine", async () => {
  const { docker } = await simulate();
  expect(await docker.info()).toMatchObject({ Architecture: machine() });
  expect(await docker.version()).toMatchObject({ Arch: goArchitecture(process.arch) });
});
