import type { z } from "zod";
import type { EngineFacts } from "../../harness/core/events.ts";
import type { RootlesskitInfo } from "../evidence/rootlesskit.ts";
import type { infoAnswer, versionAnswer } from "./daemon-schemas.ts";

type PortRange = EngineFacts["hostPortRange"];

/** What the caller knows and the daemon does not say. */
export interface KnownOfEngine {
  readonly simulated: boolean;
  readonly address: string;
  readonly hostPortRange: PortRange;
  readonly enginePortRange: PortRange;
  readonly images: Readonly<Record<string, string>>;
  /** What RootlessKit itself says; it beats what the daemon says of it. */
  readonly rootlesskit: RootlesskitInfo | null;
}

/** The fingerprint of an engine from its `/version` and `/info`. */
export const engineFacts = (
  version: z.infer<typeof versionAnswer>,
  info: z.infer<typeof infoAnswer>,
  known: KnownOfEngine,
): EngineFacts => {
  const { rootlesskit } = known;
  const told = version.Components.find(({ Name }) => Name === "rootlesskit")?.Details;
  return {
    simulated: known.simulated,
    address: known.address,
    version: version.Version,
    apiVersion: version.ApiVersion,
    rootless: info.SecurityOptions.some((option) => option.startsWith("name=rootless")),
    components: {
      ...Object.fromEntries(
        version.Components.filter(({ Name }) => Name !== "Engine").map(({ Name, Version }) => [
          Name,
          Version,
        ]),
      ),
      ...(rootlesskit === null ? {} : { rootlesskit: rootlesskit.version }),
    },
    storageDriver: info.Driver,
    cgroupDriver: info.CgroupDriver,
    networkDriver: rootlesskit?.networkDriver ?? told?.["NetworkDriver"] ?? null,
    portDriver: rootlesskit?.portDriver ?? told?.["PortDriver"] ?? null,
    kernel: info.KernelVersion,
    architecture: info.Architecture,
    operatingSystem: info.OperatingSystem,
    cores: info.NCPU,
    memoryBytes: info.MemTotal,
    hostPortRange: known.hostPortRange,
    enginePortRange: known.enginePortRange,
    images: { ...known.images },
  };
};
