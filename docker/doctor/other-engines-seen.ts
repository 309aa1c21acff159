import type { OtherEngineSeen } from "../../harness/core/doctor/facts.ts";
import { rootlesskitChildOf } from "../evidence/engine-under.ts";
import { otherEnginesIn, type Surroundings } from "../evidence/engines.ts";
import type { ProcessSeen } from "../evidence/process-table.ts";
import { rangeIn, sysctls } from "./sysctl.ts";

const RANGE = "net.ipv4.ip_local_port_range";

/** A namespace that only a file keeps: the child's own is then the host's, and says nothing. */
const isDetached = ({ words }: ProcessSeen): boolean =>
  words.some((word) => /^--detach-netns(?:=true)?$/.test(word));

/** A process in the network namespace where an engine's dynamic ports are chosen; null where none is seen. */
const residentOf = (
  { pid, rootless }: Pick<OtherEngineSeen, "pid" | "rootless">,
  processes: ReadonlyMap<number, ProcessSeen>,
): number | null => {
  if (!rootless) return pid;
  const head = processes.get(pid);
  if (head === undefined || isDetached(head)) return null;
  return rootlesskitChildOf(head, processes)?.pid ?? null;
};

/** The other engines on this machine, and from where each takes its dynamic ports. */
export const otherEnginesSeen = (surroundings: Surroundings): Promise<readonly OtherEngineSeen[]> =>
  Promise.all(
    otherEnginesIn(surroundings).map(async (other) => {
      const pid = residentOf(other, surroundings.processes);
      const settings = pid === null ? null : await sysctls({ kind: "pid", pid }, [RANGE]);
      return { ...other, portRange: rangeIn(settings?.get(RANGE)) };
    }),
  );
