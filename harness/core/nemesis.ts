/**
 * Trouble on purpose, whose truth is known: what `--nemesis` asks for, and what the journal says of it.
 */
import { z } from "zod";
import { CAUSE_NAMES } from "./causes.ts";
import { StressError, unreachable } from "./errors.ts";

/**
 * How `occupy` holds a port of the host. `outbound` is a connection wherever the daemon's cursor is; `ephemeral` one
 * that the host would make by itself, on a port of its own range and on no other.
 */
export const OCCUPANTS = ["outbound", "ephemeral", "listener", "timewait", "forward"] as const;
export type Occupant = (typeof OCCUPANTS)[number];

/** One `--nemesis`. */
export type Nemesis =
  /**
   * Holds this many ports of the host: the next ones of the daemon's cursor where it chooses ports, else
   * ports that jobs of the wave ask for, of as many different jobs as there are. By `ephemeral`: ports of the host's
   * own `ip_local_port_range`, the next ones of the cursor where it is in there, else the range's first.
   */
  | { readonly kind: "occupy"; readonly ports: number; readonly by: Occupant }
  /** Another rootless engine that publishes ports where this one is about to. */
  | { readonly kind: "second-engine"; readonly ports: number }
  /** Networks until the address pools hold no more. */
  | { readonly kind: "exhaust-subnets" }
  /** A container of the name that a job is about to use. */
  | { readonly kind: "name-clash" }
  /** dockerd is stopped (SIGSTOP) for this long, in the middle of the burst. */
  | { readonly kind: "slow-daemon"; readonly seconds: number }
  /** dockerd is killed (SIGKILL) in the middle of the burst. */
  | { readonly kind: "kill-daemon" }
  /** This very process is killed (SIGKILL) in the middle of the burst. */
  | { readonly kind: "kill-runner" };

export const NEMESIS_KINDS = [
  "occupy",
  "second-engine",
  "exhaust-subnets",
  "name-clash",
  "slow-daemon",
  "kill-daemon",
  "kill-runner",
] as const satisfies readonly Nemesis["kind"][];

/** One fault as it was injected, with what a right attribution of it says. */
export const faultSchema = z.object({
  /** Unique in the run. */
  id: z.string(),
  kind: z.enum(NEMESIS_KINDS),
  /** What fails by it: a host port, a name, the pools, the daemon, or the harness itself. */
  target: z.discriminatedUnion("of", [
    z.object({ of: z.literal("port"), port: z.int().positive() }),
    z.object({ of: z.literal("name"), name: z.string() }),
    z.object({ of: z.literal("subnets") }),
    z.object({ of: z.literal("daemon") }),
    z.object({ of: z.literal("runner") }),
  ]),
  /** The cause that the evidence must show; null for `kill-runner`, which leaves nobody to look. */
  truth: z.enum(CAUSE_NAMES).nullable(),
  /** One line for people, e.g. `connection 127.0.0.1:32771 → 127.0.0.1:45001 of pid 4711`. */
  note: z.string(),
});
export type InjectedFault = z.infer<typeof faultSchema>;

/** What `--nemesis` takes, one line each, for `--help` and for errors. */
export const NEMESIS_HELP: Readonly<Record<Nemesis["kind"], string>> = {
  occupy: `occupy:K[:${OCCUPANTS.join("|")}]: holds K host ports that the daemon is about to use (ephemeral: only where the host's own range has them; forward: on --engine managed)`,
  "second-engine": "second-engine[:K]: another rootless engine publishes K ports there",
  "exhaust-subnets": "exhaust-subnets: networks until the address pools hold no more",
  "name-clash": "name-clash: a container of the name that a job is about to use",
  "slow-daemon": "slow-daemon[:SECONDS]: dockerd is stopped in the middle of the burst",
  "kill-daemon": "kill-daemon: dockerd is killed in the middle of the burst",
  "kill-runner": "kill-runner: the harness itself is killed in the middle of the burst",
};

const MOST_PORTS = 1000;
const MOST_SECONDS = 600;
/** Where `second-engine` and `slow-daemon` say no number. */
const SECOND_ENGINE_PORTS = 5;
const PAUSE_SECONDS = 5;

const wrong = (text: string, what: string): never => {
  throw new StressError("usage", `--nemesis "${text}": ${what}`);
};

const amount = (
  text: string,
  word: string,
  { what, most }: { readonly what: string; readonly most: number },
): number => {
  const value = /^\d+$/.test(word) ? Number(word) : 0;
  if (value >= 1 && value <= most) return value;
  return wrong(text, `${what} is a whole number from 1 to ${String(most)}, not "${word}"`);
};

const occupant = (text: string, word: string): Occupant =>
  OCCUPANTS.find((each) => each === word) ??
  wrong(text, `"${word}" is not one of ${OCCUPANTS.join(", ")}`);

/**
 * One `--nemesis` as it is written, e.g. `occupy:3:timewait`.
 *
 * @throws StressError("usage") that says what would be right
 */
export const parseNemesis = (text: string): Nemesis => {
  const [name = "", ...words] = text.trim().split(":");
  const kind = NEMESIS_KINDS.find((each) => each === name);
  if (kind === undefined) {
    return wrong(text, `it is one of\n  ${Object.values(NEMESIS_HELP).join("\n  ")}`);
  }
  const [first, second, ...rest] = words;
  const atMost = (most: number): void => {
    if (words.length > most) wrong(text, `too many colons; it is ${NEMESIS_HELP[kind]}`);
  };
  switch (kind) {
    case "occupy": {
      if (first === undefined) return wrong(text, `how many ports? ${NEMESIS_HELP.occupy}`);
      if (rest.length > 0) atMost(2);
      return {
        kind,
        ports: amount(text, first, { what: "the number of ports", most: MOST_PORTS }),
        by: second === undefined ? "outbound" : occupant(text, second),
      };
    }
    case "second-engine": {
      atMost(1);
      const what = "the number of ports";
      return {
        kind,
        ports:
          first === undefined
            ? SECOND_ENGINE_PORTS
            : amount(text, first, { what, most: MOST_PORTS }),
      };
    }
    case "slow-daemon": {
      atMost(1);
      const what = "the number of seconds";
      return {
        kind,
        seconds:
          first === undefined ? PAUSE_SECONDS : amount(text, first, { what, most: MOST_SECONDS }),
      };
    }
    case "exhaust-subnets":
    case "name-clash":
    case "kill-daemon":
    case "kill-runner":
      atMost(0);
      return { kind };
    default:
      return unreachable(kind);
  }
};

/** The same nemesis as a user would write it: for the resolved command. */
export const formatNemesis = (nemesis: Nemesis): string => {
  switch (nemesis.kind) {
    case "occupy":
      return `occupy:${String(nemesis.ports)}:${nemesis.by}`;
    case "second-engine":
      return `second-engine:${String(nemesis.ports)}`;
    case "slow-daemon":
      return `slow-daemon:${String(nemesis.seconds)}`;
    default:
      return nemesis.kind;
  }
};
