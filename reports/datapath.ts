/**
 * The cost of each way to a server, for the terminal and for the report.
 */
import { FEWEST_ROUNDS } from "../harness/core/comparison/paired-ratio.ts";
import type { DatapathTable, DatapathWay } from "../harness/core/datapath/datapath-table.ts";
import { columns, type Table } from "./columns.ts";
import {
  CHOSEN,
  chosenTitle,
  flowsTable,
  overview,
  requestsTable,
  articleTable,
  spendersTable,
} from "./datapath-tables.ts";
import { escaped, list, tableOf } from "./markup.ts";
import type { Paint } from "./paint.ts";
import { printable } from "./printable.ts";

const measuredOf = ({ flows, requests }: DatapathWay) => [
  ...flows,
  ...requests.map((each) => ({ ...each, step: `PING/${each.step}` })),
];

/** The ways by what they are compared with, as a sentence for each. */
const references = ({ ways }: DatapathTable): readonly string[] => {
  const nameOf = (arm: string): string => ways.find((way) => way.arm === arm)?.name ?? arm;
  const compared = new Map<string, string[]>();
  for (const { arm, name, reference } of ways) {
    if (reference === null || reference === arm) continue;
    compared.set(reference, [...(compared.get(reference) ?? []), name]);
  }
  const rootless = ways.some((way) => way.rootless && way.mode === "host");
  return [
    ...[...compared].map(
      ([reference, names]) => `to host: against ${nameOf(reference)}, of ${names.join(", ")}`,
    ),
    ...(compared.size === 0 ? ["to host: no way with host networking was measured"] : []),
    ...(rootless
      ? [
          "a rootless engine's host networking is RootlessKit's network namespace; with a detached one, the default from Engine 29.5 on, it is the machine's",
        ]
      : []),
  ];
};

const tooFewRounds = ({ ways }: DatapathTable): readonly string[] => {
  const ratios = ways.flatMap(({ flows, requests }) => [
    ...flows.flatMap(({ throughputRatio, perCoreRatio }) => [throughputRatio, perCoreRatio]),
    ...requests.flatMap(({ rateRatio, connectRatio }) => [rateRatio, connectRatio]),
  ]);
  const few = ratios.some((ratio) => ratio?.interval === null);
  return few ? [`no interval from fewer than ${String(FEWEST_ROUNDS)} rounds`] : [];
};

/** Why there is nothing to see where there is nothing, once a way and family. */
const unreachables = ({ ways }: DatapathTable): readonly string[] =>
  ways.flatMap((way) =>
    ([4, 6] as const).flatMap((family) => {
      const all = measuredOf(way).filter((each) => each.family === family);
      const without = all.filter(({ unreachable }) => unreachable !== null);
      const words = without[0]?.unreachable ?? null;
      if (words === null) return [];
      const nothing = all.every(({ rounds }) => rounds === 0);
      const what = nothing
        ? `nothing over IPv${String(family)}`
        : `not always ${without.map(({ step }) => step).join(", ")}`;
      return [`${way.name}: ${what}: ${words.replace(/^IPv[46]: /, "")}`];
    }),
  );

/** Where software interrupts are booked, if anything tells. */
const softirqText = ({ ways }: DatapathTable): readonly string[] => {
  const found = ways.flatMap(
    (way) => measuredOf(way).find(({ processor }) => processor !== null)?.processor?.softirq ?? [],
  )[0];
  switch (found) {
    case "within":
      return ["softirq: this kernel books it to whom it interrupts, so it is in the others' cores"];
    case "apart":
      return ["softirq: beside the others' cores"];
    default:
      return [];
  }
};

const FIGURES =
  "Gbit/s by iperf3, medians of rounds: in, received by the server; out, sent by it; 6, over IPv6; then connections";

const mainText = (table: DatapathTable): readonly string[] => {
  const title = chosenTitle(table, "ingress");
  return title === null
    ? []
    : [
        `per core: Gbit/s for each busy core (${title}); other processes' time is left out of it; ` +
          "to host: the ratio of that",
      ];
};

const SMALL =
  "PING/s: Redis, one after another over one IPv4 connection; connect: until its first answer, median";

/** Notes under the first table. */
const notes = (table: DatapathTable): readonly string[] => [
  FIGURES,
  ...mainText(table),
  ...references(table),
  ...tooFewRounds(table),
  SMALL,
];

const ARTICLE_NOTE =
  "ingress, 10 connections, IPv4; host : proxy and host : rules: how many times as much " +
  "host networking moves with as much processor time";

const tableText = (table: Table, paint: Paint): readonly string[] => {
  const rows = table.rows.map((row) => row.map(printable));
  const [titles = "", ...lines] = columns({ head: table.head, rows });
  return [paint.dim(titles), ...lines];
};

const carriersText = ({ ways }: DatapathTable): readonly string[] =>
  ways.flatMap(({ name, carriers }) =>
    carriers === null
      ? []
      : [printable(name), ...carriers.words.map((words) => `- ${printable(words)}`)],
  );

/** For the terminal; empty for a run of another scenario. */
export const datapathText = (table: DatapathTable | null, paint: Paint): string => {
  if (table === null) return "";
  const main = chosenTitle(table, "ingress");
  const carriers = carriersText(table);
  const sections = [
    [
      paint.dim("ways to a server"),
      ...tableText(overview(table), paint),
      ...notes(table).map((note) => paint.dim(note)),
      ...unreachables(table).map((line) => `- ${printable(line)}`),
    ],
    ...(main === null
      ? []
      : [
          [
            paint.dim(`cores kept busy, and by whom (${main})`),
            ...tableText(spendersTable(table, CHOSEN.ingress), paint),
            ...softirqText(table).map((note) => paint.dim(note)),
          ],
        ]),
    ...(carriers.length === 0 ? [] : [[paint.dim("what carries it"), ...carriers]]),
    ...(table.article.ours.length === 0
      ? []
      : [
          [
            paint.dim('beside "Docker networking on Linux"'),
            ...tableText(articleTable(table), paint),
            paint.dim(ARTICLE_NOTE),
          ],
        ]),
  ];
  return sections.map((lines) => `${lines.join("\n")}\n`).join("\n");
};

const spendersMarkdown = (table: DatapathTable): readonly string[] => {
  const parts = [
    { title: chosenTitle(table, "ingress"), chosen: CHOSEN.ingress },
    { title: chosenTitle(table, "egress"), chosen: CHOSEN.egress },
    {
      title: table.ways.some((way) => CHOSEN.requests(way) !== undefined) ? "PING, IPv4" : null,
      chosen: CHOSEN.requests,
    },
  ];
  return parts.flatMap(({ title, chosen }) =>
    title === null
      ? []
      : [`Cores kept busy: ${escaped(title)}.`, tableOf(spendersTable(table, chosen))],
  );
};

/** Sections of the report; none for a run of another scenario. */
export const datapathMarkdown = (table: DatapathTable | null): readonly string[] => {
  if (table === null) return [];
  const without = unreachables(table);
  return [
    "## Ways to a server",
    tableOf(overview(table)),
    list([...notes(table), ...without]),
    "### Who spends the processor",
    ...spendersMarkdown(table),
    ...softirqText(table).map((note) => `${escaped(note)}.`),
    "### What carries the traffic",
    ...table.ways.flatMap(({ name, carriers }) =>
      carriers === null ? [] : [`${escaped(name)}:`, list(carriers.words)],
    ),
    ...(table.article.ours.length === 0
      ? []
      : [
          '### Beside "Docker networking on Linux"',
          tableOf(articleTable(table)),
          `${escaped(ARTICLE_NOTE)}.`,
        ]),
    "### Every flow",
    tableOf(flowsTable(table)),
    tableOf(requestsTable(table)),
    escaped(EXPLAINED),
  ];
};

const EXPLAINED =
  "Gbit/s: median of the rounds, and their range; what arrived, without headers, after the first second. Busy cores: of " +
  "the machine, without those of processes that have no part in the flow; means of the rounds, as are those by spender. " +
  "To host: geometric mean of the rounds' ratios, each of two waves of one block, with Student's interval of their " +
  "logarithms. Idle: of all cores of the machine.";
