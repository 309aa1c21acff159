/**
 * Flags that several commands know, and what their values are read with. Every function here throws
 * StressError("usage") naming the flag and what would be right.
 */
import { parseEngineSource } from "../../core/engine-source.ts";
import { StressError } from "../../core/errors.ts";
import type { EngineChoice } from "../engine-choice.ts";
import type { Outputs } from "../outputs.ts";

export const usage = (message: string): never => {
  throw new StressError("usage", message);
};

/** A whole number in a range, or one line that says so. */
export const wholeNumber =
  (flag: string, { min, max }: { readonly min: number; readonly max: number }) =>
  (value: unknown): number => {
    if (Array.isArray(value)) return usage(`--${flag} was given more than once`);
    const number = typeof value === "string" ? Number(value.trim() || "NaN") : value;
    if (typeof number !== "number") return usage(`--${flag} must be a number`);
    if (!Number.isInteger(number) || number < min || number > max) {
      return usage(
        `--${flag} must be a whole number from ${String(min)} to ${String(max)}, not ${JSON.stringify(value)}`,
      );
    }
    return number;
  };

/** `a,b` and repeated flags alike; each item once, in the order given. None at all is an empty list. */
export const listOf = (flag: string, value: unknown): readonly string[] => {
  const items = (Array.isArray(value) ? value : [value]).flatMap((item) => String(item).split(","));
  const given = items.map((item) => item.trim());
  if (given.every((item) => item === "")) return [];
  return given.includes("")
    ? usage(`--${flag} has an empty item: ${JSON.stringify(items.join(","))}`)
    : [...new Set(given)];
};

export const oneText =
  (flag: string) =>
  (value: unknown): string | undefined => {
    if (value === undefined) return undefined;
    if (Array.isArray(value)) return usage(`--${flag} was given more than once`);
    const text = typeof value === "string" ? value : JSON.stringify(value);
    return text === "" ? usage(`--${flag} needs a value`) : text;
  };

export const toEngine = (options: {
  readonly engine: string | undefined;
  readonly host: string | undefined;
  readonly context: string | undefined;
}): EngineChoice => {
  const engine = options.engine ?? "auto";
  const elsewhere = options.host === undefined ? options.context : options.host;
  if (engine !== "auto" && elsewhere !== undefined) {
    return usage(`--engine ${engine} brings its own engine; leave --host and --context away`);
  }
  if (options.host !== undefined && options.context !== undefined) {
    return usage("--host and --context exclude each other");
  }
  if (engine === "managed" || engine === "fake") return { kind: engine };
  if (engine !== "auto") {
    const source = parseEngineSource(engine);
    if (source.kind === "at-hand") return { kind: "managed" };
    return source.kind === "directory" ? source : { kind: "source", source };
  }
  return {
    kind: "auto",
    ...(options.host === undefined ? {} : { host: options.host }),
    ...(options.context === undefined ? {} : { context: options.context }),
  };
};

export const engineOptions = {
  engine: {
    describe:
      "auto: the docker CLI's engine; managed: a throw-away rootless engine, the newest of Debian's packages; " +
      "fake: a simulation; else whose programs: debian:SUITE, installed, an added version, an archive or a directory",
    coerce: oneText("engine"),
    requiresArg: true,
    type: "string",
  },
  host: {
    describe: "address of the engine",
    coerce: oneText("host"),
    requiresArg: true,
    type: "string",
  },
  context: {
    describe: "docker context to use",
    coerce: oneText("context"),
    requiresArg: true,
    type: "string",
  },
} as const;

export const daemonJsonOption = {
  "daemon-json": {
    describe: "daemon.json of a managed engine",
    coerce: oneText("daemon-json"),
    requiresArg: true,
    type: "string",
  },
} as const;

export const imagesOption = {
  images: {
    describe: "image set: debian (built here), hub (pulled), or a YAML file",
    coerce: oneText("images"),
    requiresArg: true,
    type: "string",
  },
} as const;

/** The run that a command looks back at. */
export const runPositional = {
  describe: "its id, its directory, or latest",
  default: "latest",
  type: "string",
} as const;

export const outOption = {
  out: {
    describe: "directory for the runs",
    coerce: oneText("out"),
    requiresArg: true,
    default: "reports/runs",
    type: "string",
  },
} as const;

export const jsonOption = {
  json: { describe: "print the summary as JSON and nothing else", type: "boolean", default: false },
} as const;

const fileFlag = (flag: string, describe: string) =>
  ({ describe, coerce: oneText(flag), requiresArg: true, type: "string" }) as const;

export const outputOptions = {
  junit: fileFlag("junit", "file for the result as JUnit XML"),
  openmetrics: fileFlag(
    "openmetrics",
    "file for the result as OpenMetrics text, e.g. of node_exporter's textfile collector (*.prom)",
  ),
  "benchmark-json": fileFlag(
    "benchmark-json",
    "file for failure rates and burst times as github-action-benchmark reads them (customSmallerIsBetter)",
  ),
  github: {
    describe: "annotations on stderr and a step summary, for GitHub Actions",
    defaultDescription: "in a step of GitHub Actions",
    type: "boolean",
  },
} as const;

export const toOutputs = (args: {
  readonly junit: string | undefined;
  readonly openmetrics: string | undefined;
  readonly benchmarkJson: string | undefined;
  readonly github: boolean | undefined;
}): Outputs => ({
  junit: args.junit ?? null,
  openmetrics: args.openmetrics ?? null,
  benchmarkJson: args.benchmarkJson ?? null,
  github: args.github ?? null,
});
