import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { debianSet } from "../../../docker/images/debian.ts";
import { decodeProgress } from "../../../docker/images/engine-images.ts";
import { resolveImageSet } from "../../../docker/images/image-set.ts";
import { recipeKey, type Recipe } from "../../../docker/images/recipe.ts";

const ROLES = {
  debian: ["clickhouse", "iperf3", "job", "mysql", "redis"],
  // Of iperf3 there is no image that everybody has.
  hub: ["clickhouse", "job", "mysql", "redis"],
} as const;
const bookworm = { suite: "bookworm", architecture: "amd64" };

const temporary = (): string => {
  const directory = mkdtempSync(join(tmpdir(), "images-"));
  onTestFinished(() => {
    rmSync(directory, { recursive: true });
  });
  return directory;
};

const probe = (source = "// the probe"): string => {
  const directory = temporary();
  writeFileSync(join(directory, "job-main.js"), source);
  return directory;
};

const yaml = (text: string): string => {
  const file = join(temporary(), "set.yaml");
  writeFileSync(file, text);
  return file;
};

test.each(["debian", "hub"] as const)("set %s has an image and a source for every role", (name) => {
  const set = resolveImageSet(name, probe());
  expect(set.name).toBe(name);
  expect(Object.keys(set.images).sort()).toEqual(ROLES[name]);
  expect(Object.keys(set.sources).sort()).toEqual(ROLES[name]);
  expect(set.images["job"]?.command).toEqual(["node", "/opt/stress/probe/job-main.js"]);
});

test("the images that hold the probe change with it, and no other image does", () => {
  const one = debianSet(bookworm, probe("1"));
  const other = debianSet(bookworm, probe("2"));
  expect(debianSet(bookworm, probe("1")).images).toEqual(one.images);
  expect(other.images["job"]).not.toEqual(one.images["job"]);
  expect(other.images["iperf3"]).not.toEqual(one.images["iperf3"]);
  const without = { job: null, iperf3: null };
  expect({ ...other.images, ...without }).toEqual({ ...one.images, ...without });
});

test("images of another release or architecture are other images", () => {
  const files = probe();
  const references = [
    bookworm,
    { ...bookworm, suite: "trixie" },
    { ...bookworm, architecture: "arm64" },
  ].map((release) => debianSet(release, files).images["mysql"]?.reference);
  expect(new Set(references).size).toBe(3);
});

test.each(["trixie", "sid"])(
  "on %s ClickHouse is that of bookworm, which is the last that has it",
  (suite) => {
    const files = probe();
    const set = debianSet({ ...bookworm, suite }, files);
    const before = debianSet(bookworm, files);
    expect(set.images["clickhouse"]).toEqual(before.images["clickhouse"]);
    expect(set.sources["clickhouse"]).toMatchObject({ release: bookworm });
    expect(set.sources["redis"]).toMatchObject({ release: { ...bookworm, suite } });
  },
);

test("a recipe's key changes with everything that goes into the image", () => {
  const recipe: Recipe = {
    name: "redis",
    packages: ["redis-server"],
    files: [{ kind: "file", path: "etc/x", content: "1" }],
    prepare: null,
    changes: [],
  };
  const changed: readonly Recipe[] = [
    recipe,
    { ...recipe, packages: [] },
    { ...recipe, files: [{ kind: "file", path: "etc/x", content: "2" }] },
    { ...recipe, prepare: ["true"] },
    { ...recipe, changes: ["EXPOSE 1/tcp"] },
  ];
  expect(new Set(changed.map((each) => recipeKey(each, bookworm))).size).toBe(changed.length);
});

test("an uncompiled probe is an error that says how to compile it", () => {
  expect(() => resolveImageSet("debian", "/nowhere")).toThrow(/run `npm run build`/);
});

test("a name that is neither a set nor a file is a usage error with the choices", () => {
  expect(() => resolveImageSet("debain", probe())).toThrow(
    'No image set "debain": say debian, hub, or the path of a YAML file',
  );
});

test("in a file, job names the image that the probe is added to", () => {
  const file = yaml("mysql: { reference: a:1 }\njob: { reference: node:22, env: { A: b } }\n");
  const { images, sources } = resolveImageSet(file, probe());
  expect(images["job"]).toMatchObject({
    command: ["node", "/opt/stress/probe/job-main.js"],
    env: { A: "b" },
  });
  expect(sources["job"]).toMatchObject({ kind: "probe", base: "node:22" });
  expect(sources["mysql"]).toEqual({ kind: "pull" });
});

test("in a file, a job with a command of its own is taken as it is", () => {
  const file = yaml("job: { reference: mine:1, command: [run] }\n");
  const { images, sources } = resolveImageSet(file, probe());
  expect(images["job"]).toEqual({ reference: "mine:1", command: ["run"], env: {} });
  expect(sources["job"]).toEqual({ kind: "pull" });
});

test.each([
  ['{"status":"Pulling"}', { status: "Pulling", error: null }],
  ['{"errorDetail":{"message":"no"},"error":"no"}', { status: null, error: "no" }],
  ["{}", { status: null, error: null }],
])("progress line %s", (line, expected) => {
  expect(decodeProgress(line)).toEqual(expected);
});

test.each(["1", "null", "<html>"])("%s is refused as a line of progress", (line) => {
  expect(() => decodeProgress(line)).toThrow("cannot be understood");
});
