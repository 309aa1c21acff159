/**
 * What a check says.
 */
import { z } from "zod";
import type { DoctorFacts } from "./facts.ts";

/**
 * `problem`: it is wrong now. `warning`: it makes a failure likelier. `unknown`: what it needs could not be read.
 */
export const CHECK_STATUSES = ["problem", "warning", "unknown", "ok", "not-applicable"] as const;
export type CheckStatus = (typeof CHECK_STATUSES)[number];

const lines = z.array(z.string()).readonly();

export const outcomeSchema = z.object({
  status: z.enum(CHECK_STATUSES),
  /** It keeps the port that was asked from being published; in a preflight, any port. */
  blocks: z.boolean(),
  /** Who holds the port, to be read after "held by"; null where nobody was found to. */
  holder: z.string().nullable(),
  /** What was seen, one thing a line: pid, user, rule and its number, container. */
  evidence: lines,
  /** What follows from it, in a sentence or two. */
  meaning: z.string(),
  /** What to do; null where there is nothing to do. */
  fix: z.string().nullable(),
  /** Shell commands that do it. Printed only. */
  commands: lines,
});
export type Outcome = z.infer<typeof outcomeSchema>;

export type Judge = (facts: DoctorFacts) => Outcome;

export const fine = (meaning: string, evidence: readonly string[] = []): Outcome => ({
  status: "ok",
  blocks: false,
  holder: null,
  evidence,
  meaning,
  fix: null,
  commands: [],
});

/** The question does not arise here. */
export const notHere = (why: string): Outcome => ({ ...fine(why), status: "not-applicable" });

interface Finding {
  readonly evidence: readonly string[];
  readonly meaning: string;
  readonly fix: string;
  readonly commands?: readonly string[];
}

export const wrong = (
  finding: Finding & { readonly blocks: boolean; readonly holder?: string },
): Outcome => ({ commands: [], holder: null, ...finding, status: "problem" });

export const risky = (finding: Finding): Outcome => ({
  commands: [],
  ...finding,
  blocks: false,
  holder: null,
  status: "warning",
});

/** Who could read what this process could not. */
export const whoCouldRead = ({
  processes,
  reader: { uid, user },
}: Pick<DoctorFacts, "processes" | "reader">): string => {
  const own = `user ${user ?? String(uid)}`;
  if (uid === 0) return `${own} could not read it`;
  const owner = processes === null ? null : (processes.user ?? `uid ${String(processes.uid)}`);
  const better =
    owner === null || processes?.uid === uid || processes?.uid === 0
      ? "root"
      : `${owner} or as root`;
  return `${own} could not read it; run this as ${better}`;
};

/** @param what - as the subject of a sentence: `the socket table of the engine's namespace` */
export const unread = (what: string, facts: DoctorFacts, hint?: string): Outcome => ({
  ...fine(hint === undefined ? `${what}: ${whoCouldRead(facts)}` : `${what}: ${hint}`),
  status: "unknown",
});

/** For checks that need the daemon's own word. */
export const silent = (what: string, { silence }: DoctorFacts): Outcome => ({
  ...fine(`${what}: ${silence ?? "the engine did not say"}`),
  status: "unknown",
});
