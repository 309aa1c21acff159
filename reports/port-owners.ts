/**
 * What `stress ports` prints: one line a port, or JSON.
 */
import { endpoint } from "../harness/core/addresses.ts";
import {
  PORT_STATES,
  toPortTable,
  type PortRow,
  type PortState,
  type PortTable,
  type Step,
} from "../harness/core/port-owners/port-table.ts";
import { count } from "../harness/core/units.ts";
import { columns, left } from "./columns.ts";
import { jsonText } from "./json-text.ts";
import type { Paint } from "./paint.ts";
import { printable } from "./printable.ts";

const NONE = "-";

/** In capitals where something is to be done. */
const STATE_WORDS: Readonly<Record<PortState, string>> = {
  open: "open",
  own: "own",
  foreign: "FOREIGN",
  orphan: "ORPHAN",
  nowhere: "NOWHERE",
  dead: "DEAD",
  unseen: "unseen",
};

const WORRIES: readonly PortState[] = ["foreign", "orphan", "nowhere", "dead"];

const SHORT_ID = 12;

/** `0.0.0.0:8080/tcp`. */
const hostText = ({ host, protocol }: PortRow): string =>
  `${endpoint(host.address, host.port)}/${protocol}`;

/** `rootlesskit 4001`; with where it is, if that is not the host. */
const listenerText = ({ listener }: PortRow): string => {
  if (listener === null) return "nobody";
  const { pid, program, uid, namespace } = listener;
  if (uid === null) return "?";
  const who = pid === null ? `uid ${String(uid)}` : `${program ?? ""} ${String(pid)}`.trim();
  return namespace === "engine" ? `${who} (engine's)` : who;
};

/** `DOCKER 3`, as `iptables -t nat -L DOCKER --line-numbers` counts; nft counts by handles. */
const ruleName = ({ backend, chain, line }: Extract<Step, { by: "nat-rule" }>): string =>
  `${chain} ${backend === "nft" ? "handle " : ""}${String(line)}`;

const stepText = (step: Step): string => {
  switch (step.by) {
    case "rootlesskit":
      return `RootlessKit ${String(step.id)}${step.driver === null ? "" : ` (${step.driver})`}`;
    case "docker-proxy":
      return `docker-proxy ${String(step.pid)}${step.traffic === "local" ? " (local)" : ""}`;
    case "nat-rule":
      return `rule ${ruleName(step)}${step.traffic === "outside" ? " (outside)" : ""}`;
    case "placeholder":
      return `dockerd ${String(step.pid)} (keeps the port)`;
  }
};

/** What RootlessKit hands over goes on by one of the others. */
const pathText = ({ path, state }: PortRow): string => {
  const [first, ...rest] = path;
  if (first === undefined) return state === "own" ? "itself" : NONE;
  const others = (first.by === "rootlesskit" ? rest : path).map(stepText).join(", ");
  if (first.by !== "rootlesskit") return others;
  return others === "" ? stepText(first) : `${stepText(first)} → ${others}`;
};

const targetText = ({ target }: PortRow): string => {
  if (target === null) return NONE;
  return target.address === null ? String(target.port) : endpoint(target.address, target.port);
};

const containerText = ({ container }: PortRow): string =>
  container === null
    ? NONE
    : `${container.name} ${container.id.slice(0, SHORT_ID)} ${container.state}`;

const HEAD = ["host", "state", "listens", "carried by", "container side", "container"].map(left);

const cellsOf = (row: PortRow): readonly string[] =>
  [
    hostText(row),
    STATE_WORDS[row.state],
    listenerText(row),
    pathText(row),
    targetText(row),
    containerText(row),
  ].map(printable);

/** Rows that say the same are said of together. */
const notesOf = (ports: readonly PortRow[], paint: Paint): readonly string[] => {
  const notes = [...new Set(ports.flatMap(({ note }) => note ?? []))];
  return notes.map((note) => {
    const rows = ports.filter((row) => row.note === note);
    const line = `${rows.map(hostText).join(", ")}: ${note}`;
    const isWorry = rows.some(({ state }) => WORRIES.includes(state));
    return isWorry ? paint.bad(printable(line)) : printable(line);
  });
};

/** `7 ports: 6 open, 1 NOWHERE.` */
const summed = (ports: readonly PortRow[]): string => {
  const amounts = PORT_STATES.flatMap((state) => {
    const amount = ports.filter((row) => row.state === state).length;
    return amount === 0 ? [] : [`${String(amount)} ${STATE_WORDS[state]}`];
  });
  return `${count(ports.length, "port")}: ${amounts.join(", ")}.`;
};

/** The port as it was asked: `8080`, `[::1]:8080`, `127.0.0.1:53/udp`. */
const askedText = ({ port, address, protocol }: NonNullable<PortTable["asked"]>): string =>
  `${address === null ? String(port) : endpoint(address, port)}${protocol === null ? "" : `/${protocol}`}`;

const nothing = ({ asked, unseen }: PortTable): string => {
  const isSure = unseen.length === 0;
  return asked === null
    ? `No container publishes a port, and none ${isSure ? "listens" : "was seen to listen"} in the host's network.`
    : `Nobody ${isSure ? "has" : "was seen to have"} port ${askedText(asked)}.`;
};

/** The table, what is to be said of single rows, how many there are, and what could not be seen. */
export const portsText = (table: PortTable, paint: Paint): string => {
  const { ports, unseen, hint } = table;
  const [titles = "", ...lines] = columns({ head: HEAD, rows: ports.map(cellsOf) });
  const notes = notesOf(ports, paint);
  return [
    ...(ports.length === 0 ? [] : [paint.dim(titles), ...lines, ""]),
    ...(notes.length === 0 ? [] : [...notes, ""]),
    paint.bold(ports.length === 0 ? nothing(table) : summed(ports)),
    ...(hint === null ? [] : [printable(`Unseen: ${unseen.join("; ")}: ${hint}.`)]),
    "",
  ].join("\n");
};

/** As schema `stress.ports/1`, keys in its order. */
export const portsJson = (table: PortTable): string => jsonText(toPortTable(table));
