/**
 * The way of each published port of a wave, for the terminal and for the report.
 */
import type { PortGap, PortTrace, TracedPort } from "../harness/core/port-trace.ts";
import { count } from "../harness/core/units.ts";
import { NOTHING } from "./arm-columns.ts";
import { left, right, type Table } from "./columns.ts";
import { escaped, list, tableOf } from "./markup.ts";
import type { Paint } from "./paint.ts";
import { printable } from "./printable.ts";

/** Rows of one wave in the report; `--json` and the journal have all. */
const MOST_ROWS = 200;

/** Ports, forwards or gaps named in one line. */
const MOST_NAMED = 12;

const enumerated = (items: readonly string[]): string => {
  const more = items.length - MOST_NAMED;
  const named = items.slice(0, MOST_NAMED).join(", ");
  return more > 0 ? `${named} and ${String(more)} more` : named;
};

const isPort = (step: TracedPort | PortGap): step is TracedPort => step.kind === "port";
const isGap = (step: TracedPort | PortGap): step is PortGap => step.kind === "gap";

const rangeText = ({ from, to }: PortGap): string =>
  from === to ? String(from) : `${String(from)}–${String(to)}`;

const GAP_MEANS: Readonly<Record<PortGap["why"], string>> = {
  "given back": "asked for by the refused start beside it and given back (inferred)",
  "engine listens": "somebody in the daemon's namespace listens there",
  forwarded: "RootlessKit has a forward of it that is no job's",
  unknown: "nobody seen",
  unread: "who listens there is not known: no table of sockets was read",
};

const lost = ({ steps }: PortTrace, fate: TracedPort["fate"]): string => {
  const ports = steps.filter(isPort).filter((step) => step.fate === fate);
  const classes = [...new Set(ports.flatMap((step) => step.class ?? []))].join(", ");
  return `${enumerated(ports.map(({ port }) => String(port)))} (${classes})`;
};

const PARITY_MEANS: Readonly<Record<NonNullable<PortTrace["parity"]["suggests"]>, string>> = {
  "outbound connections": "as connect() chooses them: outbound connections",
  listeners: "as bind(0) chooses them: listeners",
  both: "no parity prevails",
};

const parityText = ({ parity: { even, odd, suggests } }: PortTrace): readonly string[] => {
  if (even + odd === 0) return [];
  const means = suggests === null ? "too few to say whose" : PARITY_MEANS[suggests];
  return [`of the lost ports ${String(even)} even and ${String(odd)} odd: ${means}`];
};

const gapsText = ({ steps }: PortTrace): readonly string[] => {
  const gaps = steps.filter(isGap);
  return [...new Set(gaps.map(({ why }) => why))].map((why) => {
    const ranges = gaps.filter((gap) => gap.why === why).map(rangeText);
    return `skipped ${enumerated(ranges)}: ${GAP_MEANS[why]}`;
  });
};

const splitText = ({ split }: PortTrace): readonly string[] => {
  if (split.length === 0) return [];
  const named = split.map(
    ({ job, service, containerPort, ports }) =>
      `${job} ${service ?? ""} ${String(containerPort)} (${ports.map(String).join(", ")})`,
  );
  const are = count(split.length, "container port is", "container ports are");
  return [`${are} published on one port for IPv4 and on another for IPv6: ${enumerated(named)}`];
};

const sharedText = ({ shared }: PortTrace): readonly string[] => {
  if (shared.length === 0) return [];
  const named = shared.map(({ port, jobs }) => `${String(port)} (${jobs.join(", ")})`);
  const belong = count(shared.length, "port belongs", "ports belong");
  return [
    `${belong} to one job over IPv4 and to another over IPv6, so that localhost may reach the wrong one: ` +
      enumerated(named),
  ];
};

const orderText = ({ outOfOrder }: PortTrace): readonly string[] =>
  outOfOrder === null
    ? []
    : [
        outOfOrder.pairs === 0
          ? "RootlessKit's ids are in the order of the ports"
          : `RootlessKit's ids are out of order with the ports ${count(outOfOrder.pairs, "time")} of ${String(outOfOrder.of)}`,
      ];

const unclaimedText = ({ unclaimed, rootless }: PortTrace): readonly string[] => {
  if (!rootless) return [];
  if (unclaimed === null) return ["RootlessKit's forwards could not be read"];
  if (unclaimed.length === 0) return [];
  const named = unclaimed.map(
    ({ id, protocol, parentIp, parentPort }) =>
      `#${String(id)} ${protocol} ${parentIp}:${String(parentPort)}`,
  );
  return [`${count(unclaimed.length, "forward")} of no job of the wave: ${enumerated(named)}`];
};

/** Without their ports, what looks like nobody's may be somebody's. */
const notLearntText = ({ notLearnt }: PortTrace): readonly string[] =>
  notLearnt === 0
    ? []
    : [
        `${count(notLearnt, "started service was", "started services were")} never asked for ports: ` +
          "what is skipped or nobody's here may be theirs",
      ];

/** What the trace comes to, one claim a line. */
const claims = (trace: PortTrace): readonly string[] => [
  ...(trace.refused > 0 ? [`refused: ${lost(trace, "refused")}`] : []),
  ...(trace.retried > 0
    ? [`lost and replaced, without a job failing: ${lost(trace, "retried")}`]
    : []),
  ...parityText(trace),
  ...gapsText(trace),
  ...sharedText(trace),
  ...splitText(trace),
  ...orderText(trace),
  ...unclaimedText(trace),
  ...notLearntText(trace),
];

const titleOf = ({ wave, arm, asked, bound, refused, retried }: PortTrace): string =>
  `ports of wave ${String(wave)}, ${arm} (${asked}): ${String(bound)} bound, ` +
  `${String(refused)} refused, ${String(retried)} lost and replaced`;

/** A title and what the trace comes to, without the ports one by one. */
export const portTraceText = (trace: PortTrace, paint: Paint): string =>
  [paint.bold(printable(titleOf(trace))), ...claims(trace).map((line) => `- ${printable(line)}`)]
    .map((line) => `${line}\n`)
    .join("");

const HEAD: Table["head"] = [
  left("port"),
  left("over"),
  left("fate"),
  left("job"),
  left("service"),
  right("inside"),
  left("daemon"),
  left("forward"),
  left("why"),
];

const listensText = (listens: boolean | null): string =>
  listens === null ? "?" : listens ? "listens" : NOTHING;

const forwardsText = (forwards: readonly number[] | null): string => {
  if (forwards === null) return "?";
  return forwards.length === 0 ? NOTHING : forwards.map((id) => `#${String(id)}`).join(" ");
};

const rowOf = (step: TracedPort | PortGap, rootless: boolean): readonly string[] =>
  step.kind === "gap"
    ? [rangeText(step), "", "skipped", "", "", "", "", "", GAP_MEANS[step.why]]
    : [
        String(step.port),
        step.families.map((family) => `IPv${String(family)}`).join(" "),
        step.fate,
        step.job ?? NOTHING,
        step.service ?? NOTHING,
        step.containerPort === null ? NOTHING : String(step.containerPort),
        rootless ? listensText(step.engineListens) : NOTHING,
        rootless ? forwardsText(step.forwards) : NOTHING,
        step.class ?? "",
      ];

const tableFor = ({ steps, rootless }: PortTrace): Table => ({
  head: HEAD,
  rows: steps.slice(0, MOST_ROWS).map((step) => rowOf(step, rootless)),
});

const upperFirst = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** A section of the report: what the trace comes to, and the ports one by one. */
export const portTraceMarkdown = (trace: PortTrace): readonly string[] => {
  const more = trace.steps.length - MOST_ROWS;
  return [
    `### ${escaped(upperFirst(titleOf(trace)))}`,
    list(claims(trace)),
    tableOf(tableFor(trace)),
    ...(more > 0 ? [`${String(more)} more rows are not shown.`] : []),
  ];
};
