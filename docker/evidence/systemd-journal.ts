/**
 * The daemon's log where systemd keeps it.
 */
import { z } from "zod";
import { runProgram } from "../managed/program.ts";

/** How long one reading may take, in milliseconds. */
const DEADLINE_MS = 20_000;

/** Entries of one reading; of more, the newest. */
const MOST_ENTRIES = 100_000;
/** An entry that dockerd writes has less than a kilobyte. */
const MOST_MIB = 128;

/** Text, or bytes where it holds what is no text; a list of those where an entry has the field twice. */
const journalText = z.union([z.string(), z.array(z.int().min(0).max(255))]);

const entrySchema = z.object({
  __CURSOR: z.string(),
  /** Microseconds since 1970. */
  __REALTIME_TIMESTAMP: z.string().regex(/^\d{1,20}$/),
  PRIORITY: z.string().nullish(),
  MESSAGE: z.union([journalText, z.array(z.union([z.string(), journalText]))]).nullish(),
});
type Entry = z.infer<typeof entrySchema>;

const isBytes = (value: readonly unknown[]): value is readonly number[] =>
  value.every((byte) => typeof byte === "number");

const textOf = (message: Entry["MESSAGE"]): string => {
  if (message == null) return "";
  if (typeof message === "string") return message;
  if (isBytes(message)) return Buffer.from(message).toString("utf8");
  return message.map((part) => textOf(part)).join("\n");
};

/** The first letters of syslog's eight priorities, as dockerd names its levels. */
const LEVELS = ["fatal", "fatal", "fatal", "error", "warning", "info", "info", "debug"] as const;

/** dockerd writes the time and the level of a line itself; of others, systemd knows them. */
const HAS_TIME = /^(?:time="|\{.{0,400}"time":")/;

const linesOf = (entry: Entry): readonly string[] =>
  textOf(entry.MESSAGE)
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      if (HAS_TIME.test(line)) return line;
      const time = new Date(Number(entry.__REALTIME_TIMESTAMP) / 1000).toISOString();
      const level = LEVELS[Number(entry.PRIORITY ?? Number.NaN)] ?? "info";
      return `time="${time}" level=${level} msg=${JSON.stringify(line)}`;
    });

export interface JournalOptions {
  /** The program, and arguments that say whose journal is read; usually `journalctl` alone. */
  readonly journalctl: readonly [program: string, ...args: string[]];
  /** Which entries: `FIELD=value`, as journalctl takes them; `+` stands between alternatives. */
  readonly matches: readonly string[];
}

/** @throws StressError("environment") when journalctl cannot be run, or does not end in time */
const entries = async (
  { journalctl: [program, ...first], matches }: JournalOptions,
  args: readonly string[],
): Promise<readonly Entry[]> => {
  const output = await runProgram(
    program,
    [
      ...first,
      "--quiet",
      "--no-pager",
      // Long messages and those that hold control characters are left out otherwise.
      "--all",
      "--output=json",
      "--output-fields=MESSAGE,PRIORITY",
      ...args,
      ...matches,
    ],
    {
      signal: AbortSignal.timeout(DEADLINE_MS),
      outputMib: MOST_MIB,
      env: { ...process.env, LC_ALL: "C" },
    },
  );
  return output
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => entrySchema.parse(JSON.parse(line)));
};

/** The journal holds at least one such entry, of whatever age. */
export const journalHas = async (options: JournalOptions): Promise<boolean> =>
  entries(options, ["--lines=1"]).then(
    (found) => found.length > 0,
    () => false,
  );

/** Reads what a daemon writes to systemd's journal. An entry that is still on its way there comes with the next reading. */
export class SystemdJournal {
  readonly #options: JournalOptions;
  /** Microseconds since 1970. */
  readonly #since: number;
  #cursor: string | null = null;

  /** @param since - nothing older is read */
  constructor(options: JournalOptions, since: Date) {
    this.#options = options;
    this.#since = since.getTime() * 1000;
  }

  /** The lines of the entries since the last call, oldest first; null where the journal cannot be read. */
  async newLines(): Promise<readonly string[] | null> {
    const from =
      this.#cursor === null
        ? `--since=@${String(Math.floor(this.#since / 1_000_000))}`
        : `--after-cursor=${this.#cursor}`;
    try {
      const found = await entries(this.#options, [`--lines=${String(MOST_ENTRIES)}`, from]);
      this.#cursor = found.at(-1)?.__CURSOR ?? this.#cursor;
      return found
        .filter((entry) => Number(entry.__REALTIME_TIMESTAMP) >= this.#since)
        .flatMap(linesOf);
    } catch {
      return null;
    }
  }
}
