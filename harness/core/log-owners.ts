/**
 * Whose line of the daemon's log is it? A line belongs to the job whose network, container or endpoint it names,
 * by id or by name; many lines name nobody.
 */
import type { RunHistory, WaveHistory } from "./history.ts";
import { logLine, type LogLine } from "./log-line.ts";

export interface OwnedLine {
  readonly line: LogLine;
  /** The job of this wave; null where the line names none, or several. */
  readonly job: string | null;
  /** By what it was known; null with the job. */
  readonly by: "id" | "name" | null;
}

/** As many digits of an id as its short form has: enough to tell two apart. */
const SHORT_ID = 12;

const IDS = /(?<![0-9a-f])[0-9a-f]{12,64}(?![0-9a-f])/g;

const idsIn = (text: string): readonly string[] =>
  (text.match(IDS) ?? []).map((id) => id.slice(0, SHORT_ID));

/** `endpoint NAME (ID)`, in refusals and in the log alike. */
const ENDPOINT = /\bendpoint (\S{1,300}) \(([0-9a-f]{12,64})\)/g;

/** The one member of a set; null for none and for several. */
const only = <Value>(values: Iterable<Value>): Value | null => {
  const distinct = [...new Set(values)];
  return distinct.length === 1 ? (distinct[0] ?? null) : null;
};

class Owners {
  readonly #jobs: ReadonlySet<string>;
  /** What all names of the run begin with. */
  readonly #prefix: string;
  readonly #byId = new Map<string, string>();

  constructor(run: string, wave: WaveHistory) {
    this.#jobs = new Set(wave.jobs.map(({ id }) => id));
    this.#prefix = `stress-${run}-`;
    for (const { id: job, burst } of wave.jobs) {
      for (const { answer } of burst) {
        if (answer.kind === "done" && answer.id !== undefined) this.#learn(answer.id, job);
        if (answer.kind === "refused") this.#learnEndpoints(answer.message);
      }
    }
  }

  /** Endpoints have ids that no answer holds: lines with an id and a name beside it tell whose they are. */
  learn({ message, fields }: LogLine): void {
    const job = this.named([fields.get("ep") ?? "", fields.get("net") ?? ""].join(" "));
    if (job !== null) {
      for (const key of ["eid", "nid"]) this.#learn(fields.get(key) ?? "", job);
    }
    for (const text of [message, fields.get("error-response") ?? ""]) this.#learnEndpoints(text);
  }

  named(text: string): string | null {
    const names = text
      .split(this.#prefix)
      .slice(1)
      .flatMap((rest) => /^\w{1,40}/.exec(rest)?.[0] ?? []);
    return only(names.filter((name) => this.#jobs.has(name)));
  }

  known(text: string): string | null {
    return only(idsIn(text).flatMap((id) => this.#byId.get(id) ?? []));
  }

  #learn(id: string, job: string): void {
    if (/^[0-9a-f]{12,64}$/.test(id)) this.#byId.set(id.slice(0, SHORT_ID), job);
  }

  #learnEndpoints(text: string): void {
    for (const [, name, id] of text.matchAll(ENDPOINT)) {
      const job = this.named(name ?? "");
      if (job !== null) this.#learn(id ?? "", job);
    }
  }
}

/** The wave's log, oldest first, each line with its job; null where the log could not be read. */
export const ownedLines = (
  { started }: RunHistory,
  wave: WaveHistory,
): readonly OwnedLine[] | null => {
  if (wave.log === null) return null;
  const lines = wave.log.lines.map(logLine);
  const owners = new Owners(started.run, wave);
  for (const line of lines) owners.learn(line);
  return lines.map((line): OwnedLine => {
    const byId = owners.known(line.raw);
    if (byId !== null) return { line, job: byId, by: "id" };
    const byName = owners.named(line.raw);
    return { line, job: byName, by: byName === null ? null : "name" };
  });
};
