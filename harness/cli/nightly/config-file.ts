/**
 * The file of `stress nightly`, checked, with the run it describes.
 */
import yargs from "yargs";
import { parseYaml } from "../../../docker/parse-yaml.ts";
import { readInputFile } from "../../../docker/read-input-file.ts";
import { StressError } from "../../core/errors.ts";
import { nightlyConfigSchema, RUN_KEYS, type NightlyConfig } from "../../core/nightly/config.ts";
import { runFlags, toRunOptions } from "../command-line/run.ts";
import type { RunOptions } from "../run-options.ts";

export interface NightlyFile {
  readonly config: NightlyConfig;
  /** A night's run; its seed is still to be chosen. */
  readonly run: RunOptions;
}

/** As they would be typed: `--flag=value`, so that no value passes for a flag. */
const argvOf = (run: NightlyConfig["run"]): readonly string[] =>
  Object.entries(run).flatMap(([flag, value]) => {
    if (value === undefined) return [];
    return [value].flat().map((each) => `--${flag}=${String(each)}`);
  });

/** The flag that a message of the command line is about. */
const flagIn = (message: string): string | undefined => /^--([a-z-]+)/.exec(message)?.[1];

const knownKeys = (path: readonly PropertyKey[]): string => {
  if (path[0] === "run") return RUN_KEYS.join(", ");
  if (path[0] === "outputs") return "junit, openmetrics, benchmark-json, github";
  return Object.keys(nightlyConfigSchema.shape).join(", ");
};

type Issue = NonNullable<
  ReturnType<typeof nightlyConfigSchema.safeParse>["error"]
>["issues"][number];

/** What is wrong, where, in the words of the file. */
const objectionOf = ({ code, path, message, ...issue }: Issue) => {
  const place = path.map(String).join(".");
  if (code === "unrecognized_keys" && "keys" in issue) {
    const [key = ""] = issue.keys;
    const where = place === "" ? "" : ` of ${place}`;
    return {
      path: [...path, key],
      right: `unknown key "${key}"${where}; known: ${knownKeys(path)}`,
    };
  }
  const right = place === "" ? "must be a mapping of keys to values" : `${place} ${message}`;
  return { path, right };
};

/**
 * @param file - its path, for messages
 * @throws StressError("usage") with file, line and what would be right
 */
export const parseNightlyFile = (source: string, file: string): NightlyFile => {
  const { value, refusal } = parseYaml(source, file);
  const parsed = nightlyConfigSchema.safeParse(value ?? {});
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw refusal(
      issue === undefined
        ? { path: [], right: "is no file of stress nightly" }
        : objectionOf(issue),
      parsed.error,
    );
  }
  const config = parsed.data;
  try {
    const args = yargs([])
      .options(runFlags)
      .strict()
      .exitProcess(false)
      .version(false)
      .help(false)
      .fail((message, error: unknown) => {
        throw error instanceof Error ? error : new StressError("usage", message);
      })
      .parseSync([...argvOf(config.run), `--out=${config.runs}`]);
    return { config, run: toRunOptions(args) };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const words = error.message.replace(/\s+/g, " ").trim();
    const flag = flagIn(words);
    throw refusal(
      { path: flag === undefined ? ["run"] : ["run", flag], right: words.replace(/^--/, "run.") },
      error,
    );
  }
};

/** @throws StressError("usage") */
export const readNightlyFile = (file: string): NightlyFile =>
  parseNightlyFile(readInputFile(file, `--config ${file}`), file);
