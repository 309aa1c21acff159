/**
 * What an engine is started with, from the profile that asks for it.
 */
import { AS_DOCKER_COMES, type Profile } from "../../harness/core/profile.ts";
import type { DaemonJson } from "./daemon-config.ts";
import type { NamespaceSettings } from "./daemon-launcher.ts";

export interface EngineSetup {
  readonly daemonJson: DaemonJson;
  /** Variables that `dockerd-rootless.sh` knows. */
  readonly settings: Readonly<Record<string, string>>;
  readonly portRange: Profile["portRange"];
  readonly sysctls: NamespaceSettings["sysctls"];
}

const PREFIX = "DOCKERD_ROOTLESS_ROOTLESSKIT_";

const settingsOf = ({
  network,
  portDriver,
  mtu,
  detachNetns,
}: Pick<Profile, "network" | "portDriver" | "mtu" | "detachNetns">): EngineSetup["settings"] => {
  const values = { NET: network, PORT_DRIVER: portDriver, MTU: mtu, DETACH_NETNS: detachNetns };
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) =>
      value === null ? [] : [[`${PREFIX}${name}`, String(value)]],
    ),
  );
};

/**
 * Without a profile an engine is as Docker comes, but with ports of its own. Pure.
 *
 * @param daemonJson - where there is no profile, which has its own; null for Docker's defaults
 */
export const setupOf = (profile: Profile | null, daemonJson: DaemonJson | null): EngineSetup => {
  const { sysctls, portRange, ...rest } = profile ?? {
    ...AS_DOCKER_COMES,
    daemonJson: daemonJson ?? {},
    portRange: "own" as const,
  };
  return { daemonJson: rest.daemonJson, settings: settingsOf(rest), portRange, sysctls };
};

/** @param own - the range that is the engine's alone */
export const namespaceSettings = (
  { portRange, sysctls }: EngineSetup,
  own: readonly [number, number],
): NamespaceSettings => {
  switch (portRange) {
    case "kernel":
      return { portRange: null, sysctls };
    case "own":
      return { portRange: own, sysctls };
    default:
      return { portRange, sysctls };
  }
};
