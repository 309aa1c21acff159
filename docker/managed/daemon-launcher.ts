/**
 * How dockerd is started inside RootlessKit's namespaces: through a program of the same name, first in PATH.
 */
import { SYSTEM_PATH } from "./program.ts";

/**
 * A `dockerd` that gives the engine its own range of dynamic ports and then becomes the real one.
 *
 * The range belongs to the network namespace that containers are in. With a detached namespace that is not
 * dockerd's own; what dockerd reads is then covered by a mount that only its own mount namespace has.
 *
 * @param daemon - path of the real dockerd
 * @see moby/moby#53153, where a range of its own is the workaround for ports that the host holds
 */
export const launcherScript = (
  daemon: string,
  [first, last]: readonly [number, number],
): string => `#!/bin/sh
set -e
range="${String(first)} ${String(last)}"
file=/proc/sys/net/ipv4/ip_local_port_range
detached="$ROOTLESSKIT_STATE_DIR/netns"
if [ -n "$_DOCKERD_ROOTLESS_CHILD" ]; then
  if [ -e "$detached" ]; then
    nsenter --net="$detached" sh -c "echo $range > $file"
    echo "$range" > "$XDG_RUNTIME_DIR/port-range"
    mount --bind "$XDG_RUNTIME_DIR/port-range" "$file"
  else
    echo "$range" > "$file"
  fi
fi
exec '${daemon}' "$@"
`;

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
