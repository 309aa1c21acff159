/**
 * Why the programs or the machine at hand cannot run a profile.
 */
import { existsSync, readFileSync } from "node:fs";
import { isAtLeast } from "../../harness/core/known-engines.ts";
import { AS_DOCKER_COMES, type Profile } from "../../harness/core/profile.ts";
import { versionIn, type EngineDirectory } from "./engine-directory.ts";
import { isRoot } from "./host-needs.ts";
import { printedVersion } from "./program-version.ts";
import { SYSTEM_PATH, findProgram } from "./program.ts";

type Engine = Pick<EngineDirectory, "origin" | "programs" | "launcher" | "version">;

/** A reason not to, in one sentence; null for none. */
type Objection = (profile: Profile, engine: Engine) => string | null | Promise<string | null>;

const find = (program: string, { programs }: Engine): string | null =>
  findProgram(program, `${programs}:${SYSTEM_PATH}`);

const printedBy = (program: string, { origin }: Engine): Promise<string> =>
  printedVersion(program, {
    trusted: origin !== "added",
    signal: new AbortController().signal,
  }).catch(() => "");

/** Where RootlessKit looks for it: in no PATH. */
const LXC_USER_NIC = [
  "/usr/libexec/lxc/lxc-user-nic",
  "/usr/lib/x86_64-linux-gnu/lxc/lxc-user-nic",
  "/usr/lib/aarch64-linux-gnu/lxc/lxc-user-nic",
  "/usr/lib/lxc/lxc-user-nic",
];

/** What a network driver needs: RootlessKit from that version on, and a program of Debian's package. */
const NEEDS = {
  slirp4netns: { since: "0", package: "slirp4netns" },
  vpnkit: { since: "0", package: null },
  "lxc-user-nic": { since: "0", package: "lxc" },
  pasta: { since: "2.0.0", package: "passt" },
  "gvisor-tap-vsock": { since: "3.0.0", package: null },
} as const satisfies Record<
  NonNullable<Profile["network"]>,
  { readonly since: string; readonly package: string | null }
>;

const programOf = (network: NonNullable<Profile["network"]>, engine: Engine): string | null => {
  switch (network) {
    case "gvisor-tap-vsock":
      // Part of RootlessKit.
      return "";
    case "lxc-user-nic":
      return LXC_USER_NIC.find((path) => existsSync(path)) ?? null;
    default:
      return find(network, engine);
  }
};

/** passt's releases are dates: `pasta 0.0~git20230309.7c7625d-1`, `pasta 2024_10_30.ee7d0b6`. */
export const pastaDate = (printed: string): number | null => {
  const match = /(20\d\d)_?(\d\d)_?(\d\d)\./.exec(printed);
  return match === null ? null : Number(match.slice(1).join(""));
};

/** @see moby/moby contrib/dockerd-rootless.sh: "passt >= 2023_12_04" */
const FIRST_PASTA = 20_231_204;

const network: Objection = async ({ network: wanted }, engine) => {
  if (wanted === null) return null;
  const needs = NEEDS[wanted];
  const rootlesskit = find("docker-rootlesskit", engine) ?? find("rootlesskit", engine);
  const version = rootlesskit === null ? null : versionIn(await printedBy(rootlesskit, engine));
  if (version !== null && !isAtLeast(version, needs.since)) {
    return `RootlessKit ${version} has no network driver ${wanted}: it came with ${needs.since}`;
  }
  const program = programOf(wanted, engine);
  if (program === null) {
    const from = needs.package === null ? "" : ` (Debian's package ${needs.package})`;
    return `${wanted} is neither among the engine's programs nor installed${from}`;
  }
  if (wanted !== "pasta") return null;
  const date = pastaDate(await printedBy(program, engine));
  return date !== null && date < FIRST_PASTA
    ? `pasta of ${String(date)} is too old for RootlessKit, which needs that of ${String(FIRST_PASTA)} or later`
    : null;
};

const FIRST_NFTABLES = "29.0.0";

const firewall: Objection = ({ daemonJson }, engine) => {
  const backend = daemonJson["firewall-backend"];
  if (backend === undefined) return null;
  if (!isAtLeast(engine.version, FIRST_NFTABLES)) {
    return `Engine ${engine.version} has no choice of firewall-backend: that came with ${FIRST_NFTABLES}`;
  }
  return backend === "nftables" && find("nft", engine) === null
    ? "nft is not installed; run as root: apt-get install nftables"
    : null;
};

const DETACH = "DOCKERD_ROOTLESS_ROOTLESSKIT_DETACH_NETNS";

/** All that a profile may ask for, but whose programs and how dockerd lies to their namespace. */
const restOf = ({
  daemonJson,
  network: wanted,
  portDriver,
  mtu,
  portRange,
  sysctls: settings,
}: Omit<Profile, "name" | "title">): string =>
  JSON.stringify([daemonJson, wanted, portDriver, mtu, portRange, settings]);

const detached: Objection = (profile, { launcher, version }) => {
  const { detachNetns } = profile;
  if (detachNetns === null || readFileSync(launcher, "utf8").includes(DETACH)) return null;
  const since = `Engine ${version} has no detached network namespace: that came with 29.5.0`;
  if (detachNetns) return since;
  return restOf(profile) === restOf(AS_DOCKER_COMES)
    ? `${since}, so there is nothing to turn off`
    : null;
};

/**
 * Up to 27 the proxy is what asks RootlessKit for a port.
 *
 * @see moby/moby#43090; moby#48132, in 28.0.0
 */
const FIRST_WITHOUT_PROXY = "28.0.0";

const proxy: Objection = ({ daemonJson, rootful }, { version }) =>
  !rootful && daemonJson["userland-proxy"] === false && !isAtLeast(version, FIRST_WITHOUT_PROXY)
    ? `without its user-land proxy a rootless Engine ${version} publishes nothing on the host: RootlessKit is asked by that proxy until ${FIRST_WITHOUT_PROXY}`
    : null;

const sysctls: Objection = ({ sysctls: wanted }) => {
  const missing = Object.keys(wanted).find(
    (name) => !existsSync(`/proc/sys/${name.replaceAll(".", "/")}`),
  );
  return missing === undefined ? null : `this machine's kernel has no ${missing}`;
};

const root: Objection = ({ rootful }) =>
  rootful && !isRoot() ? "only root can start a rootful engine" : null;

const OBJECTIONS: readonly Objection[] = [root, firewall, detached, proxy, sysctls, network];

/** Why this engine cannot run the profile on this machine, in one sentence; null where nothing speaks against it. */
export const whyNot = async (profile: Profile, engine: Engine): Promise<string | null> => {
  for (const objection of OBJECTIONS) {
    const reason = await objection(profile, engine);
    if (reason !== null) return reason;
  }
  return null;
};
