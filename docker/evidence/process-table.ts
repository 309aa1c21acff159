/**
 * All processes of this machine at one moment, as far as `/proc` shows them to everybody.
 */
import { readFileSync, readdirSync } from "node:fs";
import { basename } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { withoutSecrets } from "../../harness/core/without-secrets.ts";

export interface ProcessSeen {
  readonly pid: number;
  readonly parent: number;
  /** The effective one. */
  readonly uid: number;
  /** Its command line as words; empty for threads of the kernel. */
  readonly words: readonly string[];
  /** What the kernel calls it, at most 15 characters. */
  readonly name: string;
}

/** How long the event loop may be held up at a time, in milliseconds: a burst may be under way. */
const SLICE_MS = 2;

/** Calls `visit` for each item, and lets everything else in between have its turn. */
export const inSlices = async <Item>(
  items: Iterable<Item>,
  visit: (item: Item) => "go-on" | "stop",
): Promise<void> => {
  let end = performance.now() + SLICE_MS;
  for (const item of items) {
    if (visit(item) === "stop") return;
    if (performance.now() < end) continue;
    await nextTurn();
    end = performance.now() + SLICE_MS;
  }
};

/** One process; null when it is gone, or hidden from us. */
export const seeProcess = (pid: number): ProcessSeen | null => {
  try {
    const status = readFileSync(`/proc/${String(pid)}/status`, "utf8");
    const field = (pattern: RegExp): string => pattern.exec(status)?.[1] ?? "";
    const words = readFileSync(`/proc/${String(pid)}/cmdline`, "utf8").split("\0");
    return {
      pid,
      parent: Number(field(/^PPid:\s+(\d+)/m)),
      uid: Number(field(/^Uid:\s+\d+\s+(\d+)/m)),
      // The last word ends with a zero byte too.
      words: words.at(-1) === "" ? words.slice(0, -1) : words,
      name: field(/^Name:\t(.*)$/m),
    };
  } catch {
    return null;
  }
};

/** By pid, ascending; null where `/proc` cannot be read. */
export const readProcesses = async (): Promise<ReadonlyMap<number, ProcessSeen> | null> => {
  try {
    const pids = readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
    const seen = new Map<number, ProcessSeen>();
    await inSlices(pids, (pid) => {
      const process = seeProcess(pid);
      if (process !== null) seen.set(pid, process);
      return "go-on";
    });
    return seen;
  } catch {
    return null;
  }
};

/** The file name of the program that it was started as. */
export const programOf = ({ words }: ProcessSeen): string => basename(words[0] ?? "");

const LONGEST_COMMAND = 300;

/** The command line for people: one line, at most some 300 characters, without secrets or what a terminal would obey. */
export const commandOf = ({ words, name }: ProcessSeen): string => {
  // What is cut away anyway is not searched: an argument may have megabytes.
  const seen = words.map((word) => word.slice(0, 2 * LONGEST_COMMAND));
  const command = (
    words.length === 0 ? `[${name}]` : withoutSecrets(seen.slice(0, LONGEST_COMMAND)).join(" ")
  )
    .replaceAll(/\p{Cc}+/gu, " ")
    .trim();
  if (command.length <= LONGEST_COMMAND) return command;
  const length = words.join(" ").length.toLocaleString("en");
  return `${command.slice(0, LONGEST_COMMAND)}… (${length} characters)`;
};

/** Its parent, its parent's parent, and so on. */
export const ancestorsOf = (
  { parent }: ProcessSeen,
  table: ReadonlyMap<number, ProcessSeen>,
): readonly ProcessSeen[] => {
  const ancestors: ProcessSeen[] = [];
  for (let next = table.get(parent); next !== undefined; next = table.get(next.parent)) {
    // Read one after the other, the table may hold a pid's old and new holder: no ring of parents then.
    if (ancestors.includes(next)) break;
    ancestors.push(next);
  }
  return ancestors;
};
