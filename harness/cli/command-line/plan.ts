import { MODES, type Mode } from "../../core/model.ts";
import { millis, seconds, type Millis } from "../../core/units.ts";
import type { PlanOptions } from "../commands/plan.ts";
import { entry } from "./entry.ts";
import { jsonOption, listOf, oneText, outOption, usage, wholeNumber } from "./flags.ts";

/** `12.5%` or `0.125`; above 0 unless 0 is fine, and below 1. */
const toShare = (flag: string, text: string, { zero }: { readonly zero: boolean }): number => {
  const [, digits = "", percent] = /^(\d+(?:\.\d+)?)\s?(%?)$/.exec(text.trim()) ?? [];
  const value = digits === "" ? NaN : percent === "%" ? Number(digits) / 100 : Number(digits);
  const fits = value < 1 && (zero ? value >= 0 : value > 0);
  return fits
    ? value
    : usage(
        `--${flag}: ${JSON.stringify(text)} is not a share ${zero ? "from 0 %" : "above 0 %"} and below 100 %, like 12.5%`,
      );
};

const share =
  (flag: string) =>
  (value: unknown): number =>
    toShare(flag, oneText(flag)(value) ?? "", { zero: false });

const toRates = (value: unknown): PlanOptions["rates"] | undefined => {
  const text = oneText("detect")(value);
  if (text === undefined) return undefined;
  const [first, second, ...more] = text.split(":");
  if (first === undefined || second === undefined || more.length > 0) {
    return usage(`--detect: ${JSON.stringify(text)} is not two failure rates, like 12.5%:0%`);
  }
  const rates = {
    first: toShare("detect", first, { zero: true }),
    second: toShare("detect", second, { zero: true }),
  };
  return rates.first === rates.second ? usage("--detect: the two rates are the same") : rates;
};

const UNITS = { ms: 1, s: 1000, min: 60_000 } as const;

const toDuration = (value: unknown): Millis | undefined => {
  const text = oneText("wave-time")(value);
  if (text === undefined) return undefined;
  const [, digits = "0", word] = /^(\d+(?:\.\d+)?)\s?(ms|s|min)$/.exec(text) ?? [];
  const scale = Object.entries(UNITS).find(([name]) => name === word)?.[1] ?? 0;
  const duration = millis(Number(digits) * scale);
  return duration > 0
    ? duration
    : usage(`--wave-time: ${JSON.stringify(text)} is not a duration, like 30s`);
};

const toEffect = (value: unknown): number | undefined => {
  const text = oneText("design-effect")(value);
  if (text === undefined) return undefined;
  const effect = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
  return effect >= 1 && effect <= 10_000
    ? effect
    : usage(`--design-effect must be a number from 1 to 10000, not ${JSON.stringify(text)}`);
};

const toModes = (value: unknown): readonly Mode[] =>
  value === undefined
    ? []
    : listOf("mode", value).map(
        (name) =>
          MODES.find((each) => each === name) ??
          usage(`--mode "${name}" is not one of ${MODES.join(", ")}`),
      );

const planFlags = {
  detect: {
    describe: "the two failure rates to be told apart: 12.5%:0%",
    coerce: toRates,
    requiresArg: true,
  },
  power: {
    describe: "how likely the difference is to be found",
    coerce: share("power"),
    default: "80%",
    requiresArg: true,
  },
  alpha: {
    describe: "how likely one is found where there is none; a Kth of 5% for each of K comparisons",
    coerce: share("alpha"),
    default: "5%",
    requiresArg: true,
  },
  "design-effect": {
    describe: "how many times as much waves vary as independent jobs would",
    coerce: toEffect,
    requiresArg: true,
  },
  "wave-time": {
    describe: "how long a wave takes, with its teardown",
    coerce: toDuration,
    requiresArg: true,
  },
  from: {
    describe: "a run that was like it: its times and its design effect",
    coerce: oneText("from"),
    requiresArg: true,
    type: "string",
  },
  ...outOption,
  ...jsonOption,
} as const;

/** In a config file these are a run's, and may be several. */
const armFlags = {
  n: {
    describe: "jobs of a wave",
    coerce: wholeNumber("n", { min: 1, max: 10_000 }),
    default: 16,
    requiresArg: true,
  },
  mode: {
    describe: "which arms of --from: all of --n jobs, or those of these modes",
    coerce: toModes,
    requiresArg: true,
  },
} as const;

export const planEntry = entry({
  name: "plan",
  words: "plan",
  describe: "how many waves, and how long, to tell two failure rates apart",
  flags: Object.keys(planFlags),
  build: (command) => command.options({ ...planFlags, ...armFlags }),
  read: (args): PlanOptions => {
    if (args.mode !== undefined && args.from === undefined) {
      usage("--mode chooses among the arms of a run: add --from RUN");
    }
    return {
      rates:
        args.detect ??
        usage("plan needs --detect: the two failure rates to be told apart, like 12.5%:0%"),
      jobs: args.n,
      power: args.power,
      alpha: args.alpha,
      designEffect: args.designEffect ?? null,
      waveTime: args.waveTime ?? null,
      assumedWaveTime: seconds(30),
      from: args.from ?? null,
      modes: args.mode ?? [],
      out: args.out ?? usage("--out needs a value"),
      json: args.json,
    };
  },
  load: async () => (await import("../commands/plan.ts")).planCommand,
});
