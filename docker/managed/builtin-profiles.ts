/**
 * Profiles by name: those that come with the tool, each `default` with one thing changed and with what that
 * needs, and those of files.
 */
import { existsSync } from "node:fs";
import { basename } from "node:path";
import { parseEngineSource } from "../../harness/core/engine-source.ts";
import { StressError } from "../../harness/core/errors.ts";
import { AS_DOCKER_COMES, profileSchema, type Profile } from "../../harness/core/profile.ts";
import { parseDaemonJson } from "./daemon-config.ts";
import { readInputFile } from "../read-input-file.ts";
import { parseProfileFile } from "./profile-file.ts";

/** What `dockerd-rootless.sh` sets where it chooses slirp4netns itself; where told to take it, only newer ones do. */
const USUAL_MTU = 65_520;

const CHANGES: Readonly<Record<string, Partial<Profile> & Pick<Profile, "title">>> = {
  default: { title: "as Docker comes" },
  "wide-pools": {
    title: "address pools for 1024 networks",
    daemonJson: { "default-address-pools": [{ base: "10.200.0.0/14", size: 24 }] },
  },
  "no-userland-proxy": {
    title: "no docker-proxy: ports are forwarded by rules alone",
    daemonJson: { "userland-proxy": false },
  },
  "disjoint-port-range": {
    title: "dynamic ports apart from those of the host's connections",
    portRange: "own",
  },
  "pasta-implicit": {
    title:
      "pasta for the network and, by itself, for ports; dynamic ports as in disjoint-port-range",
    network: "pasta",
    portDriver: "implicit",
    mtu: USUAL_MTU,
    // Ports of the kernel's range, in which the host's connections are, it leaves alone: measured with passt of
    // 2026-10-02, none of 32768 and up is forwarded.
    portRange: "own",
  },
  "slirp4netns-port-driver": {
    title: "ports forwarded by slirp4netns instead of RootlessKit",
    network: "slirp4netns",
    portDriver: "slirp4netns",
    mtu: USUAL_MTU,
  },
  "no-ipv6": {
    title: "no IPv6 in the engine's namespace: ports are published on IPv4 alone",
    sysctls: { "net.ipv6.conf.all.disable_ipv6": "1" },
    // dockerd looks for IPv6 in the namespace that it is in itself (netutils.IsV6Listenable).
    detachNetns: false,
  },
  "strict-rp-filter": {
    title:
      "what comes from an address that is not behind its bridge is dropped, as hosts with rp_filter=1 do",
    // Of this and of a bridge's own the higher number counts, so that 2, which is loose, would take it back. Containers
    // have theirs from the machine's first namespace.
    sysctls: { "net.ipv4.conf.all.rp_filter": "1" },
  },
  rootful: {
    title: "run by root, without RootlessKit, in a network namespace of its own",
    rootful: true,
  },
  "rootful-no-userland-proxy": {
    title: "run by root, its ports forwarded by rules alone",
    rootful: true,
    daemonJson: { "userland-proxy": false },
  },
  "detached-off": {
    title: "dockerd inside RootlessKit's network namespace",
    detachNetns: false,
  },
  nftables: {
    title: "rules by nftables",
    daemonJson: { "firewall-backend": "nftables" },
    // With iptables the daemon does that itself.
    sysctls: { "net.ipv4.ip_forward": "1" },
  },
};

export const BUILTIN_PROFILES: Readonly<Record<string, Profile>> = Object.fromEntries(
  Object.entries(CHANGES).map(([name, change]) => [name, { ...AS_DOCKER_COMES, name, ...change }]),
);

/** `debian:sid` and `28.5.2`: that engine as Docker comes, so that versions are compared without a file. */
const profileOfEngine = (text: string): Profile | null => {
  const engine = parseEngineSource(text);
  if (engine.kind !== "debian" && engine.kind !== "version") return null;
  const name = text.replace(":", "-");
  const title =
    engine.kind === "debian" ? `the engine of Debian ${engine.suite}` : `Engine ${text}`;
  return { ...AS_DOCKER_COMES, name, title: `${title}, as Docker comes`, engine };
};

/**
 * A built-in profile, else an engine by its version or its suite, else the file of that path; `./default` is a file.
 *
 * @throws StressError("usage") when it is neither, or the file is not right, with its line
 */
export const readProfile = (nameOrFile: string): Profile => {
  const builtin = Object.hasOwn(BUILTIN_PROFILES, nameOrFile)
    ? BUILTIN_PROFILES[nameOrFile]
    : undefined;
  if (builtin !== undefined) return builtin;
  const ofEngine = profileOfEngine(nameOrFile);
  if (ofEngine !== null) return ofEngine;
  if (existsSync(nameOrFile)) {
    return parseProfileFile(readInputFile(nameOrFile, `--profile ${nameOrFile}`), nameOrFile);
  }
  throw new StressError(
    "usage",
    `--profile ${nameOrFile}: no such file, and no profile of that name; there are ${Object.keys(BUILTIN_PROFILES).join(", ")}`,
  );
};

/** `My daemon (wide).json` names the profile `my-daemon-wide`. */
const nameOf = (path: string): string => {
  const words = basename(path)
    .replace(/\.json$/i, "")
    .toLowerCase()
    .replaceAll(/[^a-z0-9.]+/g, "-")
    .replaceAll(/^[-.]+|[-.]+$/g, "");
  return profileSchema.shape.name.safeParse(words).data ?? "daemon-json";
};

/**
 * The profile of an engine as Docker comes, but for its daemon.json.
 *
 * @throws StressError("usage") naming the file and what is wrong with it
 */
export const profileOfDaemonJson = (path: string): Profile => ({
  ...AS_DOCKER_COMES,
  name: nameOf(path),
  title: `as Docker comes, with ${basename(path)}`,
  daemonJson: parseDaemonJson(readInputFile(path, `--daemon-json ${path}`), path),
});
