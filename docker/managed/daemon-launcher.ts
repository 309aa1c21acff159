/**
 * How dockerd is started inside RootlessKit's namespaces: through a program of the same name, first in PATH.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { StressError } from "../../harness/core/errors.ts";
import { shellWord, shellWords } from "../../harness/core/shell-words.ts";
import { SYSTEM_PATH } from "./program.ts";

export interface NamespaceSettings {
  /** First and last dynamic port; null: as the kernel has made them. */
  readonly portRange: readonly [number, number] | null;
  /** `net.…`, by name. */
  readonly sysctls: Readonly<Record<string, string>>;
}

const RANGE_FILE = "/proc/sys/net/ipv4/ip_local_port_range";
/** The range that the engine takes dynamic ports from, in its runtime directory. */
const RANGE_SEEN = "port-range-seen";

const fileOf = (sysctl: string): string => `/proc/sys/${sysctl.replaceAll(".", "/")}`;

/** Writes a setting where containers' networks are. */
const setting = (file: string, value: string): string =>
  `  within sh -c 'echo "$1" > "$2"' sh ${shellWords([value, file])}`;

/** With a detached namespace, what dockerd reads is covered by a mount that only its own mount namespace has. */
const rangeLines = ([first, last]: readonly [number, number]): readonly string[] => {
  const range = `${String(first)} ${String(last)}`;
  return [
    setting(RANGE_FILE, range),
    '  if [ -e "$detached" ]; then',
    `    echo "${range}" > "$XDG_RUNTIME_DIR/port-range"`,
    `    mount --bind "$XDG_RUNTIME_DIR/port-range" ${RANGE_FILE}`,
    "  fi",
  ];
};

/**
 * A `dockerd` that sets the engine's network namespace up, writes down which dynamic ports there are, and then
 * becomes the real one.
 *
 * The settings belong to the network namespace that containers are in. A detached one is not dockerd's own.
 *
 * @param daemon - path of the real dockerd
 * @see moby/moby#53153, where a range of its own is the workaround for ports that the host holds
 */
export const launcherScript = (daemon: string, { portRange, sysctls }: NamespaceSettings): string =>
  `${[
    "#!/bin/sh",
    "set -e",
    'detached="$ROOTLESSKIT_STATE_DIR/netns"',
    "within() {",
    '  if [ -e "$detached" ]; then nsenter --net="$detached" "$@"; else "$@"; fi',
    "}",
    'if [ -n "$_DOCKERD_ROOTLESS_CHILD" ]; then',
    ...Object.entries(sysctls).map(([name, value]) => setting(fileOf(name), value)),
    ...(portRange === null ? [] : rangeLines(portRange)),
    // Measured on 29.6.0: the daemon takes its dynamic ports from the range of the detached namespace.
    `  within cat ${RANGE_FILE} > "$XDG_RUNTIME_DIR/${RANGE_SEEN}"`,
    "fi",
    `exec ${shellWord(daemon)} "$@"`,
  ].join("\n")}\n`;

/**
 * The dynamic ports of an engine that answers.
 *
 * @throws StressError("environment") when its launcher has not written them down
 */
export const portRangeSeen = (runtimeDir: string): readonly [number, number] => {
  const file = join(runtimeDir, RANGE_SEEN);
  const [first, last] = readFileSync(file, "utf8").trim().split(/\s+/).map(Number);
  if (first !== undefined && last !== undefined) return [first, last];
  throw new StressError("environment", `${file} holds no range of ports`);
};

export interface EngineEnvironmentOptions {
  readonly home: string;
  readonly runtimeDir: string;
  readonly launcherDir: string;
  readonly programs: string;
  /** Variables that `dockerd-rootless.sh` knows: port driver, network driver, MTU, … */
  readonly settings: Readonly<Record<string, string>>;
}

const FLAGS = "DOCKERD_ROOTLESS_ROOTLESSKIT_FLAGS";

/**
 * The whole environment of an engine: nothing of the caller's gets in. Pure.
 *
 * Scripts before Docker 25 leave RootlessKit's state, its API's socket with it, in a directory below `/tmp`
 * of a random name. Newer ones put it where this puts it for all.
 */
export const environmentOfEngine = ({
  home,
  runtimeDir,
  launcherDir,
  programs,
  settings,
}: EngineEnvironmentOptions): Readonly<Record<string, string>> => ({
  ...settings,
  [FLAGS]: `--state-dir=${runtimeDir}/dockerd-rootless ${settings[FLAGS] ?? ""}`.trim(),
  HOME: home,
  XDG_RUNTIME_DIR: runtimeDir,
  PATH: [launcherDir, programs, SYSTEM_PATH].join(":"),
});
