/**
 * What grows if something leaks.
 */
import { readFile, readdir } from "node:fs/promises";
import type { Counters, Forward } from "../../harness/core/evidence.ts";
import type { EngineUnder } from "./engine-under.ts";
import { inNamespace, type EngineNamespace } from "./namespace.ts";
import { networkFiles } from "./network-files.ts";
import { natRules } from "./rules.ts";
import { readSockets } from "./sockets.ts";

const PATIENCE_MS = 5000;

/** The names of the interfaces in the text of `/proc/net/dev`. */
export const interfacesIn = (text: string): readonly string[] =>
  text.split("\n").flatMap((line) => /^\s*([^\s:|]+):/.exec(line)?.[1] ?? []);

/** As engines name them: `docker0` and `br-` with the network's id, `veth` with random digits. */
const isBridge = (name: string): boolean => name.startsWith("br-") || name === "docker0";
const isVeth = (name: string): boolean => name.startsWith("veth");

/** The first number of a table that has one line for each processor and the same total in all of them. */
const entriesIn = (table: string): number | null => {
  const entries = /^\s*([0-9a-f]+) /.exec(table.split("\n")[1] ?? "")?.[1];
  return entries === undefined ? null : Number.parseInt(entries, 16);
};

/** Kernels tell it in a file for everybody, or in a setting that is read from inside. */
const conntrackEntries = async (
  namespace: EngineNamespace,
  table: string,
): Promise<number | null> => {
  if (table !== "") return entriesIn(table);
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const args = ["/proc/sys/net/netfilter/nf_conntrack_count"];
  return await inNamespace(namespace, "cat", args, signal).then(Number, () => null);
};

const ofNamespace = async (
  namespace: EngineNamespace,
): Promise<Pick<Counters, "bridges" | "veths" | "natRules" | "conntrackEntries">> => {
  const [files, rules] = await Promise.all([
    networkFiles(namespace, ["dev", "stat/nf_conntrack"]),
    natRules(namespace),
  ]);
  const [dev = "", conntrack = ""] = files ?? [];
  const interfaces = dev === "" ? null : interfacesIn(dev);
  return {
    bridges: interfaces?.filter(isBridge).length ?? null,
    veths: interfaces?.filter(isVeth).length ?? null,
    natRules: rules?.length ?? null,
    conntrackEntries: files === null ? null : await conntrackEntries(namespace, conntrack),
  };
};

const threadsOf = async (pid: number): Promise<number | null> => {
  const status = await readFile(`/proc/${String(pid)}/status`, "utf8").catch(() => "");
  const threads = /^Threads:\s+(\d+)/m.exec(status)?.[1];
  return threads === undefined ? null : Number(threads);
};

const descriptorsOf = async (pid: number): Promise<number | null> =>
  readdir(`/proc/${String(pid)}/fd`).then(
    ({ length }) => length,
    () => null,
  );

/** @param forwards - asks RootlessKit */
export const readCounters = async (
  { daemonPid, namespace, hostNamespace }: EngineUnder,
  forwards: () => Promise<readonly Forward[] | null>,
): Promise<Counters> => {
  const [sockets, forwarded, inside, daemonThreads, daemonFileDescriptors] = await Promise.all([
    readSockets(hostNamespace),
    forwards(),
    namespace === null ? null : ofNamespace(namespace),
    daemonPid === null ? null : threadsOf(daemonPid),
    daemonPid === null ? null : descriptorsOf(daemonPid),
  ]);
  return {
    listeningSockets: sockets?.listening().length ?? null,
    forwards: forwarded?.length ?? null,
    ...(inside ?? { bridges: null, veths: null, natRules: null, conntrackEntries: null }),
    daemonThreads,
    daemonFileDescriptors,
  };
};
