import type { DoctorFacts } from "./facts.ts";

/** Where this tool's own engines have RootlessKit's API. */
const SLOT = /\/slots\/([0-7])\/run\/dockerd-rootless\/api\.sock$/;

/** How an engine is restarted: one of this tool's own, or one that systemd runs, as Docker's setup has it. */
export const restart = ({ processes, daemon }: DoctorFacts): string => {
  const slot = SLOT.exec(processes?.api ?? "")?.[1];
  if (slot !== undefined) return `stress engine down managed-${slot} && stress engine up`;
  return (processes?.rootless ?? daemon?.rootless) === true
    ? "systemctl --user restart docker"
    : "systemctl restart docker";
};

/** What a restart does to containers that run. */
export const restartNote = ({ daemon }: DoctorFacts): string =>
  daemon?.liveRestore === true ? "containers keep running" : "containers are stopped by it";
