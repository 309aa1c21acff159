/**
 * A failure as a bash script that brings it about again: the exact calls, by the docker CLI or by curl, and what
 * has to be in their way. It needs nothing of this tool.
 */
import { CLASSES } from "../harness/core/classes.ts";
import { causeOf } from "../harness/core/classify.ts";
import { dockerCommand } from "../harness/core/docker-command.ts";
import { unreachable } from "../harness/core/errors.ts";
import {
  LABEL,
  type CallOperation,
  type ContainerSpec,
  type Operation,
} from "../harness/core/model.ts";
import { isCall } from "../harness/core/operations.ts";
import type { Condition, Expected, Holding, Repro, ReproStep } from "../harness/core/repro.ts";
import { shellWord, shellWords, type Placeholder } from "../harness/core/shell-words.ts";
import { printable, shortened } from "./printable.ts";
import {
  ASKING,
  ENGINE,
  FORWARDING,
  HOLDING,
  IMAGES,
  PUBLISHED,
  READINESS,
} from "./repro-functions.ts";

/** An operation as a call of the Engine API. */
interface ApiCall {
  readonly method: string;
  /** Without the version prefix; query included. */
  readonly path: string;
  readonly body?: Readonly<Record<string, unknown>>;
}

export type ToCall = (operation: CallOperation) => ApiCall;

interface Writing {
  readonly repro: Repro;
  readonly toCall: ToCall;
  readonly placeholders: readonly Placeholder[];
}

const WIDTH = 100;

/** A long command goes on in the next line before each option. */
const commandLine = (words: readonly string[], placeholders: readonly Placeholder[]): string => {
  const line = shellWords(words, placeholders);
  if (line.length <= WIDTH) return line;
  return words
    .map((word, index) => {
      const written = shellWord(word, placeholders);
      if (index === 0) return written;
      return word.startsWith("--") ? ` \\\n      ${written}` : ` ${written}`;
    })
    .join("");
};

const apiLine = ({ method, path, body }: ApiCall, placeholders: readonly Placeholder[]): string => {
  const words = [method, path, ...(body === undefined ? [] : [JSON.stringify(body)])];
  return shellWords(words, placeholders);
};

/** Both ways of one call. */
const bothWays = (operation: CallOperation, { toCall, placeholders }: Writing): string =>
  [
    "case $VIA in",
    `  cli) ask ${commandLine(dockerCommand(operation), placeholders)} ;;`,
    `  curl) ask_api ${apiLine(toCall(operation), placeholders)} ;;`,
    "esac",
  ].join("\n");

const readyLine = (
  operation: Extract<Operation, { kind: "ready" }>,
  placeholders: readonly Placeholder[],
): string => {
  const { access } = operation;
  const words =
    access.via === "host"
      ? [operation.protocol, access.container, String(access.containerPort)]
      : [access.container, `"step":"ready","service":${JSON.stringify(operation.service)}`];
  return `ready_${access.via === "host" ? "on_host" : "in_job"} ${shellWords(words, placeholders)}`;
};

const titleOf = ({ job, operation }: ReproStep): string => {
  const service = "service" in operation ? ` ${operation.service}` : "";
  return `${job} ${operation.kind}${service}`;
};

const comment = (text: string): string => `# ${printable(text)}`;

const stepText = (step: ReproStep, judge: "must" | "failing", writing: Writing): string => {
  const { operation } = step;
  if (operation.kind !== "ready" && !isCall(operation))
    return comment(`${titleOf(step)}: no call to the engine`);
  const call =
    operation.kind === "ready"
      ? readyLine(operation, writing.placeholders)
      : bothWays(operation, writing);
  return `${call}\n${judge} ${shellWord(printable(titleOf(step)))}\n`;
};

/** A container of the script's own, on the default bridge. */
const containerOf = (
  name: string,
  like: ContainerSpec,
  { repro: { placeholders } }: Writing,
): Extract<Operation, { kind: "container.create" }> => ({
  kind: "container.create",
  service: name,
  container: `stress-${placeholders.run.mark}-${name}`,
  spec: { ...like, network: "bridge", aliases: [] },
});

const startOf = ({
  service,
  container,
}: Extract<Operation, { kind: "container.create" }>): Extract<
  Operation,
  { kind: "container.start" }
> => ({ kind: "container.start", service, container });

/** Any port of the container does to learn what the daemon chooses for it. */
const CURSOR_PORT = 9;

const indented = (text: string): string =>
  text
    .split("\n")
    .map((line) => (line === "" ? "" : `  ${line}`))
    .join("\n");

/** Starts a container of the same kind: the port that it gets is the last one that the daemon has chosen. */
const cursorFunction = (
  { like, hostIp }: Extract<Condition, { kind: "hold-next" }>,
  writing: Writing,
): string => {
  const create = containerOf(
    "cursor",
    { ...like, publish: [{ containerPort: CURSOR_PORT, hostIp, hostPort: null }] },
    writing,
  );
  const name = shellWord(create.container, writing.placeholders);
  return [
    "# Sets CURSOR to the port that the daemon has chosen last.",
    "find_cursor() {",
    indented(bothWays(create, writing)),
    '  [ "$ANSWER" = ok ] || cannot "no container to see the next port by: $SAID"',
    "  for _ in 1 2 3 4 5; do",
    indented(indented(bothWays(startOf(create), writing))),
    '    [ "$ANSWER" != ok ] || break',
    "  done",
    `  CURSOR=$(published ${name} ${String(CURSOR_PORT)})`,
    '  [ -n "$CURSOR" ] || cannot "the container to see the next port by has none: $SAID"',
    indented(
      bothWays(
        { kind: "container.remove", service: "cursor", container: create.container },
        writing,
      ),
    ),
    "}",
    "",
  ].join("\n");
};

/** More networks than any pools hold that people configure. */
const MOST_NETWORKS = 5000;

const fillFunction = (writing: Writing): string => {
  const { run, owner } = writing.repro.placeholders;
  // The number is a third placeholder, put in at run time like the others.
  const number: Placeholder = { mark: `${run.mark}NUMBER`, variable: "number" };
  const operation: Operation = {
    kind: "network.create",
    network: `stress-${run.mark}-fill-${number.mark}`,
    labels: { [LABEL.run]: run.mark, [LABEL.owner]: owner.mark },
  };
  return [
    "# Networks until the daemon has no subnet left.",
    "fill_pools() {",
    "  local number=0",
    `  while [ "$number" -lt ${String(MOST_NETWORKS)} ]; do`,
    "    number=$((number + 1))",
    indented(
      indented(
        bothWays(operation, { ...writing, placeholders: [number, ...writing.placeholders] }),
      ),
    ),
    '    [ "$ANSWER" = ok ] || break',
    "  done",
    `  printf '%-9s %s networks, until: %s\\n' occupied "$((number - 1))" "$SAID"`,
    "}",
    "",
  ].join("\n");
};

const HOLDERS = {
  outbound: "an outbound connection of the host",
  listener: "a listener of the host",
  timewait: "a connection of the host in TIME_WAIT",
  forward: "a forward of RootlessKit without a container",
} as const;

/** One line for people. */
const conditionWords = (condition: Condition): string => {
  switch (condition.kind) {
    case "hold":
      return `${HOLDERS[condition.by.kind]} has port ${String(condition.port)}`;
    case "hold-next":
      return `${HOLDERS[condition.by.kind]} has each of the next ${String(condition.count)} ports that the daemon would choose`;
    case "other-jobs":
      return `job ${condition.steps[0]?.job ?? "?"} of the same run was there first`;
    case "container":
      return `another container of the engine has port ${String(condition.port.hostPort)}`;
    case "fill-pools":
      return "networks have every subnet of the address pools";
    case "twice":
      return "something of this name exists";
    case "paused-daemon":
      return "dockerd is stopped: set DAEMON_PID to its pid";
    case "none":
      return condition.why;
    default:
      return unreachable(condition);
  }
};

const holdCall = (by: Holding): string =>
  by.kind === "forward" ? `forward ${shellWords([by.protocol, by.parentIp])}` : `hold ${by.kind}`;

const conditionCalls = (writing: Writing): string => {
  const { condition, failing } = writing.repro;
  const must = (step: ReproStep): string => stepText(step, "must", writing).trimEnd();
  switch (condition.kind) {
    case "hold":
      return `${holdCall(condition.by)} ${String(condition.port)}`;
    case "hold-next": {
      const ports = `$(seq $((CURSOR + 1)) $((CURSOR + ${String(condition.count)})))`;
      return `find_cursor\n${holdCall(condition.by)} ${ports}`;
    }
    case "other-jobs":
      return condition.steps.map(must).join("\n");
    case "container": {
      const create = containerOf(
        "holder",
        { ...condition.like, publish: [condition.port] },
        writing,
      );
      const job = failing.job;
      return [create, startOf(create)].map((operation) => must({ job, operation })).join("\n");
    }
    case "fill-pools":
      return "fill_pools";
    case "twice":
      return must(failing);
    case "paused-daemon":
      return [
        'if [ -n "$DAEMON_PID" ]; then',
        '  kill -STOP "$DAEMON_PID" || cannot "pid $DAEMON_PID cannot be stopped"',
        "  PAUSED=$DAEMON_PID",
        "  printf '%-9s dockerd, pid %s, is stopped\\n' occupied \"$PAUSED\"",
        "fi",
      ].join("\n");
    case "none":
      return "";
    default:
      return unreachable(condition);
  }
};

const heading = (text: string): string => `# --- ${printable(text)} ---`;

const conditionSection = (writing: Writing): string => {
  const { condition, assumed } = writing.repro;
  const words = conditionWords(condition);
  if (condition.kind === "none") return `${heading(`no condition is made: ${words}`)}\n`;
  return [
    heading(`${assumed ? "assumed" : "as the evidence shows"}: ${words}`),
    'if [ "$OCCUPY" != 0 ]; then',
    indented(conditionCalls(writing)),
    "fi",
    "",
  ].join("\n");
};

/** The functions that the condition and the last call use. */
const functionsFor = (writing: Writing): string => {
  const { condition, failing } = writing.repro;
  const holds = condition.kind === "hold" || condition.kind === "hold-next";
  const ready = failing.operation.kind === "ready";
  const parts = [
    ASKING,
    ENGINE,
    IMAGES,
    ...(ready || condition.kind === "hold-next" ? [PUBLISHED] : []),
    ...(ready ? [READINESS] : []),
    ...(holds ? [condition.by.kind === "forward" ? FORWARDING : HOLDING] : []),
    ...(condition.kind === "hold-next" ? [cursorFunction(condition, writing)] : []),
    ...(condition.kind === "fill-pools" ? [fillFunction(writing)] : []),
  ];
  return parts.join("\n");
};

/** A test in bash: is this the same failure? */
const sameness = (expected: Expected): string => {
  switch (expected.kind) {
    case "refused": {
      const pattern = expected.fragments.map((fragment) => `*${shellWord(fragment)}`).join("");
      return `[[ $ANSWER = refused && $SAID = ${pattern}* ]]`;
    }
    case "no-answer":
      return '[ "$ANSWER" = none ]';
    case "lost":
      return '[ "$ANSWER" = lost ]';
    case "not-ready":
      return expected.how === "any"
        ? '[ "$ANSWER" = not-ready ]'
        : `[ "$ANSWER" = not-ready ] && [ "$HOW" = ${expected.how} ]`;
    default:
      return unreachable(expected);
  }
};

const EXAMPLE_WIDTH = 400;

const expectedWords = ({ failure }: Repro): string =>
  shortened(printable(causeOf(failure.message)), EXAMPLE_WIDTH);

const fact = (title: string, words: string): string => `#   ${title.padEnd(8)} ${printable(words)}`;

const engineWords = ({ history }: Repro): string => {
  const { version, rootless, simulated, components } = history.started.engine;
  const kit = components["rootlesskit"];
  return [
    `Docker ${version}`,
    ...(rootless ? ["rootless"] : []),
    ...(kit === undefined ? [] : [`RootlessKit ${kit}`]),
    ...(simulated ? ["SIMULATED"] : []),
  ].join(", ");
};

const header = ({ repro }: Writing): string => {
  const { history, wave, job, failure, attribution } = repro;
  const { run, tool } = history.started;
  const arm = history.started.arms.find(({ id }) => id === wave.arm);
  const { meaning } = CLASSES[failure.class];
  return [
    "#!/usr/bin/env bash",
    "# shellcheck disable=SC2016,SC2317 # programs in quotation marks; functions that a trap calls",
    comment(`Fails as job ${job} of run ${run} has failed. Made by \`stress repro\` (${tool}).`),
    "#",
    fact("engine", engineWords(repro)),
    fact("jobs", `${String(wave.jobs.length)} at once, ${arm?.mode ?? wave.arm}`),
    fact("failed", `${failure.label}: ${failure.class}: ${meaning}`),
    fact(
      "because",
      `${attribution.cause ?? "not known"} (${attribution.certainty}): ${attribution.sentence}`,
    ),
    fact("words", expectedWords(repro)),
    "#",
    "# Everything that it makes has a name of its own and is removed when it ends. Run it on the engine's machine.",
    "# Exit code: 0 failed the same way, 1 did not fail, 2 failed otherwise, 3 cannot be tried.",
    "",
    "set -u",
    "",
    heading("may be set"),
    "VIA=${VIA:-}                        # cli (docker) or curl (Engine API); the docker CLI where there is one",
    "OCCUPY=${OCCUPY:-1}                 # 0: leave out what is in the calls' way",
    "SUFFIX=${SUFFIX:-$$}                # ends the name of everything",
    `CALL_SECONDS=\${CALL_SECONDS:-${String(Math.ceil((history.started.request?.deadlines.call ?? 60_000) / 1000))}}    # for one call`,
    ...(repro.failing.operation.kind === "ready"
      ? [
          `READY_SECONDS=\${READY_SECONDS:-${String(Math.ceil((history.started.request?.deadlines.ready ?? 60_000) / 1000))}}  # for a service to be ready`,
        ]
      : []),
    ...(repro.condition.kind === "paused-daemon"
      ? ["DAEMON_PID=${DAEMON_PID:-}          # of dockerd, which is then stopped for a while"]
      : []),
    "",
    heading("names"),
    `RUN=${shellWord(run)}-r$SUFFIX`,
    `RUN_LABEL=${shellWord(LABEL.run)}`,
    "# As `stress` labels what it makes: `stress clean` finds what a killed script leaves.",
    "OWNER=$$:$(sed 's/.*) //' /proc/$$/stat | cut -d' ' -f20):$(cat /proc/sys/kernel/random/boot_id)",
    "OWNER=$OWNER:$(readlink /proc/$$/ns/pid | tr -cd 0-9)",
    `EXPECTED=${shellWord(expectedWords(repro))}`,
    "",
    `failed_the_same_way() { ${sameness(repro.expected)}; }`,
    "",
  ].join("\n");
};

/** How somebody who has the script and not the image comes by it. */
const imageAdvice = (image: string): string =>
  image.startsWith("rootless-stress/")
    ? "stress images build makes it"
    : `docker pull ${shellWord(image)}`;

const imageChecks = ({ images, failure, expected }: Repro): string =>
  failure.class.startsWith("image.") || expected.kind === "lost"
    ? ""
    : images.map((image) => `need_image ${shellWords([image, imageAdvice(image)])}\n`).join("");

/** @param toCall - an operation as a call of the Engine API, as the run has made it */
export const reproScript = (repro: Repro, toCall: ToCall): string => {
  const placeholders = [repro.placeholders.run, repro.placeholders.owner];
  const writing: Writing = { repro, toCall, placeholders };
  const first = repro.condition.kind === "other-jobs" ? [conditionSection(writing)] : [];
  const last = repro.condition.kind === "other-jobs" ? [] : [conditionSection(writing)];
  const parts = [
    header(writing),
    heading("functions"),
    functionsFor(writing),
    heading("the calls"),
    imageChecks(repro),
    ...first,
    ...repro.steps.map((step) => stepText(step, "must", writing)),
    ...last,
    stepText(repro.failing, "failing", writing),
  ];
  return parts.filter((part) => part !== "").join("\n");
};
