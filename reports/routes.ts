/**
 * What became of the default gateway in each arm of scenario routes, for the terminal and for the report.
 */
import type { GatewaySeen, RoutesRow, RoutesTable } from "../harness/core/routes/routes-table.ts";
import { count, formatShare } from "../harness/core/units.ts";
import { durationText, NOTHING } from "./arm-columns.ts";
import { columns, left, right, type Table } from "./columns.ts";
import { list, tableOf } from "./markup.ts";
import type { Paint } from "./paint.ts";
import { printable } from "./printable.ts";

const gatewayText = ({ network, interface: device }: GatewaySeen): string =>
  network === null ? "none" : `${network} (${device ?? ""})`;

/** `app_stage (eth1)`; with how many jobs where they differ: `3 × app_stage (eth1), 1 × none`. */
const gatewaysText = (gateways: readonly GatewaySeen[]): string => {
  const [only, ...others] = gateways;
  if (only === undefined) return NOTHING;
  if (others.length === 0) return gatewayText(only);
  return gateways.map((each) => `${String(each.jobs)} × ${gatewayText(each)}`).join(", ");
};

const predictedText = ({ predicted, agrees }: RoutesRow): string => {
  const network = predicted.after ?? "none";
  if (agrees === null) return network;
  return `${network}: ${agrees ? "yes" : "NO"}`;
};

const heldIn = ({ connections }: RoutesRow): number =>
  connections.reduce((sum, { held }) => sum + held, 0);
const deadIn = ({ connections }: RoutesRow): number =>
  connections.reduce((sum, { silent, closed }) => sum + silent + closed, 0);

const sumOf = ({ requests }: RoutesRow, of: "sent" | "lost" | "stalled"): number =>
  requests.reduce((sum, each) => sum + each[of], 0);

const TABLE_COLUMNS: readonly {
  readonly column: Table["head"][number];
  readonly cell: (row: RoutesRow) => string;
}[] = [
  { column: left("arm"), cell: ({ arm }) => arm },
  { column: left("gateway before"), cell: ({ before }) => gatewaysText(before) },
  { column: left("after"), cell: ({ after }) => gatewaysText(after) },
  { column: left("predicted"), cell: predictedText },
  { column: left("by"), cell: ({ predicted }) => predicted.rule },
  {
    column: right("moved"),
    cell: ({ moved, measured }) => `${String(moved)}/${String(measured)}`,
  },
  {
    column: right("connections dead"),
    cell: (row) => `${String(deadIn(row))}/${String(heldIn(row))}`,
  },
  {
    column: right("requests lost"),
    cell: (row) => `${String(sumOf(row, "lost"))}/${String(sumOf(row, "sent"))}`,
  },
  { column: right("stalled"), cell: (row) => String(sumOf(row, "stalled")) },
  {
    column: right("blind (longest)"),
    cell: ({ blind }) =>
      blind === null ? NOTHING : `${durationText(blind.median)} (${durationText(blind.max)})`,
  },
  {
    column: right("failed"),
    cell: ({ failures }) => (failures === null ? NOTHING : formatShare(failures.value)),
  },
];

const tableIn = ({ rows }: RoutesTable): Table => ({
  head: TABLE_COLUMNS.map(({ column }) => column),
  rows: rows.map((row) => TABLE_COLUMNS.map(({ cell }) => cell(row))),
});

const foretold = ({ predicted, attached }: RoutesRow): string => {
  if (attached === null) return "stay";
  if (predicted.moves) return "move";
  return predicted.before === predicted.after ? "stay" : "be the first";
};

const happened = ({ moved, measured, predicted, agrees }: RoutesRow): string => {
  if (moved > 0) return moved === measured ? "moved" : `moved in ${String(moved)} of them`;
  return agrees === true && predicted.before !== predicted.after
    ? "came with the attach (there was none)"
    : "stayed";
};

const gatewaySentence = (row: RoutesRow): string => {
  const { measured, agrees, predicted } = row;
  if (agrees === null) {
    return `the gateway was to ${foretold(row)}, and no job came to show it`;
  }
  const jobs = count(measured, "job");
  return agrees
    ? `the gateway ${happened(row)} as predicted: ${predicted.because} (${jobs})`
    : `NOT as predicted: the gateway was to ${foretold(row)}, as ${predicted.because}, and ${happened(row)} (${jobs})`;
};

/** What died of one kind: `subscription to the bridge 4 of 4 silent`. */
const deathText = ({
  kind,
  to,
  held,
  silent,
  closed,
}: RoutesRow["connections"][number]): readonly string[] => [
  ...(silent === 0 ? [] : [`${kind} to the ${to} ${String(silent)} of ${String(held)} silent`]),
  ...(closed === 0 ? [] : [`${kind} to the ${to} ${String(closed)} of ${String(held)} closed`]),
];

const connectionsSentence = (row: RoutesRow): string => {
  const held = heldIn(row);
  if (held === 0) return "no connection stood before: nothing outside could be reached";
  const dead = row.connections.flatMap(deathText);
  return dead.length === 0
    ? `all ${count(held, "connection")} lived on`
    : `of ${count(held, "connection")} ${String(deadIn(row))} went dead: ${dead.join(", ")}`;
};

const requestsSentence = (row: RoutesRow): string => {
  const sent = sumOf(row, "sent");
  if (sent === 0) return "no request was sent";
  const [lost, stalled] = [sumOf(row, "lost"), sumOf(row, "stalled")];
  const bad = [
    ...(lost === 0 ? [] : [`${String(lost)} lost`]),
    ...(stalled === 0 ? [] : [`${String(stalled)} of the first stalled`]),
  ];
  const firsts = row.requests.flatMap(({ kind, firstAnswered }) =>
    firstAnswered === null
      ? []
      : [
          `${durationText(firstAnswered.median)} ${kind === "through" ? "through Redis" : "directly"}`,
        ],
  );
  return (
    `of ${count(sent, "request")} ${bad.length === 0 ? "none lost" : bad.join(", ")}` +
    (firsts.length === 0 ? "" : `, first answered after ${firsts.join(", ")}`)
  );
};

const routeSentence = ({ withoutRoute }: RoutesRow): readonly string[] =>
  withoutRoute === null || withoutRoute.max === 0
    ? []
    : [
        `without a default route for ${durationText(withoutRoute.median)} (longest ${durationText(withoutRoute.max)})`,
      ];

/** One arm, in a line. */
const routesSentence = (row: RoutesRow): string =>
  `${row.arm}: ${[
    gatewaySentence(row),
    connectionsSentence(row),
    ...routeSentence(row),
    requestsSentence(row),
  ].join("; ")}`;

const NOTES =
  "predicted: the network that was to give the gateway after the attach, whether it did, and by which rule; blind: the longest time for which a connection that stood brought nothing, median of jobs";

/** Empty where nothing of this was measured. */
export const routesText = (table: RoutesTable | null, paint: Paint): string => {
  if (table === null || table.rows.length === 0) return "";
  const { head, rows } = tableIn(table);
  const [titles = "", ...lines] = columns({
    head,
    rows: rows.map((row) => row.map(printable)),
  });
  return [
    paint.dim(titles),
    ...lines,
    "",
    ...table.rows.map((row) => `- ${printable(routesSentence(row))}`),
    paint.dim(NOTES),
    "",
  ].join("\n");
};

/** A section of the report; none where nothing of this was measured. */
export const routesMarkdown = (table: RoutesTable | null): readonly string[] =>
  table === null || table.rows.length === 0
    ? []
    : [
        "## Default routes",
        tableOf(tableIn(table)),
        list(table.rows.map(routesSentence)),
        `${NOTES[0]?.toUpperCase() ?? ""}${NOTES.slice(1)}.`,
      ];
