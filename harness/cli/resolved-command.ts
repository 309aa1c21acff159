import { formatExpectation } from "../core/expectations/expectation.ts";
import { formatMitigation } from "../core/mitigations.ts";
import { formatNemesis } from "../core/nemesis.ts";
import { engineWord, type EngineChoice } from "./engine-choice.ts";
import type { RunOptions } from "./run-options.ts";

/** What has no default flag value appears only where it was given. */
export const given = (flag: string, value: string | null | undefined): readonly string[] =>
  value === null || value === undefined || value === "" ? [] : [flag, value];

export const engineFlags = (engine: EngineChoice): readonly string[] => {
  switch (engine.kind) {
    case "auto":
      return [
        ...given("--host", engine.host),
        ...given("--context", engine.context),
        ...given("--daemon-log", engine.log),
      ];
    case "directory":
    case "source":
    case "managed":
    case "fake":
      return ["--engine", engineWord(engine)];
  }
};

/**
 * The arguments that ask for the same run again: defaults, environment and config file are resolved in them, and
 * the seed that was drawn. Where the runs are written to is left out.
 */
export const resolvedCommand = (options: RunOptions, seed: string): readonly string[] => [
  "run",
  ...[
    "--n",
    options.ns.join(","),
    "--mode",
    options.modes.join(","),
    "--waves",
    String(options.waves),
  ],
  ...["--ports", options.ports, "--scenario", options.scenario],
  ...given("--services", options.services.join(",")),
  ...given("--runner", options.runners.join(",")),
  ...given("--variant", options.variants.join(",")),
  ...(options.measureFor === null ? [] : ["--seconds", String(options.measureFor / 1000)]),
  ...engineFlags(options.engine),
  ...(options.sharedEngine ? ["--shared-engine"] : []),
  ...given("--images", options.images),
  ...options.daemonJsons.flatMap((path) => ["--daemon-json", path]),
  ...options.profiles.flatMap((profile) => ["--profile", profile]),
  ...(options.freshEngine === "never" ? [] : ["--fresh-engine", options.freshEngine]),
  ...options.mitigations.flatMap((mitigation) => [
    "--mitigation",
    mitigation === null ? "none" : formatMitigation(mitigation),
  ]),
  ...(options.warmups === null ? [] : ["--warmup", String(options.warmups)]),
  ...["--timeout", String(options.timeout / 1000), "--seed", seed],
  ...(options.keepFailed ? ["--keep-failed"] : []),
  ...options.expectations.flatMap((each) => ["--expect", formatExpectation(each)]),
  ...given("--baseline", options.baseline),
  ...(options.until === "waves" ? [] : ["--until", options.until]),
  ...options.nemeses.flatMap((nemesis) => ["--nemesis", formatNemesis(nemesis)]),
];
