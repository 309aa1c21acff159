/**
 * The program that runs in a job container: the compiled probe, and where it goes.
 */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { StressError } from "../../harness/core/errors.ts";
import { contentKey } from "../managed/state-directory.ts";
import type { TarEntry } from "./tar.ts";

const PLACE = "opt/stress/probe";

/** What a job container runs; its order follows as one more argument. */
export const PROBE_COMMAND: readonly string[] = ["node", `/${PLACE}/job-main.js`];

const packageRoot = (): string => {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(directory, "package.json"))) {
    const parent = dirname(directory);
    if (parent === directory) throw new Error("no package.json above this module");
    directory = parent;
  }
  return directory;
};

/** Where `npm run build` and the published package have the compiled probe. */
export const defaultProbeDirectory = (): string => join(packageRoot(), "dist/docker/probe");

export interface ProbeFiles {
  /** Sixteen hex digits that change with any of the files. */
  readonly key: string;
  readonly entries: readonly TarEntry[];
}

/**
 * The compiled probe as it lies in a container.
 *
 * @throws StressError("environment") when it has not been compiled
 */
export const readProbeFiles = (directory: string): ProbeFiles => {
  const names = existsSync(directory)
    ? readdirSync(directory)
        .filter((name) => name.endsWith(".js"))
        .toSorted()
    : [];
  if (!names.includes("job-main.js")) {
    throw new StressError("environment", `No job-main.js in ${directory}; run \`npm run build\``);
  }
  const sources = names.map((name) => ({ name, content: readFileSync(join(directory, name)) }));
  return {
    key: contentKey(sources.flatMap(({ name, content }) => [name, content])),
    entries: [
      ...sources.map(({ name, content }) => ({
        kind: "file" as const,
        path: `${PLACE}/${name}`,
        content,
      })),
      { kind: "file", path: `${PLACE}/package.json`, content: '{"type":"module"}\n' },
    ],
  };
};
