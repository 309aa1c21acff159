/**
 * iperf3 and Redis for processes outside any container: the very programs of the images, unpacked and not installed.
 */
import { join } from "node:path";
import { StressError } from "../../harness/core/errors.ts";
import { ownRelease } from "../managed/debian-packages.ts";
import { keptDebianPrograms } from "../managed/debian-programs.ts";
import type { HostOptions } from "../managed/host-needs.ts";

/** Paths of programs. */
export interface HostPrograms {
  readonly iperf3: string;
  readonly redis: string;
}

/**
 * Both programs, unpacked at the first call and kept.
 *
 * Installing Debian's `redis-server` would start a Redis for the whole machine.
 *
 * @throws StressError("environment") when packages cannot be had
 */
export const ensureHostPrograms = async (
  options: HostOptions & { readonly stateDir: string },
): Promise<HostPrograms> => {
  const release = ownRelease();
  if (release === null) {
    throw new StressError(
      "environment",
      "This system is no Debian, so iperf3 and redis-server cannot be had from its packages; --scenario datapath needs one",
    );
  }
  const home = await keptDebianPrograms({
    ...options,
    place: "programs",
    name: "datapath",
    what: "iperf3 and Redis to run outside containers",
    release,
    packages: ["iperf3", "redis-server"],
    programs: ["iperf3", "redis-server"],
  });
  return { iperf3: join(home, "bin/iperf3"), redis: join(home, "bin/redis-server") };
};
