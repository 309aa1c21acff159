/**
 * Files of settings, each with the run that it rests on.
 */
import { unreachable } from "../harness/core/errors.ts";
import type { Emission, Support } from "../harness/core/emission.ts";
import type { Rate } from "../harness/core/measures.ts";
import { formatInterval } from "../harness/core/statistics.ts";
import { count, chanceRelation } from "../harness/core/units.ts";
import { printable } from "./printable.ts";

/** A file by its usual name, with what is to be known of it. */
export interface EmittedFile {
  readonly name: string;
  readonly text: string;
  /** Where it goes and what it rests on; already in the text where the format has comments. */
  readonly about: readonly string[];
  readonly commented: boolean;
}

const ofText = (rate: Rate): string =>
  rate === null
    ? "no job"
    : `${String(rate.failed)} of ${String(rate.of)} failed (${formatInterval(rate)})`;

const chanceText = (p: number): string => `p ${chanceRelation(p)}`;

const supportLines = (support: Support): readonly string[] => [
  `Rests on run ${support.run} of ${support.startedAt}, Engine ${support.engine}${support.simulated ? " (SIMULATED)" : ""}:`,
  `  ${support.arm}: ${ofText(support.failures)}`,
  `  ${support.baseline}: ${ofText(support.baselineFailures)}`,
  `  ${chanceText(support.p)} after Holm's correction`,
  ...(support.faults > 0
    ? [
        `  with ${count(support.faults, "fault")} injected on purpose: it helps where the cause is the same`,
      ]
    : []),
];

/** What is set in stays set in. */
const comments = (lines: readonly string[]): string =>
  lines.map((line) => `# ${line.startsWith("  ") ? "  " : ""}${printable(line)}\n`).join("");

const commented = (
  name: string,
  about: readonly string[],
  lines: readonly string[],
): EmittedFile => ({
  name,
  about,
  text: `${comments(about)}${lines.map((line) => `${line}\n`).join("")}`,
  commented: true,
});

const daemonJson = ({ support, daemonJson: json }: Extract<Emission, { kind: "daemon.json" }>) => ({
  name: "daemon.json",
  text: `${JSON.stringify(json, null, 2)}\n`,
  about: [
    ...supportLines(support),
    "Goes to ~/.config/docker/daemon.json, merged with what is there; then systemctl --user restart docker.",
  ],
  commented: false,
});

/** Apart from 32768–60999, with which every new network namespace begins, and from ports of well-known services. */
const HOST_RANGE = "16384 32767";

const sysctl = ({ support }: Extract<Emission, { kind: "sysctl" }>): EmittedFile =>
  commented(
    "60-rootless-docker-ports.conf",
    [
      ...supportLines(support),
      "The run gave the daemon's namespace a range of its own. This moves the host's instead, to the same effect: a",
      "rootless daemon's namespace begins with 32768-60999 whatever the host has, and the two no longer meet.",
      "It costs: the whole host connects from 16384 ports. Without root, use stress advise --emit systemd instead.",
      "Goes to /etc/sysctl.d/; then sysctl --system, and restart what has long-lived connections.",
    ],
    [`net.ipv4.ip_local_port_range = ${HOST_RANGE}`],
  );

/** A word of a systemd command line: `$` and `%` mean something there, in quotes as well. */
const systemdWord = (word: string): string =>
  `'${word
    .replaceAll("\\", "\\\\")
    .replaceAll("'", "\\'")
    .replaceAll("$", "$$$$")
    .replaceAll("%", "%%")}'`;

const fileOf = (setting: string): string => `/proc/sys/${setting.replaceAll(".", "/")}`;

const RANGE_FILE = fileOf("net.ipv4.ip_local_port_range");

/**
 * A `dockerd`, first in PATH, that sets the namespace up and becomes the real one: dockerd reads its range when it
 * starts, so that a later ExecStartPost is too late. With a detached namespace, what it reads is not what containers
 * have, and is covered.
 */
const launcherLines = ({
  portRange,
  sysctls,
}: Extract<Emission, { kind: "systemd" }>): readonly string[] => {
  const range = portRange === null ? null : portRange.map(String).join(" ");
  const settings = [
    ...(range === null ? [] : [[RANGE_FILE, range] as const]),
    ...Object.entries(sysctls).map(([name, value]) => [fileOf(name), value] as const),
  ];
  return [
    "#!/bin/sh",
    "set -e",
    'own="$XDG_RUNTIME_DIR/rootless-stress"',
    'detached="$ROOTLESSKIT_STATE_DIR/netns"',
    'if [ -n "$_DOCKERD_ROOTLESS_CHILD" ]; then',
    ...settings.flatMap(([file, value]) => [
      `  if [ -e "$detached" ]; then nsenter --net="$detached" sh -c 'echo "$1" > "$2"' sh "${value}" ${file}`,
      `  else echo "${value}" > ${file}; fi`,
    ]),
    ...(range === null
      ? []
      : [
          `  if [ -e "$detached" ]; then echo "${range}" > "$own/port-range"; mount --bind "$own/port-range" ${RANGE_FILE}; fi`,
        ]),
    "fi",
    'PATH="${PATH#"$own:"}" exec dockerd "$@"',
  ];
};

const PLACE = "%t/rootless-stress";

const WRITE_LAUNCHER =
  'umask 077; mkdir -p "$0" && printf "%s\\n" "$@" > "$0/dockerd" && chmod 700 "$0/dockerd"';

const launchedLines = (emission: Extract<Emission, { kind: "systemd" }>): readonly string[] => [
  `ExecStartPre=/bin/sh -c ${systemdWord(WRITE_LAUNCHER)} ${PLACE} \\`,
  launcherLines(emission)
    .map((line) => `  ${systemdWord(line)}`)
    .join(" \\\n"),
  "ExecStart=",
  `ExecStart=/bin/sh -c 'PATH="${PLACE}:$$PATH" exec dockerd-rootless.sh'`,
];

const systemd = (emission: Extract<Emission, { kind: "systemd" }>): EmittedFile => {
  const { support, environment, portRange, sysctls } = emission;
  const needsLauncher = portRange !== null || Object.keys(sysctls).length > 0;
  return commented(
    "rootless-stress.conf",
    [
      ...supportLines(support),
      ...(needsLauncher
        ? [
            "Puts a dockerd ahead of the real one in PATH that sets the namespace up before the daemon reads it. Flags that",
            "the unit's own ExecStart gives to dockerd-rootless.sh must be added to the one below.",
          ]
        : []),
      "Goes to ~/.config/systemd/user/docker.service.d/; then systemctl --user daemon-reload && systemctl --user restart docker.",
    ],
    [
      "[Service]",
      ...Object.entries(environment).map(([name, value]) => `Environment="${name}=${value}"`),
      ...(needsLauncher ? launchedLines(emission) : []),
    ],
  );
};

type Workflow = Extract<Emission, { kind: "workflow" }>;

/** What the tool builds itself is in no registry. */
const OFFICIAL: Readonly<Record<string, string>> = {
  mysql: "mysql:8.0",
  redis: "redis:latest",
  clickhouse: "clickhouse/clickhouse-server:latest",
};

const imageOf = ({ name, image }: Workflow["services"][number]): string =>
  image.startsWith("rootless-stress/") ? (OFFICIAL[name] ?? image) : image;

const PUBLISHES: Readonly<Record<Workflow["publishing"], readonly string[]>> = {
  nothing: [
    "The job runs in a container on the services' network: names instead of ports, and no `ports:` anywhere.",
    "It costs: the job's image needs every tool that the job uses.",
  ],
  loopback: [
    "Ports are published on 127.0.0.1 only: services cannot be reached from other machines.",
  ],
  "used-ports": ["Of each service only the port that the job uses is published."],
};

const portLines = (
  publishing: Workflow["publishing"],
  { port }: Workflow["services"][number],
): readonly string[] => {
  if (publishing === "nothing") return ["        # no ports"];
  return [`        ports: ["${publishing === "loopback" ? "127.0.0.1::" : ""}${String(port)}"]`];
};

const addressLines = (
  publishing: Workflow["publishing"],
  { name, port }: Workflow["services"][number],
): readonly string[] => {
  const variable = name.toUpperCase();
  return publishing === "nothing"
    ? [`          ${variable}_HOST: ${name}`, `          ${variable}_PORT: "${String(port)}"`]
    : [
        `          ${variable}_HOST: 127.0.0.1`,
        `          ${variable}_PORT: \${{ job.services.${name}.ports['${String(port)}'] }}`,
      ];
};

const workflow = ({ support, publishing, services }: Workflow): EmittedFile =>
  commented(
    "workflow.yml",
    [
      ...supportLines(support),
      ...PUBLISHES[publishing],
      "To be merged into a job of .github/workflows/: what matters is how services are published and reached.",
    ],
    [
      "name: tests",
      "on: push",
      "jobs:",
      "  test:",
      "    runs-on: [self-hosted, linux]",
      ...(publishing === "nothing"
        ? ["    container:", "      image: node:20 # yours, with every tool of the job"]
        : []),
      "    services:",
      ...services.flatMap((service) => [
        `      ${service.name}:`,
        `        image: ${imageOf(service)}`,
        ...portLines(publishing, service),
      ]),
      "    steps:",
      "      - run: ./test.sh",
      "        env:",
      ...services.flatMap((service) => addressLines(publishing, service)),
    ],
  );

export const emittedFile = (emission: Emission): EmittedFile => {
  switch (emission.kind) {
    case "daemon.json":
      return daemonJson(emission);
    case "sysctl":
      return sysctl(emission);
    case "systemd":
      return systemd(emission);
    case "workflow":
      return workflow(emission);
    default:
      return unreachable(emission);
  }
};
