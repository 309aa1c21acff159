/**
 * What is done about failures by whoever starts the jobs, as data. What is done by setting an engine up otherwise
 * is a profile, and by publishing otherwise a mode.
 */
import { z } from "zod";
import { StressError, unreachable } from "./errors.ts";

export const mitigationSchema = z.discriminatedUnion("kind", [
  /** One `network.create` at a time, among the jobs of this process. */
  z.object({ kind: z.literal("serialise") }),
  /** The same among all processes of the machine that lock the same file. */
  z.object({ kind: z.literal("lock-file"), path: z.string() }),
  /** A refused call is made again, this many times at most; a container whose start was refused is created anew first. */
  z.object({ kind: z.literal("retry"), times: z.int().min(1).max(20) }),
  /** The same, but the container is kept and started again: what `docker start` in a loop does. */
  z.object({ kind: z.literal("restart"), times: z.int().min(1).max(20) }),
]);
export type Mitigation = z.infer<typeof mitigationSchema>;

/** Where the first seed's author put his. */
const LOCK_FILE = "/tmp/rootless-stress-network.lock";

export const MITIGATION_HELP: Readonly<Record<Mitigation["kind"], string>> = {
  serialise: "serialise: one network create at a time, within this process",
  "lock-file": "lock-file[:PATH]: one network create at a time, across processes (flock)",
  retry:
    "retry:K: a refused call is made again, K times at most; a container is removed and created anew",
  restart:
    "restart:K: a refused call is made again, K times at most; the same container is started again",
};

/** `serialise`, `lock-file:/run/x.lock`, `retry:3`: what `--mitigation` takes, and what names an arm. */
export const formatMitigation = (mitigation: Mitigation): string => {
  switch (mitigation.kind) {
    case "serialise":
      return "serialise";
    case "lock-file":
      return mitigation.path === LOCK_FILE ? "lock-file" : `lock-file:${mitigation.path}`;
    case "retry":
    case "restart":
      return `${mitigation.kind}:${String(mitigation.times)}`;
    default:
      return unreachable(mitigation);
  }
};

/** @throws StressError("usage") for anything that `formatMitigation` does not write */
export const parseMitigation = (given: string): Mitigation => {
  const [kind = "", ...rest] = given.split(":");
  const value = rest.length === 0 ? undefined : rest.join(":");
  const parsed = mitigationSchema.safeParse({
    kind,
    ...(kind === "lock-file" ? { path: value ?? LOCK_FILE } : {}),
    ...(kind === "retry" || kind === "restart" ? { times: Number(value ?? 3) } : {}),
  });
  const known = parsed.success && (value === undefined || kind !== "serialise") && value !== "";
  if (known) return parsed.data;
  throw new StressError(
    "usage",
    `--mitigation ${JSON.stringify(given)} is none of ${Object.values(MITIGATION_HELP)
      .map((line) => line.split(":").slice(0, -1).join(":"))
      .join(", ")}`,
  );
};
