import { expect, test } from "vitest";
import { preparation } from "../../../docker/images/rootfs.ts";
import { LABEL } from "../../../harness/core/model.ts";
import type { Recipe } from "../../../docker/images/recipe.ts";

const recipe: Recipe = { name: "x", packages: [], files: [], prepare: ["make"], changes: [] };
const release = { suite: "bookworm", architecture: "amd64" };

const labelsFor = (owner: string) =>
  preparation({ image: "i", command: ["make"] }, { recipe, release, owner }).Labels;

test("a container made for a build names its owner, so that a dead one's is removed", () => {
  expect(labelsFor("7:100:boot")[LABEL.owner]).toBe("7:100:boot");
});

test("two processes that build one image are two runs, each with its own owner", () => {
  const [one, other] = [labelsFor("7:100:boot"), labelsFor("8:101:boot")];
  expect(one[LABEL.run]).toMatch(/^images-[0-9a-f]{16}-[0-9a-f]{8}$/);
  expect(other[LABEL.run]).not.toBe(one[LABEL.run]);
});
