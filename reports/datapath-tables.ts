/**
 * The ways to a server as tables: the figures, who kept the processor busy, and an article's figures beside ours.
 */
import type { Ratio } from "../harness/core/comparison/paired-ratio.ts";
import type {
  DatapathFlow,
  DatapathRequests,
  DatapathTable,
  DatapathWay,
} from "../harness/core/datapath/datapath-table.ts";
import { SPENDERS, type Spender } from "../harness/core/datapath/measurements.ts";
import type { Processor } from "../harness/core/datapath/processor.ts";
import type { Spread } from "../harness/core/measures.ts";
import { formatShare } from "../harness/core/units.ts";
import { durationText, NOTHING } from "./arm-columns.ts";
import { left, right, type Table } from "./columns.ts";

/** Three digits of what is above 1, two decimals of what is below: `42.0`, `5.31`, `0.35`, `0.0034`. */
export const figureText = (value: number): string => {
  if (value > 0 && value < 0.0995) return String(Number(value.toPrecision(2)));
  if (value < 9.995) return value.toFixed(2);
  return value < 99.95 ? value.toFixed(1) : value.toFixed(0);
};

const middleText = (found: Spread): string => (found === null ? NOTHING : figureText(found.median));

/** `5.31 (5.20–5.44)`, and the median alone of one round. */
const rangeText = (found: Spread): string => {
  if (found === null) return NOTHING;
  const middle = figureText(found.median);
  return found.samples < 2
    ? middle
    : `${middle} (${figureText(found.min)}–${figureText(found.max)})`;
};

/** Two decimals, unless nothing would be left of it. */
const shareText = (value: number): string =>
  value > 0 && value < 0.00995 ? String(Number(value.toPrecision(1))) : value.toFixed(2);

/** `0.35 (0.31–0.40)`, without an interval where there is none. */
const ratioText = (ratio: Ratio | null): string => {
  if (ratio === null) return NOTHING;
  const value = shareText(ratio.value);
  const { interval } = ratio;
  return interval === null
    ? value
    : `${value} (${shareText(interval.low)}–${shareText(interval.high)})`;
};

/** What is compared with itself is as much as itself. */
const toHostText = (
  { arm, reference }: DatapathWay,
  ratio: Ratio | null,
  rounds: number,
): string => (arm !== reference ? ratioText(ratio) : rounds === 0 ? NOTHING : "1");

const MICROSECONDS = 1000;
/** From here on milliseconds say enough. */
const MANY_MILLIS = 10;

const latencyText = (milliseconds: number): string =>
  milliseconds < MANY_MILLIS
    ? `${(milliseconds * MICROSECONDS).toFixed(0)}µs`
    : durationText(milliseconds);

const perSecondText = (found: Spread): string =>
  found === null ? NOTHING : found.median.toFixed(0);

/** Which of the scenario's flows stands in for all of them: that of the article, as far as it is there. */
const headline = (flows: readonly DatapathFlow[], direction: DatapathFlow["direction"]) =>
  flows
    .filter((flow) => flow.family === 4 && flow.direction === direction)
    .toSorted((a, b) => b.connections - a.connections)[0];

const DIRECTIONS = { ingress: "in", egress: "out" } as const;

/** `in 10`, `out6 1`. */
const flowTitle = ({ direction, family, connections }: DatapathFlow): string =>
  `${DIRECTIONS[direction]}${family === 6 ? "6" : ""} ${String(connections)}`;

/** All of IPv4, and of IPv6 those with the most connections. */
const isInOverview = (flow: DatapathFlow, flows: readonly DatapathFlow[]): boolean =>
  flow.family === 4 ||
  flows.every(({ family, connections }) => family === 4 || connections <= flow.connections);

const requestsOver = (
  { requests }: DatapathWay,
  family: DatapathRequests["family"],
): DatapathRequests | undefined => requests.find((each) => each.family === family);

/** One line a way: what a reader looks for first. */
export const overview = ({ ways }: DatapathTable): Table => {
  const shown = (ways[0]?.flows ?? []).filter((flow, _, flows) => isInOverview(flow, flows));
  return {
    head: [
      left("way"),
      ...shown.map((flow) => right(flowTitle(flow))),
      right("per core"),
      left("to host (95 %)"),
      right("PING/s"),
      right("connect"),
    ],
    rows: ways.map((way) => {
      const main = headline(way.flows, "ingress");
      const small = requestsOver(way, 4);
      return [
        way.name,
        ...shown.map(({ step }) =>
          middleText(way.flows.find((flow) => flow.step === step)?.throughput ?? null),
        ),
        middleText(main?.perCore ?? null),
        toHostText(way, main?.perCoreRatio ?? null, main?.rounds ?? 0),
        perSecondText(small?.rate ?? null),
        small?.connect == null ? NOTHING : latencyText(small.connect.median),
      ];
    }),
  };
};

/** Every flow of every way. */
export const flowsTable = ({ ways }: DatapathTable): Table => ({
  head: [
    left("way"),
    left("flow"),
    right("rounds"),
    left("Gbit/s"),
    left("Gbit/s to host (95 %)"),
    left("Gbit/s per core"),
    left("per core to host (95 %)"),
    right("busy cores"),
    right("idle"),
    right("retransmits"),
  ],
  rows: ways.flatMap((way) =>
    way.flows.map((flow) => [
      way.name,
      flow.step,
      String(flow.rounds),
      rangeText(flow.throughput),
      toHostText(way, flow.throughputRatio, flow.rounds),
      rangeText(flow.perCore),
      toHostText(way, flow.perCoreRatio, flow.rounds),
      flow.processor === null ? NOTHING : figureText(flow.processor.busyCores),
      flow.processor === null ? NOTHING : formatShare(flow.processor.idle),
      flow.retransmits === null ? NOTHING : flow.retransmits.toFixed(0),
    ]),
  ),
});

/** Small requests over every way. */
export const requestsTable = ({ ways }: DatapathTable): Table => ({
  head: [
    left("way"),
    left("over"),
    right("rounds"),
    right("connect"),
    right("p95"),
    right("p99"),
    left("connect to host (95 %)"),
    right("PING/s"),
    left("PING/s to host (95 %)"),
    left("processor µs a PING"),
  ],
  rows: ways.flatMap((way) =>
    way.requests.map(({ step, rounds, connect, connectRatio, rate, rateRatio, cost }) => [
      way.name,
      step,
      String(rounds),
      ...(connect === null
        ? [NOTHING, NOTHING, NOTHING]
        : [connect.median, connect.p95, connect.p99].map(latencyText)),
      toHostText(way, connectRatio, rounds),
      perSecondText(rate),
      toHostText(way, rateRatio, rounds),
      rangeText(cost),
    ]),
  ),
});

/** Less than this is noise of the clock's ticks. */
const SEEN_CORES = 0.005;

const SPENDER_TITLES: Partial<Readonly<Record<Spender, string>>> = {
  "iperf3-server": "server",
  "iperf3-client": "client",
  "redis-server": "server",
  "redis-client": "client",
};

/** Of which measurement of a way the processor is looked at. */
type Chosen = (way: DatapathWay) => { readonly processor: Processor | null } | undefined;

export const CHOSEN = {
  ingress: ({ flows }) => headline(flows, "ingress"),
  egress: ({ flows }) => headline(flows, "egress"),
  requests: (way) => requestsOver(way, 4),
} as const satisfies Record<string, Chosen>;

/** `ingress, 10 connections, IPv4`; null where the scenario has none. */
export const chosenTitle = (
  { ways }: DatapathTable,
  direction: "ingress" | "egress",
): string | null => {
  const flow = headline(ways[0]?.flows ?? [], direction);
  if (flow === undefined) return null;
  const connections =
    flow.connections === 1 ? "1 connection" : `${String(flow.connections)} connections`;
  return `${direction}, ${connections}, IPv4`;
};

/** Cores that were busy, by who kept them so. */
export const spendersTable = ({ ways }: DatapathTable, chosen: Chosen): Table => {
  const processors = ways.map((way) => chosen(way)?.processor ?? null);
  const seen = processors.flatMap((processor) => processor?.spenders ?? []);
  const spenders = SPENDERS.filter((spender) =>
    seen.some((each) => each.spender === spender && each.cores >= SEEN_CORES),
  );
  return {
    head: [
      left("way"),
      right("busy"),
      right("idle"),
      ...spenders.map((spender) => right(SPENDER_TITLES[spender] ?? spender)),
    ],
    rows: ways.map(({ name }, index) => {
      const processor = processors[index] ?? null;
      if (processor === null) return [name, NOTHING, NOTHING, ...spenders.map(() => NOTHING)];
      return [
        name,
        figureText(processor.busyCores),
        formatShare(processor.idle),
        ...spenders.map((spender) => {
          const cores = processor.spenders.find((each) => each.spender === spender)?.cores ?? 0;
          return cores < SEEN_CORES ? "" : cores.toFixed(2);
        }),
      ];
    }),
  };
};

const ARTICLE_TITLES = {
  "docker-proxy": "published, docker-proxy",
  rules: "published, rules alone",
  host: "host networking",
} as const;

/** `42.0, 14 % idle`. */
const articleText = ({ throughput, idle }: DatapathTable["article"]["author"][number]): string =>
  throughput === null
    ? NOTHING
    : `${figureText(throughput)}${idle === null ? "" : `, ${formatShare(idle)} idle`}`;

/** The author's figures, and the same of ours below. */
export const articleTable = ({ article }: DatapathTable): Table => {
  const row = (who: string, figures: DatapathTable["article"]["author"]): readonly string[] => {
    const betterThan = (way: "docker-proxy" | "rules"): string => {
      const found = figures.find((figure) => figure.way === way)?.hostBetterBy ?? null;
      return found === null ? NOTHING : `${found.toFixed(1)}×`;
    };
    return [who, ...figures.map(articleText), betterThan("docker-proxy"), betterThan("rules")];
  };
  return {
    head: [
      left("Gbit/s"),
      ...article.author.map(({ way }) => left(ARTICLE_TITLES[way])),
      right("host : proxy"),
      right("host : rules"),
    ],
    rows: [
      row("author's laptop, rootful", article.author),
      ...article.ours.map(({ rootless, figures }) =>
        row(rootless ? "here, rootless" : "here, rootful", figures),
      ),
    ],
  };
};
