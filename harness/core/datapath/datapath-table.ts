/**
 * The ways to a server beside one another: what goes through each, what that costs whom, and how it compares with
 * host networking. Pure, so that any recorded run can be looked at this way.
 */
import { z } from "zod";
import { pairedRatio, ratioSchema, type Ratio } from "../comparison/paired-ratio.ts";
import type { RunHistory } from "../history.ts";
import { spreadSchema } from "../measures.ts";
import { MODES, type Arm, type FlowSpec, type RequestsSpec } from "../model.ts";
import { median, sorted, spread } from "../statistics.ts";
import { carriersWords } from "./carriers-words.ts";
import { reachSchema, type FlowMeasurement, type RequestMeasurement } from "./measurements.ts";
import { busyCoresOf, processorOf, processorSchema } from "./processor.ts";
import { byBlock, ofKind, paired, roundsOf, type Round } from "./rounds.ts";
import { besideArticle, articleSchema } from "./article-figures.ts";
import { flowStep, requestsStep } from "./steps.ts";

const text = z.string();
const number = z.number();
const count = z.int().nonnegative();
const family = z.union([z.literal(4), z.literal(6)]);

/** What every measurement has, whatever it measures. */
const measuredShape = {
  /** As the journal names it. */
  step: text,
  family,
  /** In which it was measured. */
  rounds: count,
  /** Why it was not in the others, in the words of the last of them; null where it always was. */
  unreachable: text.nullable(),
  /** Null where there is no round, as are the others. */
  processor: processorSchema.nullable(),
};

const flowSchema = z.object({
  ...measuredShape,
  direction: z.enum(["ingress", "egress"]),
  connections: z.int().positive(),
  /** Gbit/s: 10⁹ bits that arrived, without headers. */
  throughput: spreadSchema,
  /** Gbit/s for each core that is busy with it. */
  perCore: spreadSchema,
  /** Median of the rounds; null where the kernel does not tell. */
  retransmits: number.nullable(),
  /** To the same flow of the reference; null where there is none. */
  throughputRatio: ratioSchema.nullable(),
  perCoreRatio: ratioSchema.nullable(),
});
export type DatapathFlow = z.infer<typeof flowSchema>;

const requestsSchema = z.object({
  ...measuredShape,
  /** Milliseconds from asking for a connection to the first answer on it: medians of the rounds' own quantiles. */
  connect: z.object({ median: number, p95: number, p99: number }).nullable(),
  /** Requests a second, one after another over one connection. */
  rate: spreadSchema,
  /** Microseconds of processor time for one request. */
  cost: spreadSchema,
  connectRatio: ratioSchema.nullable(),
  rateRatio: ratioSchema.nullable(),
});
export type DatapathRequests = z.infer<typeof requestsSchema>;

const waySchema = z.object({
  arm: text,
  /** The arm's id, without the number of jobs where that is one. */
  name: text,
  profile: text.nullable(),
  mode: z.enum(MODES),
  rootless: z.boolean(),
  /** Host networking that it is compared with: of its own profile, else of one that is rootless or not as it is. */
  reference: text.nullable(),
  /** In the order of the scenario's. */
  flows: z.array(flowSchema).readonly(),
  requests: z.array(requestsSchema).readonly(),
  /** As they were in the last round; null where nobody looked. */
  carriers: z
    .object({
      /** From the client inwards, one fact a sentence. */
      words: z.array(text).readonly(),
      /** There is a user-land proxy for its port; null where there is no way. */
      proxied: z.boolean().nullable(),
      reach: z.object({ "4": reachSchema, "6": reachSchema }).nullable(),
    })
    .nullable(),
});
export type DatapathWay = z.infer<typeof waySchema>;

export const datapathTableSchema = z.object({
  /** In the order of the run's arms. */
  ways: z.array(waySchema).readonly(),
  article: articleSchema,
});
export type DatapathTable = z.infer<typeof datapathTableSchema>;

const isRootless = ({ started, engines }: RunHistory, { profile }: Arm): boolean =>
  (engines.find((each) => each.profile === (profile ?? null))?.engine ?? started.engine).rootless;

const referenceOf = (run: RunHistory, arm: Arm): Arm | null => {
  const hosts = run.started.arms.filter(({ mode, n }) => mode === "host" && n === arm.n);
  const rootless = isRootless(run, arm);
  return (
    hosts.find(({ profile }) => profile === arm.profile) ??
    hosts.find((host) => isRootless(run, host) === rootless) ??
    null
  );
};

const blocksOf = (rounds: readonly Round<unknown>[]): number =>
  new Set(rounds.map(({ block }) => block)).size;

const spreadOf = (values: ReadonlyMap<number, number>) => spread([...values.values()]);

const medianOf = (values: readonly number[]): number | null =>
  values.length === 0 ? null : median(sorted(values));

/** Nothing is compared with itself. */
const ratioTo = <Result>(
  own: readonly Round<Result>[],
  reference: readonly Round<Result>[] | null,
  of: (result: Result) => number | null,
): Ratio | null =>
  reference === null ? null : pairedRatio(paired(byBlock(own, of), byBlock(reference, of)));

const gigabits = ({ bitsPerSecond }: FlowMeasurement): number => bitsPerSecond / 1e9;

const gigabitsPerCore = (flow: FlowMeasurement): number | null => {
  const cores = busyCoresOf(flow);
  return cores === 0 ? null : gigabits(flow) / cores;
};

const MICROSECONDS = 1e6;

const requestCost = (requests: RequestMeasurement): number | null =>
  requests.requestsPerSecond === 0
    ? null
    : (busyCoresOf(requests) * MICROSECONDS) / requests.requestsPerSecond;

/** An arm and what it is compared with. */
interface Pair {
  readonly arm: Arm;
  readonly reference: Arm | null;
}

interface Rounds<Result> {
  readonly own: readonly Round<Result>[];
  /** Null where there is none, and for the reference itself. */
  readonly reference: readonly Round<Result>[] | null;
  readonly unreachable: string | null;
}

const roundsFor = <Kind extends "flow" | "requests">(
  run: RunHistory,
  { arm, reference }: Pair,
  { kind, step }: { readonly kind: Kind; readonly step: string },
) => {
  const operation = kind === "flow" ? "flow.measure" : "requests.measure";
  const all = roundsOf(run, { arm: arm.id, operation, step });
  return {
    own: ofKind(all, kind),
    reference:
      reference === null || reference === arm
        ? null
        : ofKind(roundsOf(run, { arm: reference.id, operation, step }), kind),
    unreachable: ofKind(all, "unreachable").at(-1)?.result.words ?? null,
  };
};

const flowOf = (
  { direction, connections, family: version }: FlowSpec,
  step: string,
  { own, reference, unreachable }: Rounds<FlowMeasurement>,
): DatapathFlow => ({
  step,
  family: version,
  direction,
  connections,
  rounds: blocksOf(own),
  unreachable,
  throughput: spreadOf(byBlock(own, gigabits)),
  perCore: spreadOf(byBlock(own, gigabitsPerCore)),
  retransmits: medianOf(own.flatMap(({ result }) => result.retransmits ?? [])),
  throughputRatio: ratioTo(own, reference, gigabits),
  perCoreRatio: ratioTo(own, reference, gigabitsPerCore),
  processor: processorOf(own.map(({ result }) => result)),
});

const connectOf = (own: readonly Round<RequestMeasurement>[]): DatapathRequests["connect"] => {
  const of = (quantile: "median" | "p95" | "p99"): number | null =>
    medianOf(own.map(({ result }) => result.connect[quantile]));
  const [middle, p95, p99] = [of("median"), of("p95"), of("p99")];
  return middle === null || p95 === null || p99 === null ? null : { median: middle, p95, p99 };
};

const requestsOf = (
  { family: version }: RequestsSpec,
  step: string,
  { own, reference, unreachable }: Rounds<RequestMeasurement>,
): DatapathRequests => {
  const rate = ({ requestsPerSecond }: RequestMeasurement): number => requestsPerSecond;
  return {
    step,
    family: version,
    rounds: blocksOf(own),
    unreachable,
    connect: connectOf(own),
    rate: spreadOf(byBlock(own, rate)),
    cost: spreadOf(byBlock(own, requestCost)),
    connectRatio: ratioTo(own, reference, ({ connect }) => connect.median),
    rateRatio: ratioTo(own, reference, rate),
    processor: processorOf(own.map(({ result }) => result)),
  };
};

const carriersOf = (run: RunHistory, arm: Arm, rootless: boolean): DatapathWay["carriers"] => {
  const looks = roundsOf(run, { arm: arm.id, operation: "path.look", step: null });
  const last = looks.at(-1)?.result;
  switch (last?.kind) {
    case "carriers":
      return {
        words: carriersWords(last, { mode: arm.mode, rootless }),
        proxied: last.proxies.length > 0,
        reach: last.reach,
      };
    case "unreachable":
      return { words: [last.words], proxied: null, reach: null };
    default:
      return null;
  }
};

const nameOf = ({ id, n }: Arm): string =>
  n > 1
    ? id
    : id
        .split("/")
        .filter((part) => part !== "n1")
        .join("/");

/** @returns null for a run of another scenario */
export const datapathTable = (run: RunHistory): DatapathTable | null => {
  const scenario = run.started.request?.scenario;
  if (scenario?.kind !== "datapath") return null;
  const ways = run.started.arms.map((arm): DatapathWay => {
    const pair = { arm, reference: referenceOf(run, arm) };
    const rootless = isRootless(run, arm);
    return {
      arm: arm.id,
      name: nameOf(arm),
      profile: arm.profile ?? null,
      mode: arm.mode,
      rootless,
      reference: pair.reference?.id ?? null,
      flows: scenario.flows.map((flow) => {
        const step = flowStep(flow);
        return flowOf(flow, step, roundsFor(run, pair, { kind: "flow", step }));
      }),
      requests: scenario.requests.map((requests) => {
        const step = requestsStep(requests);
        return requestsOf(requests, step, roundsFor(run, pair, { kind: "requests", step }));
      }),
      carriers: carriersOf(run, arm, rootless),
    };
  });
  return { ways, article: besideArticle(ways) };
};
