/**
 * The docker-proxies of an engine.
 */
import type { DockerProxy } from "../../harness/core/port-owners/facts.ts";
import { flagIn } from "./command-flags.ts";
import { isDaemon, networkNamespaceOf } from "./engine-under.ts";
import { partOf, type Surroundings } from "./engines.ts";
import { ancestorsOf, commandOf, programOf, type ProcessSeen } from "./process-table.ts";

/** One that outlived its daemon tells of it by where it is alone; a rootless engine's are known by their user namespace. */
const isBeside = ({ pid }: ProcessSeen, { engine }: Surroundings): boolean => {
  if (engine.rootless !== false || engine.daemonPid === null) return true;
  const own = networkNamespaceOf(pid);
  return own === null || own === networkNamespaceOf(engine.daemonPid);
};

/** Not by its name alone: an engine in a container, in a network of its own, has docker-proxies too. */
const isOfEngine = (proxy: ProcessSeen, surroundings: Surroundings): boolean => {
  const daemon = ancestorsOf(proxy, surroundings.processes).find(isDaemon);
  return (
    partOf(proxy, surroundings) === "this-engine" &&
    (daemon === undefined
      ? isBeside(proxy, surroundings)
      : daemon.pid === surroundings.engine.daemonPid)
  );
};

/**
 * Those of the engine, with what each was told; everybody may read that. Not the `rootlesskit-docker-proxy` that older
 * rootless engines put before each: it listens nowhere.
 */
export const dockerProxies = (surroundings: Surroundings): readonly DockerProxy[] =>
  [...surroundings.processes.values()]
    .filter((process) => programOf(process) === "docker-proxy" && isOfEngine(process, surroundings))
    .map((process) => {
      const told = (flag: string): string => flagIn(process.words, flag) ?? "";
      return {
        pid: process.pid,
        uid: process.uid,
        user: surroundings.users.get(process.uid) ?? null,
        command: commandOf(process),
        protocol: told("-proto"),
        hostIp: told("-host-ip"),
        hostPort: Number(told("-host-port")),
        containerIp: told("-container-ip"),
        containerPort: Number(told("-container-port")),
      };
    });
