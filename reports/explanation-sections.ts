/**
 * What a page of `stress explain` says, section by section, laid out in lines that fit a screen.
 */
import { endpoint } from "../harness/core/addresses.ts";
import { unreachable } from "../harness/core/errors.ts";
import type { Forward, PortUser, Rule, Sight, SocketSeen } from "../harness/core/evidence.ts";
import type { Asked, Page } from "../harness/core/explanation.ts";
import { logLine } from "../harness/core/log-line.ts";
import type { SliceLine } from "../harness/core/log-slice.ts";
import { shellWords } from "../harness/core/shell-words.ts";
import { count, formatMillis, millis } from "../harness/core/units.ts";
import { printable, shortened } from "./printable.ts";

/** Columns of a page. */
export const PAGE_WIDTH = 100;

const INDENT = "  ";
/** Room for the words of a refusal: six lines. */
const MESSAGE_WIDTH = 6 * (PAGE_WIDTH - INDENT.length);
/** So many of a kind are on the page; JSON has all. */
const MOST_LOG_LINES = 8;
const MOST_NAMED = 4;

export interface Section {
  readonly title: string;
  /** Laid out, printable; the line of what failed starts with `>`. */
  readonly lines: readonly string[];
  /** Sentences for a list. */
  readonly items: readonly string[];
}

const time = (value: number): string => formatMillis(millis(value));

/** A word longer than a line is cut, so that no line is longer than the page. */
const pieces = (word: string): readonly string[] => {
  const most = PAGE_WIDTH - 8;
  if (word.length <= most) return [word];
  const characters = Array.from(word);
  return Array.from({ length: Math.ceil(characters.length / most) }, (_, index) =>
    characters.slice(index * most, (index + 1) * most).join(""),
  );
};

/** One line of words in as many as it takes; the first and the others begin as they are told to. */
export const wrapped = (words: string, first: string, rest: string): readonly string[] => {
  const lines: string[] = [];
  let line = first;
  let isEmpty = true;
  for (const word of printable(words).split(" ").flatMap(pieces)) {
    if (!isEmpty && line.length + 1 + word.length > PAGE_WIDTH) {
      lines.push(line);
      line = rest;
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line];
};

export const paragraph = (words: string): readonly string[] => wrapped(words, INDENT, INDENT);

/** Options of a create that say nothing of what failed. */
const QUIET = new Set(["--label", "--name", "--network", "--network-alias", "--env"]);

const withoutQuiet = (command: readonly string[]): readonly string[] =>
  command.filter((word, index) => !QUIET.has(word) && !QUIET.has(command[index - 1] ?? ""));

/** The command with NAME for what the job's names begin with; labels and the like left out. */
const commandWords = ({ command, words, service }: Asked, name: string): string => {
  if (command === null) return words;
  const isCreate = command[1] === "create";
  const shown = isCreate
    ? [
        ...withoutQuiet(command).slice(0, 2),
        `${name}-${service ?? ""}`,
        ...withoutQuiet(command).slice(2),
      ]
    : withoutQuiet(command);
  return shellWords(shown).replaceAll(name, "NAME");
};

const answerWords = ({ answer, status, took }: Asked): string => {
  switch (answer) {
    case "done":
      return "done";
    case "refused":
      return status === null ? "refused" : `refused, ${String(status)}`;
    case "timeout":
      return `no answer in ${time(took)}`;
    case "cancelled":
      return "cancelled";
    case "connection-lost":
      return "connection lost";
    default:
      return unreachable(answer);
  }
};

const ANSWER_WIDTH = 18;
const TIME_WIDTH = 8;
const LEVEL_WIDTH = 7;
const COMMAND_WIDTH = PAGE_WIDTH - 2 - 2 * (TIME_WIDTH + 1) - 1 - ANSWER_WIDTH - 1;

/** A command tells most at its start. */
const cutEnd = (text: string, width: number): string => {
  const characters = Array.from(text);
  return characters.length <= width ? text : `${characters.slice(0, width - 1).join("")}…`;
};

const askedLine = (asked: Asked, name: string): string => {
  const command = cutEnd(printable(commandWords(asked, name)), COMMAND_WIDTH);
  return [
    asked.failed ? ">" : " ",
    time(asked.at).padStart(TIME_WIDTH),
    time(asked.took).padStart(TIME_WIDTH),
    command.padEnd(COMMAND_WIDTH),
    answerWords(asked) + (asked.try > 1 ? `, try ${String(asked.try)}` : ""),
  ]
    .join(" ")
    .trimEnd();
};

const restOf = ({ pending, notReached, inFlight }: Page): readonly string[] => {
  const calls = Object.entries(inFlight);
  const total = calls.reduce((sum, [, amount]) => sum + amount, 0);
  const kinds = calls.map(([kind, amount]) => `${String(amount)} ${kind}`).join(", ");
  return [
    ...(pending > 0 ? [`${count(pending, "operation")} begun and not answered`] : []),
    ...(notReached !== null && notReached > 0
      ? [`${count(notReached, "operation")} of its plan not reached`]
      : []),
    ...(total > 0
      ? [`when the failed one was sent, ${count(total, "other call")} in flight: ${kinds}`]
      : []),
  ].flatMap(paragraph);
};

const usesName = ({ asked, name }: Page): boolean =>
  asked.some((each) => each.command?.some((word) => word.includes(name)) === true);

const askedSection = (page: Page): Section => ({
  title: `Asked${usesName(page) ? ` (NAME is ${printable(page.name)})` : ""}`,
  lines: [...page.asked.map((asked) => askedLine(asked, page.name)), ...restOf(page)],
  items: [],
});

const sourceText = ({ source }: NonNullable<Page["said"]>): string =>
  source === null ? "" : ` (${source.repository}: ${source.file}, ${source.versions})`;

const saidSection = ({ said }: Page): readonly Section[] => {
  if (said === null) return [];
  const message = printable(said.message);
  const isPlain = said.cause === "" || said.cause === message;
  return [
    {
      title: `Said by the ${said.by === "transport" ? "socket" : said.by}`,
      lines: [
        ...paragraph(shortened(message, MESSAGE_WIDTH)),
        ...(isPlain ? [] : paragraph(`innermost: ${shortened(said.cause, MESSAGE_WIDTH / 2)}`)),
        ...paragraph(`${said.class}: ${said.meaning}${sourceText(said)}`),
      ],
      items: [],
    },
  ];
};

const socketText = (socket: SocketSeen): string => {
  const { holder, state } = socket;
  const where =
    state === "listen"
      ? endpoint(socket.localAddress, socket.localPort)
      : `${endpoint(socket.localAddress, socket.localPort)} → ${endpoint(socket.remoteAddress, socket.remotePort)}`;
  const who =
    holder === null
      ? state === "time-wait"
        ? "nobody's any more"
        : `uid ${String(socket.uid)}, process not visible`
      : `${shortened(holder.command, 40)} (pid ${String(holder.pid)}, ${holder.user ?? String(holder.uid)}${holder.part === "none" ? "" : `, ${holder.part}`})`;
  return `${state} ${where} of ${who}`;
};

const forwardText = ({ id, parentIp, parentPort, childIp, childPort }: Forward): string =>
  `${String(id)}: ${endpoint(parentIp, parentPort)} → ${endpoint(childIp ?? "", childPort)}`;

const userText = ({ container, running, hostIp, hostPort, containerPort }: PortUser): string =>
  `${container}${running ? "" : " (not running)"} ${endpoint(hostIp, hostPort)} → ${String(containerPort)}`;

const ruleText = ({ backend, chain, line, rule }: Rule): string =>
  `${backend} ${chain} ${String(line)}: ${rule}`;

/** One source of evidence in a line: what was seen, that there was nothing, or that it could not be read. */
const source = <Thing>(
  title: string,
  seen: readonly Thing[] | null,
  show: (thing: Thing) => string,
): string => {
  if (seen === null) return `${title}: could not be read`;
  if (seen.length === 0) return `${title}: none`;
  const more = seen.length - MOST_NAMED;
  const named = seen.slice(0, MOST_NAMED).map(show).join("; ");
  return `${title}: ${named}${more > 0 ? `; and ${String(more)} more` : ""}`;
};

/** @param rootless - only such an engine has RootlessKit's forwards, and a namespace of the daemon's own */
const sightLines = (sight: Sight, rootless: boolean): readonly string[] => {
  switch (sight.about) {
    case "port": {
      const port = `port ${String(sight.port)}`;
      return [
        source(`${port}, host`, sight.host, socketText),
        ...(rootless
          ? [
              source(`${port}, daemon's namespace`, sight.engine, socketText),
              source("RootlessKit's forwards", sight.forwards, forwardText),
            ]
          : []),
        source("containers", sight.containers, userText),
        ...(sight.rules?.length === 0 ? [] : [source("NAT rules", sight.rules, ruleText)]),
        ...(sight.otherEngines?.length === 0
          ? []
          : [
              source(
                "other engines",
                sight.otherEngines,
                ({ pid, user, uid }) => `pid ${String(pid)} of ${user ?? String(uid)}`,
              ),
            ]),
      ];
    }
    case "subnets":
      return [
        source("networks", sight.networks, ({ name, subnets }) => `${name} ${subnets.join(" ")}`),
        ...(sight.networks === null ? [] : [`networks in all: ${String(sight.networks.length)}`]),
      ];
    case "name":
      return [
        source(
          `${sight.kind} ${sight.name}`,
          sight.holders,
          ({ id, run, createdAt }) =>
            `${id.slice(0, 12)} of ${run === null ? "nobody of this tool" : `run ${run}`}, created ${createdAt}`,
        ),
      ];
    case "daemon":
      return [
        `dockerd${sight.pid === null ? "" : ` (pid ${String(sight.pid)})`}: ` +
          `${sight.state === null ? "its state could not be read" : `state ${sight.state}`}, ` +
          `${sight.answers ? "answers" : "does not answer"} a ping`,
        ...(sight.goroutines === null ? [] : [`its goroutines: ${sight.goroutines}`]),
      ];
    default:
      return unreachable(sight);
  }
};

const lookSections = ({ looks, engine: { rootless } }: Page): readonly Section[] =>
  looks.map(({ after, took, sight }) => ({
    title: `Seen ${time(after)} after the failure, in ${time(took)}`,
    lines: sightLines(sight, rootless).flatMap((line) =>
      wrapped(shortened(printable(line), 3 * PAGE_WIDTH), INDENT, `${INDENT}${INDENT}`),
    ),
    items: [],
  }));

/** Trouble of this run's own making that is the cause found. */
const onPurpose = ({ because, faults }: Page): readonly string[] => {
  const [first, ...others] = faults.filter(
    ({ truth }) => truth !== null && truth === because?.cause,
  );
  if (first === undefined) return [];
  const more = others.length > 0 ? ` and ${String(others.length)} more` : "";
  return paragraph(`made on purpose in this wave: ${first.note}${more}`);
};

const becauseSection = (page: Page): readonly Section[] => {
  if (page.because === null) return [];
  const { cause, certainty, sentence, meaning } = page.because;
  return [
    {
      title: cause === null ? "Because: not known" : `Because: ${cause} (${certainty})`,
      lines: [
        ...paragraph(meaning === null ? sentence : `${meaning}: ${sentence}`),
        ...onPurpose(page),
      ],
      items: [],
    },
  ];
};

const logText = ({ raw }: SliceLine): string => {
  const { message, fields } = logLine(raw);
  const more = [...fields].map(([key, value]) => `${key}=${value}`).join(" ");
  return printable(more === "" ? message : `${message} ${more}`);
};

/** What containerd and others say at every start, written while others were at work too. */
const isChatter = ({ joined, level }: SliceLine, { others }: NonNullable<Page["log"]>): boolean =>
  joined === "time" && others > 0 && (level === "info" || level === "debug");

/** Those that name the job go before those that were only written at the time; then the nearest to the failure. */
const chosenLines = ({ log }: Page): readonly SliceLine[] => {
  if (log === null) return [];
  const weight = ({ joined, at }: SliceLine): number =>
    (joined === "time" ? 1e12 : 0) + Math.abs((at ?? log.to) - log.to);
  const chosen = new Set(
    log.lines
      .filter((line) => !isChatter(line, log))
      .toSorted((a, b) => weight(a) - weight(b))
      .slice(0, MOST_LOG_LINES),
  );
  return log.lines.filter((line) => chosen.has(line));
};

const logSection = (page: Page): readonly Section[] => {
  const { log, gateAt } = page;
  if (log === null) return [];
  const lines = chosenLines(page);
  const all = log.lines.length + log.leftOut;
  const few = lines.length < all ? ` (${String(lines.length)} of ${count(all, "line")})` : "";
  return [
    {
      title: `The daemon's log around it${few}`,
      lines:
        lines.length === 0
          ? [`${INDENT}nothing`]
          : lines.map((line) => {
              const at = line.at === null ? "?" : time(line.at - gateAt);
              const level = printable(line.level ?? "-").padEnd(LEVEL_WIDTH);
              const head = `${INDENT}${at.padStart(TIME_WIDTH)} ${line.joined.padEnd(4)} ${level} `;
              return `${head}${shortened(logText(line), PAGE_WIDTH - head.length)}`;
            }),
      items: [],
    },
  ];
};

const listSection = (title: string, items: readonly string[]): readonly Section[] =>
  items.length === 0 ? [] : [{ title, lines: [], items }];

/** Everything of a page but its title, in the order of reading. */
export const sectionsOf = (page: Page): readonly Section[] => [
  askedSection(page),
  ...saidSection(page),
  ...lookSections(page),
  ...becauseSection(page),
  ...logSection(page),
  ...listSection("What to change", page.change),
  ...listSection("How sure", page.sureness),
];
