/**
 * What the machine itself must bring: setuid helpers, packet filter tools and devices.
 */
import { chmodSync, existsSync, statSync } from "node:fs";
import { StressError } from "../../harness/core/errors.ts";
import { BUILD_MS, SYSTEM_PATH, findProgram, runProgram } from "./program.ts";

/** Programs that cannot come with an engine directory, and the Debian package that brings each. */
const PACKAGE_OF = {
  // Setuid root, so a copy in a directory of ours would not do.
  newuidmap: "uidmap",
  newgidmap: "uidmap",
  // Must fit this kernel and this machine's choice of nft or legacy.
  iptables: "iptables",
  nft: "nftables",
  ip: "iproute2",
  nsenter: "util-linux",
  mmdebstrap: "mmdebstrap",
} as const;

type HostProgram = keyof typeof PACKAGE_OF;

/** Needed to run an engine. */
export const TO_RUN: readonly HostProgram[] = [
  "newuidmap",
  "newgidmap",
  "iptables",
  "ip",
  "nsenter",
];
/** Needed to build an engine or an image from Debian's packages. */
export const TO_BUILD: readonly HostProgram[] = ["mmdebstrap"];

export interface HostOptions {
  readonly narrate: (line: string) => void;
  readonly signal: AbortSignal;
}

/** True for the process that may install packages, make accounts and change devices. */
export const isRoot = (): boolean => process.geteuid?.() === 0;

const install = async (packages: readonly string[], signal: AbortSignal): Promise<void> => {
  // Another apt may be at work; and packages must neither ask questions nor start services.
  const options = {
    signal,
    deadlineMs: BUILD_MS,
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" },
  };
  const apt = ["install", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120"];
  const fetched = [...apt, "--download-only", ...packages];
  try {
    await runProgram("apt-get", fetched, options);
  } catch {
    signal.throwIfAborted();
    // The usual reason on a fresh machine: the package lists are missing or old.
    await runProgram("apt-get", ["update"], options);
    await runProgram("apt-get", fetched, options);
  }
  // From here on it is not cancelled: a dpkg that ends half way leaves the machine's packages broken.
  const whole = { ...options, signal: new AbortController().signal };
  await runProgram("apt-get", [...apt, "--no-download", ...packages], whole);
  signal.throwIfAborted();
};

/**
 * Makes sure that the machine has these programs: as root it installs what is missing.
 *
 * @throws StressError("environment") with the command to run as root, when this process may not
 */
export const ensurePrograms = async (
  programs: readonly HostProgram[],
  { narrate, signal }: HostOptions,
): Promise<void> => {
  const missing = programs.filter((program) => findProgram(program, SYSTEM_PATH) === null);
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((program) => PACKAGE_OF[program]))];
  const command = `apt-get install -y --no-install-recommends ${packages.join(" ")}`;
  if (!isRoot() || findProgram("apt-get", SYSTEM_PATH) === null) {
    throw new StressError(
      "environment",
      `${missing.join(", ")} missing on this machine; run as root: ${command}`,
    );
  }
  narrate(`Installing ${packages.join(", ")} on this machine (${command})`);
  await install(packages, signal);
};

/** Devices that an ordinary user must be able to open, and whether an engine starts without. */
const DEVICES = [
  { path: "/dev/net/tun", major: 10, minor: 200, needed: true },
  // Only for fuse-overlayfs, on kernels before 5.11.
  { path: "/dev/fuse", major: 10, minor: 229, needed: false },
] as const;

const OPEN_TO_ALL = 0o666;

/**
 * Makes sure that ordinary users may open the devices an engine needs, as Debian's udev rules have it.
 *
 * @throws StressError("environment") with the command to run as root, when this process may not
 */
export const ensureDevices = async ({ narrate, signal }: HostOptions): Promise<void> => {
  for (const { path, major, minor, needed } of DEVICES) {
    const exists = existsSync(path);
    if (!exists && !needed) continue;
    if (exists && (statSync(path).mode & OPEN_TO_ALL) === OPEN_TO_ALL) continue;
    if (!isRoot()) {
      if (!needed) continue;
      const make = exists ? "" : `mkdir -p /dev/net && mknod ${path} c 10 200 && `;
      throw new StressError(
        "environment",
        `${path} cannot be opened by ordinary users; run as root: ${make}chmod 666 ${path}`,
      );
    }
    if (!exists) {
      narrate(`Creating the device ${path}`);
      await runProgram("mkdir", ["-p", "/dev/net"], { signal });
      await runProgram("mknod", [path, "c", String(major), String(minor)], { signal });
    }
    narrate(`Letting ordinary users open ${path} (chmod 666)`);
    chmodSync(path, OPEN_TO_ALL);
  }
};
