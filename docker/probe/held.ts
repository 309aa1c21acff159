/** What became of one connection that is held open, message by message. */
import type { HeldSeen } from "./traffic-lines.ts";

type Counts = Pick<HeldSeen, "before" | "after" | "longestSilence" | "lastAt">;

export class Held {
  readonly #what: Pick<HeldSeen, "kind" | "to" | "address">;
  #connectedAt: number | null = null;
  #closedAt: number | null = null;
  #words: string | null = null;
  #counts: Counts = { before: 0, after: 0, longestSilence: 0, lastAt: null };
  #waitingSince: number | null = null;
  #sent = 0;
  #sentAtAttach = 0;
  #acknowledged = 0;
  #attachedAt: number | null = null;

  constructor(what: Pick<HeldSeen, "kind" | "to" | "address">) {
    this.#what = what;
  }

  get stands(): boolean {
    return this.#connectedAt !== null && this.#closedAt === null;
  }

  get received(): number {
    return this.#counts.before + this.#counts.after;
  }

  connected(at: number): void {
    this.#connectedAt = at;
    this.#words = null;
  }

  /** It could not be made, or is no more. */
  failed(at: number, words: string): void {
    if (this.#connectedAt !== null) this.#closedAt ??= at;
    this.#words = words;
  }

  /** From here on messages are counted as after the attach, and silence is measured anew. */
  attached(at: number): void {
    this.#attachedAt = at;
    this.#sentAtAttach = this.#sent;
    this.#counts = { ...this.#counts, longestSilence: 0 };
  }

  sent(): void {
    this.#sent += 1;
  }

  /** A question, on a connection where nothing comes but answers. */
  asked(at: number): void {
    this.#sent += 1;
    this.#waitingSince = at;
  }

  answered(at: number): void {
    this.message(at, this.#acknowledged + 1);
    this.#waitingSince = null;
  }

  /** @param acknowledged - how many of ours the other side says it has had, in all */
  message(at: number, acknowledged = 0): void {
    const { before, after } = this.#counts;
    const isAfter = this.#attachedAt !== null;
    this.#acknowledged = Math.max(this.#acknowledged, acknowledged);
    this.#counts = {
      before: isAfter ? before : before + 1,
      after: isAfter ? after + 1 : after,
      longestSilence: this.#silenceUntil(at),
      lastAt: at,
    };
  }

  seen(at: number): HeldSeen {
    const talks = this.#what.kind !== "subscription";
    return {
      ...this.#what,
      connectedAt: this.#connectedAt,
      closedAt: this.#closedAt,
      words: this.#words,
      ...this.#counts,
      longestSilence: this.#silenceUntil(at),
      waitingSince: this.#waitingSince,
      sent: talks
        ? {
            count: this.#sent - this.#sentAtAttach,
            acknowledged: Math.max(0, this.#acknowledged - this.#sentAtAttach),
          }
        : null,
    };
  }

  #silenceUntil(at: number): number {
    const { lastAt, longestSilence } = this.#counts;
    const { kind } = this.#what;
    const heard = kind === "commands" ? this.#waitingSince : (lastAt ?? this.#connectedAt);
    if (heard === null) return longestSilence;
    const from = Math.max(heard, this.#connectedAt ?? heard, this.#attachedAt ?? heard);
    return Math.max(longestSilence, at - from);
  }
}
