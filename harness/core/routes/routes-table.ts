/**
 * What became of the default gateway in each arm, beside what was predicted of it: who gave it before and after the
 * attach, by which rule, and what that did to connections and requests.
 */
import { z } from "zod";
import type { JobHistory, RunHistory, Step } from "../history.ts";
import { judgeArm } from "../judged-wave.ts";
import { measuredRun } from "../measured-waves.ts";
import { rateSchema, spreadSchema } from "../measures.ts";
import type { Arm, RoutesScenario, RoutesVariant } from "../model.ts";
import { profileOfArm } from "../per-profile.ts";
import { rate, spread, sum } from "../statistics.ts";
import { heldBefore, isDead } from "./answers.ts";
import { GATEWAY_RULES, predictedMove, type PredictedMove } from "./prediction.ts";
import type { RouteTable } from "./route-table.ts";
import { HELD_KINDS, HELD_TO } from "./traffic-seen.ts";
import type { RequestsReport, TrafficReport } from "./traffic.ts";

const text = z.string();
const amount = z.int().nonnegative();

/** A request that takes so long has stalled, in milliseconds. */
const STALLED = 1000;

const gatewaySchema = z.object({
  /** By its name in the scenario; null: no default route. */
  network: text.nullable(),
  /** As the first of these jobs had it; each has networks of its own. */
  address: text.nullable(),
  interface: text.nullable(),
  jobs: z.int().positive(),
});
export type GatewaySeen = z.infer<typeof gatewaySchema>;

const predictedSchema = z.object({
  before: text.nullable(),
  after: text.nullable(),
  /** The gateway that was there is another one afterwards. */
  moves: z.boolean(),
  rule: z.enum(GATEWAY_RULES),
  because: text,
  source: text,
});

const connectionsSchema = z.object({
  kind: z.enum(HELD_KINDS),
  to: z.enum(HELD_TO),
  /** That stood before the attach, in all jobs. */
  held: z.int().positive(),
  /** Of these: they stood on and brought nothing more; this side was told of their end. */
  silent: amount,
  closed: amount,
});

const requestsSchema = z.object({
  kind: z.enum(["direct", "through"]),
  sent: amount,
  lost: amount,
  /** Of the first ones of each job: those that took a second or longer and were answered. */
  stalled: amount,
  /** From when the proxy could find the app until its first answer. */
  firstAnswered: spreadSchema,
  slowest: z.number().nullable(),
});

const rowSchema = z.object({
  arm: text,
  variant: text,
  title: text,
  n: z.int().positive(),
  engine: text,
  first: text,
  attached: text.nullable(),
  /** Of finished waves. */
  failures: rateSchema,
  before: z.array(gatewaySchema).readonly(),
  after: z.array(gatewaySchema).readonly(),
  predicted: predictedSchema,
  /** Jobs whose routes were read before and after, and those of them whose gateway was another one. */
  measured: amount,
  moved: amount,
  /** Each job was as predicted; null where none was measured. */
  agrees: z.boolean().nullable(),
  connections: z.array(connectionsSchema).readonly(),
  requests: z.array(requestsSchema).readonly(),
  /** From the attach until the proxy could find the app. */
  reachable: spreadSchema,
  /** How long each job had no default route, having had one. */
  withoutRoute: spreadSchema,
  /** Of each job the longest time for which a connection that stood before brought nothing, since the attach. */
  blind: spreadSchema,
});
export type RoutesRow = z.infer<typeof rowSchema>;

export const routesTableSchema = z.object({
  /** How long connections and requests are watched, in milliseconds. */
  watchFor: z.number(),
  rows: z.array(rowSchema).readonly(),
});
export type RoutesTable = z.infer<typeof routesTableSchema>;

const measuredBy = ({ answer }: Step) => ("measured" in answer ? answer.measured : undefined);

const tableAt = ({ burst }: JobHistory, name: "before" | "after"): RouteTable | null => {
  const step = burst.find((each) => each.operation === "routes.read" && each.step === name);
  const measured = step === undefined ? undefined : measuredBy(step);
  return measured?.kind === "routes" ? measured : null;
};

const trafficOf = ({ burst }: JobHistory): TrafficReport | null => {
  const step = burst.find((each) => each.operation === "traffic.watch");
  const measured = step === undefined ? undefined : measuredBy(step);
  return measured?.kind === "traffic" ? measured : null;
};

/** Whose gateway it is: an interface that was there before the attach is that of the first network. */
const networkOf = (
  { default4 }: RouteTable,
  before: RouteTable,
  { first, attached }: RoutesVariant,
): string | null => {
  if (default4 === null) return null;
  const isFirst = before.interfaces.some(({ name }) => name === default4.interface);
  return isFirst || attached === null ? first.name : attached.name;
};

interface Routes {
  readonly before: RouteTable;
  readonly after: RouteTable;
}

const routesOf = (job: JobHistory): readonly Routes[] => {
  const [before, after] = [tableAt(job, "before"), tableAt(job, "after")];
  return before === null || after === null ? [] : [{ before, after }];
};

/** What the jobs showed at one moment, most of them first. */
const gatewaysAt = (
  routes: readonly Routes[],
  name: keyof Routes,
  variant: RoutesVariant,
): readonly GatewaySeen[] => {
  const groups = new Map<string, GatewaySeen>();
  for (const each of routes) {
    const { default4 } = each[name];
    const network = networkOf(each[name], each.before, variant);
    const device = default4?.interface ?? null;
    const key = JSON.stringify([network, device]);
    const group = groups.get(key);
    const address = group?.address ?? default4?.gateway ?? null;
    groups.set(key, { network, address, interface: device, jobs: (group?.jobs ?? 0) + 1 });
  }
  return [...groups.values()].toSorted((one, other) => other.jobs - one.jobs);
};

const isMoved = ({ before, after }: Routes): boolean =>
  before.default4 !== null && before.default4.gateway !== after.default4?.gateway;

const predictedOf = ({ before, after, moves }: PredictedMove): RoutesRow["predicted"] => {
  const last = after ?? before;
  return {
    before: before.network,
    after: last.network,
    moves,
    rule: last.rule,
    because: last.because,
    source: last.source,
  };
};

const connectionsOf = (traffic: readonly TrafficReport[]): RoutesRow["connections"] => {
  const held = traffic.flatMap(heldBefore);
  return HELD_TO.flatMap((to) =>
    HELD_KINDS.flatMap((kind) => {
      const own = held.filter((each) => each.to === to && each.kind === kind);
      if (own.length === 0) return [];
      const dead = own.filter(isDead);
      const closed = dead.filter(({ state }) => state === "closed").length;
      return [{ kind, to, held: own.length, silent: dead.length - closed, closed }];
    }),
  );
};

const largest = (values: readonly (number | null)[]): number | null =>
  values.reduce((most, value) => (value === null || (most ?? value) > value ? most : value), null);

const requestsOf = (traffic: readonly TrafficReport[]): RoutesRow["requests"] =>
  (["direct", "through"] as const).flatMap((kind) => {
    const own: readonly RequestsReport[] = traffic
      .flatMap(({ requests }) => requests)
      .filter((each) => each.kind === kind);
    if (own.length === 0) return [];
    return [
      {
        kind,
        sent: sum(own.map(({ sent }) => sent)),
        lost: sum(own.map(({ lost }) => lost)),
        stalled: own.flatMap(({ first }) => first).filter((took) => (took ?? 0) >= STALLED).length,
        firstAnswered: spread(own.flatMap(({ firstAnswered }) => firstAnswered ?? [])),
        slowest: largest(own.map(({ slowest }) => slowest)),
      },
    ];
  });

/** Nobody speaks on a connection for commands unless asked to. */
const blindOf = (report: TrafficReport): readonly number[] => {
  const silences = heldBefore(report)
    .filter(({ kind }) => kind !== "commands")
    .map(({ longestSilence }) => longestSilence);
  const longest = largest(silences);
  return longest === null ? [] : [longest];
};

const rowOf = (run: RunHistory, arm: Arm, { variants }: RoutesScenario): readonly RoutesRow[] => {
  const variant = variants.find(({ name }) => name === arm.variant);
  const { engine } = profileOfArm(run, arm.id).started;
  const prediction = variant === undefined ? null : predictedMove(variant, engine);
  if (variant === undefined || prediction === null) return [];
  const waves = judgeArm(run, arm.id);
  const jobs = waves.flatMap(({ wave }) => wave.jobs);
  const outcomes = waves.filter(({ finished }) => finished).flatMap((wave) => wave.outcomes);
  const routes = jobs.flatMap(routesOf);
  const traffic = jobs.flatMap((job) => trafficOf(job) ?? []);
  const predicted = predictedOf(prediction);
  const before = gatewaysAt(routes, "before", variant);
  const after = gatewaysAt(routes, "after", variant);
  return [
    {
      arm: arm.id,
      variant: variant.name,
      title: variant.title,
      n: arm.n,
      engine: engine.version,
      first: variant.first.name,
      attached: variant.attached?.name ?? null,
      failures: rate({
        failed: outcomes.filter(({ outcome }) => outcome.status === "failed").length,
        of: outcomes.length,
      }),
      before,
      after,
      predicted,
      measured: routes.length,
      moved: routes.filter(isMoved).length,
      agrees:
        routes.length === 0
          ? null
          : before.every(({ network }) => network === predicted.before) &&
            after.every(({ network }) => network === predicted.after),
      connections: connectionsOf(traffic),
      requests: requestsOf(traffic),
      reachable: spread(traffic.flatMap(({ reachable }) => reachable ?? [])),
      withoutRoute: spread(traffic.map(({ withoutRoute }) => withoutRoute)),
      blind: spread(traffic.flatMap(blindOf)),
    },
  ];
};

/** Null for a run of another scenario. */
export const routesTable = (whole: RunHistory): RoutesTable | null => {
  const scenario = whole.started.request?.scenario;
  if (scenario?.kind !== "routes") return null;
  const run = measuredRun(whole);
  return {
    watchFor: scenario.watchFor,
    rows: run.started.arms.flatMap((arm) => rowOf(run, arm, scenario)),
  };
};
