/**
 * A run as OpenMetrics text, for a file that node_exporter or any other collector reads.
 *
 * All of it is gauges: the numbers are those of one run and the next run's take their place, so none of them only
 * grows. That also keeps the text valid in the older Prometheus format, which node_exporter still reads such files as.
 * What was not measured has no sample; it is never 0.
 */
import { Gauge, Registry, type OpenMetricsContentType } from "prom-client";
import type { EngineFacts } from "../harness/core/events.ts";
import { formatMitigation } from "../harness/core/mitigations.ts";
import type { Spread } from "../harness/core/measures.ts";
import { summarySchema, type ArmSummary, type Summary } from "../harness/core/summary.ts";
import { engineOfArm } from "./engine-of-arm.ts";
import { printable } from "./printable.ts";

type Labels = Readonly<Record<string, string>>;

interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

interface Family {
  /** Base units as suffix: `_seconds`, `_ratio`. */
  readonly name: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

const SECOND = 1000;

const VERDICTS = summarySchema.shape.verdict.options;

const one = (labels: Labels, value: number | null): readonly Sample[] =>
  value === null ? [] : [{ labels, value }];

const spreadOf = (arm: string, spread: Spread): readonly Sample[] =>
  spread === null
    ? []
    : (["min", "median", "max"] as const).map((statistic) => ({
        labels: { arm, statistic },
        value: spread[statistic] / SECOND,
      }));

const engineLabels = (engine: EngineFacts): Labels => ({
  engine_version: engine.version,
  rootless: engine.rootless ? "yes" : "no",
  network_driver: engine.networkDriver ?? "",
  port_driver: engine.portDriver ?? "",
});

const runFamilies = (summary: Summary): readonly Family[] => {
  const { engine, run, tool, seed, simulated, ended } = summary;
  const started = Date.parse(summary.startedAt);
  return [
    {
      name: "stress_run_info",
      help: "What was run, on which engine and machine; always 1.",
      samples: one(
        {
          run,
          tool,
          seed,
          ended,
          simulated: simulated ? "SIMULATED" : "no",
          ...engineLabels(engine),
          architecture: engine.architecture,
          kernel: engine.kernel,
        },
        1,
      ),
    },
    {
      name: "stress_run_verdict",
      help: "1 for the run's verdict, 0 for the others; unknown is too little data, never a pass.",
      samples: VERDICTS.map((verdict) => ({
        labels: { verdict },
        value: verdict === summary.verdict ? 1 : 0,
      })),
    },
    {
      name: "stress_expectation",
      help: "1 for the verdict on what was expected of the run, 0 for the others.",
      samples: summary.expectations.flatMap(({ expectation, verdict: found }) =>
        VERDICTS.map((verdict) => ({
          labels: { expectation, verdict },
          value: verdict === found ? 1 : 0,
        })),
      ),
    },
    {
      name: "stress_profile_skipped",
      help: "1 for a profile that the engine at hand cannot run, and that has no arm; else 0.",
      samples: summary.profiles.map(({ name, skipped }) => ({
        labels: { profile: name },
        value: skipped === null ? 0 : 1,
      })),
    },
    {
      name: "stress_repeated_calls",
      help: "Calls that were refused and made again, where a mitigation does so.",
      samples: summary.tries.map(({ arm, repeated }) => ({ labels: { arm }, value: repeated })),
    },
    {
      name: "stress_run_started_timestamp_seconds",
      help: "When the run started, since 1970.",
      samples: one({}, Number.isNaN(started) ? null : started / SECOND),
    },
    {
      name: "stress_run_elapsed_seconds",
      help: "From the run's start to its last event.",
      samples: one({}, summary.elapsed / SECOND),
    },
    {
      name: "stress_leaked_objects",
      help: "Containers, networks, volumes and ports that teardown left behind, of waves that came to it.",
      samples: summary.arms.flatMap(({ id, teardown }) => {
        const left = summary.leaks
          .filter(({ arm }) => arm === id)
          .reduce((total, { what }) => total + what.length, 0);
        return one({ arm: id }, teardown === null && left === 0 ? null : left);
      }),
    },
  ];
};

/** Failures of one label and class are one sample, however many kinds of words no signature names. */
const failuresOf = ({ id, failures }: ArmSummary): readonly Sample[] => {
  const found = new Map<string, { labels: Labels; value: number }>();
  for (const { label, class: name, count } of failures) {
    const key = JSON.stringify([label, name]);
    const sample = found.get(key) ?? { labels: { arm: id, label, class: name }, value: 0 };
    found.set(key, { ...sample, value: sample.value + count });
  }
  return [...found.values()];
};

/** What each arm has to say in one family, in the order of the families. */
const ARM_FAMILIES: readonly {
  readonly name: string;
  readonly help: string;
  readonly samples: (arm: ArmSummary, summary: Summary) => readonly Sample[];
}[] = [
  {
    name: "stress_arm_info",
    help: "What an arm is, and the engine it ran on; always 1.",
    samples: (arm, summary) =>
      one(
        {
          arm: arm.id,
          scenario: arm.scenario,
          mode: arm.mode,
          n: String(arm.n),
          profile: arm.profile ?? "",
          ports: arm.ports ?? "",
          mitigation: arm.mitigation === undefined ? "" : formatMitigation(arm.mitigation),
          ...engineLabels(engineOfArm(summary, arm)),
        },
        1,
      ),
  },
  {
    name: "stress_waves",
    help: "Waves planned, and those that ran to their end.",
    samples: ({ id, waves }) =>
      (["planned", "finished"] as const).map((state) => ({
        labels: { arm: id, state },
        value: waves[state],
      })),
  },
  {
    name: "stress_jobs",
    help: "Jobs by outcome; unfinished ones are in no rate.",
    samples: ({ id, jobs }) =>
      (["ok", "failed", "unfinished"] as const).map((outcome) => ({
        labels: { arm: id, outcome },
        value: jobs[outcome],
      })),
  },
  {
    name: "stress_failures",
    help: "Failed jobs by where they stopped and what the words say.",
    samples: failuresOf,
  },
  {
    name: "stress_failure_ratio",
    help: "Failed jobs over jobs of finished waves, with the Wilson 95 % interval.",
    samples: ({ id, failureRate }) =>
      failureRate === null
        ? []
        : [
            { labels: { arm: id, bound: "low" }, value: failureRate.low },
            { labels: { arm: id, bound: "observed" }, value: failureRate.value },
            { labels: { arm: id, bound: "high" }, value: failureRate.high },
          ],
  },
  {
    name: "stress_burst_seconds",
    help: "From the gate to the last job that was ready or had failed, over finished waves.",
    samples: ({ id, burst }) => spreadOf(id, burst),
  },
  {
    name: "stress_launch_skew_seconds",
    help: "From the first job's first request to the last job's, over waves.",
    samples: ({ id, launchSkew }) => spreadOf(id, launchSkew),
  },
  {
    name: "stress_teardown_seconds",
    help: "Removing what a wave made, over finished waves.",
    samples: ({ id, teardown }) => spreadOf(id, teardown),
  },
  {
    name: "stress_calls_in_flight",
    help: "Most calls to the daemon at once.",
    samples: ({ id, inFlight }) => one({ arm: id }, inFlight),
  },
  {
    name: "stress_harness_processor_ratio",
    help: "The harness's own share of the processors during bursts.",
    samples: ({ id, harnessShare }) => one({ arm: id }, harnessShare),
  },
  {
    name: "stress_port_retries",
    help: "How often the daemon's log says that it tried another dynamic port.",
    samples: ({ id, portRetries }) => one({ arm: id }, portRetries),
  },
  {
    name: "stress_netns_restore_lines_per_job",
    help: "Lines about the thread's network namespace in the daemon's log, per job.",
    samples: ({ id, netnsRestorePerJob }) => one({ arm: id }, netnsRestorePerJob),
  },
];

const safe = (labels: Labels): Labels =>
  Object.fromEntries(
    Object.entries(labels).map(([label, words]) => [label, printable(words)] as const),
  );

/** Ends with `# EOF`. Two runs of one schema differ in values only, never in the order of families. */
export const openMetrics = async (summary: Summary): Promise<string> => {
  const registry = new Registry<OpenMetricsContentType>();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  const families: readonly Family[] = [
    ...runFamilies(summary),
    ...ARM_FAMILIES.map((family) => ({
      ...family,
      samples: summary.arms.flatMap((arm) => family.samples(arm, summary)),
    })),
  ];
  for (const { name, help, samples } of families) {
    const [first] = samples;
    if (first === undefined) continue;
    const labelNames = Object.keys(first.labels);
    const gauge = new Gauge({ name, help, labelNames, registers: [registry] });
    for (const { labels, value } of samples) {
      gauge.set(safe(labels), value);
    }
  }
  return await registry.metrics();
};
