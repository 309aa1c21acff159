import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";

const ROOT = join(import.meta.dirname, "..");

/** The layers: each folder, and what it may import. The most specific folder counts. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  "harness/core": ["harness/core"],
  "harness/run": ["harness/core", "harness/run"],
  "harness/cli": ["harness", "docker", "scenarios", "reports"],
  scenarios: ["harness/core", "scenarios"],
  reports: ["harness/core", "reports"],
  docker: ["harness/core", "docker"],
  // Copied into a bare job container, where nothing else exists.
  "docker/probe": ["docker/probe"],
};

/** Every runtime dependency: why it is here, and the folders that may import it. */
const DEPENDENCIES: Readonly<Record<string, { reason: string; folders: readonly string[] }>> = {
  "@stdlib/stats-base-dists-beta-quantile": {
    reason: "exact bounds of a failure rate",
    folders: ["harness/core"],
  },
  "@stdlib/stats-base-dists-binomial-pmf": {
    reason: "the power of a planned comparison",
    folders: ["harness/core"],
  },
  "@stdlib/stats-base-dists-t-cdf": {
    reason: "the p-value of a difference of rates, from few waves",
    folders: ["harness/core"],
  },
  "@stdlib/stats-base-dists-t-quantile": {
    reason: "bounds from few waves",
    folders: ["harness/core"],
  },
  "@stdlib/stats-base-dists-normal-cdf": {
    reason: "the p-value of the Mann–Kendall test for many waves",
    folders: ["harness/core"],
  },
  "@stdlib/stats-base-dists-normal-quantile": {
    reason: "the quantile under the Wilson interval",
    folders: ["harness/core"],
  },
  dockerode: { reason: "the Engine API", folders: ["docker", "harness/cli"] },
  "junit-report-builder": { reason: "JUnit XML, escaped by a writer", folders: ["reports"] },
  "p-limit": { reason: "bounded teardown and sweeps", folders: ["harness/run", "docker"] },
  picocolors: { reason: "colours that honour NO_COLOR", folders: ["harness/cli"] },
  pino: { reason: "the log on stderr", folders: ["harness/cli"] },
  "prom-client": { reason: "OpenMetrics text", folders: ["reports"] },
  testcontainers: {
    reason: "a peer, for --runner testcontainers; optional",
    folders: ["docker/peers"],
  },
  yaml: { reason: "config and image files, with line numbers", folders: ["docker"] },
  yargs: { reason: "the command line and its completion", folders: ["harness/cli"] },
  zod: { reason: "schemas of what is read back", folders: ["harness/core", "docker"] },
};

const IMPORT =
  /^(?:import|export)\b[^;]*?\bfrom "([^"]+)";|^import "([^"]+)";|\bawait import\("([^"]+)"\)/gms;

interface Import {
  readonly file: string;
  readonly source: string;
}

const importsOf = (folder: string): readonly Import[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .flatMap((name) => {
      const file = join(folder, name);
      const text = readFileSync(join(ROOT, file), "utf8");
      return [...text.matchAll(IMPORT)].map((match) => ({
        file,
        source: match[1] ?? match[2] ?? match[3] ?? "",
      }));
    });

const IMPORTS = ["harness", "scenarios", "reports", "docker"].flatMap(importsOf);

const isInside = (file: string, folder: string): boolean => file.startsWith(`${folder}/`);

const layerOf = (file: string): string =>
  Object.keys(MAY_IMPORT)
    .filter((folder) => isInside(file, folder))
    .toSorted((a, b) => b.length - a.length)[0] ?? "none";

const packageOf = (source: string): string =>
  source
    .split("/")
    .slice(0, source.startsWith("@") ? 2 : 1)
    .join("/");

test("every import stays within the layers", () => {
  const stray = IMPORTS.filter(({ file, source }) => {
    if (!source.startsWith(".")) return false;
    const target = normalize(join(dirname(file), source));
    return !(MAY_IMPORT[layerOf(file)] ?? []).some((folder) => isInside(target, folder));
  });
  expect(stray).toEqual([]);
});

test("every runtime dependency is imported where the table says, and nowhere else", () => {
  const stray = IMPORTS.filter(({ file, source }) => {
    if (source.startsWith(".") || source.startsWith("node:")) return false;
    const folders = DEPENDENCIES[packageOf(source)]?.folders ?? [];
    return !folders.some((folder) => isInside(file, folder));
  });
  expect(stray).toEqual([]);
});

test("the table of dependencies is that of package.json", () => {
  const { dependencies, optionalDependencies } = z
    .object({
      dependencies: z.record(z.string(), z.string()),
      optionalDependencies: z.record(z.string(), z.string()),
    })
    .parse(JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")));
  expect(Object.keys({ ...dependencies, ...optionalDependencies }).toSorted()).toEqual(
    Object.keys(DEPENDENCIES).toSorted(),
  );
});

test("the engine is asked through exchange alone, which has limits and deadlines", () => {
  const direct =
    /\bdocker\.(?:modem\.dial|create|get|list|pull|import|load|build|run|prune|info|version|ping|search)\w*\(/;
  const files = ["docker", "harness"].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => join(folder, name)),
  );
  expect(files.filter((file) => direct.test(readFileSync(join(ROOT, file), "utf8")))).toEqual([]);
});

test("core imports nothing of Node's", () => {
  const stray = IMPORTS.filter(
    ({ file, source }) => isInside(file, "harness/core") && source.startsWith("node:"),
  );
  expect(stray).toEqual([]);
});

test("no file is a barrel or a drawer for everything", () => {
  const names = new Set(IMPORTS.map(({ file }) => relative(".", file)));
  const drawers = [...names].filter((name) =>
    /(?:^|\/)(?:index|utils?|helpers?|common)\.ts$/.test(name),
  );
  expect(drawers).toEqual([]);
});

test("one file writes to the process's streams, and the one that starts it", () => {
  const writers = new Set(
    IMPORTS.map(({ file }) => file).filter(
      (file) =>
        !isInside(file, "docker") &&
        /process\.std(?:out|err)\.write|console\./.test(readFileSync(join(ROOT, file), "utf8")),
    ),
  );
  // The entry file imports nothing, so that it is not among these.
  expect([...writers]).toEqual(["harness/cli/streams.ts"]);
});
