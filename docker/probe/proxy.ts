/**
 * A proxy before the app: requests from the moment on at which the app can be found.
 */
import type { ProxyOrder } from "./routes-orders.ts";
import type { ProxySeen, RequestsSeen } from "./traffic-lines.ts";
import { wordsOf } from "./words.ts";

export interface ProxySurroundings {
  /** The app's address; null: the name is not known yet. Never rejects. */
  readonly find: (host: string) => Promise<string | null>;
  /** Resolves when the whole answer is there; rejects with the socket's words, or when it is no success. */
  readonly request: (url: string, signal: AbortSignal) => Promise<void>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Resolves after the duration, or at once when the signal aborts; never rejects. */
  readonly sleep: (durationMs: number, signal: AbortSignal) => Promise<void>;
  readonly say: (line: ProxySeen) => void;
  readonly signal: AbortSignal;
}

/** What a request may take before it is lost. */
const PATIENCE_MS = 2000;
const SAY_MS = 500;
/** Two seconds' worth, at twenty a second: where stalls are to be seen one by one. */
const MOST_FIRST = 40;

const medianOf = (ordered: readonly number[]): number | null => {
  const [low, high] = [(ordered.length - 1) >> 1, ordered.length >> 1].map((at) => ordered[at]);
  return low === undefined || high === undefined ? null : (low + high) / 2;
};

/** The requests of one kind. */
class Requests {
  readonly #path: string;
  readonly #around: ProxySurroundings;
  readonly #took: number[] = [];
  readonly #first: (number | null)[] = [];
  #sent = 0;
  #lost = 0;
  #words: string | null = null;
  #firstAnsweredAt: number | null = null;

  constructor(path: string, around: ProxySurroundings) {
    this.#path = path;
    this.#around = around;
  }

  async make(origin: string): Promise<void> {
    const { request, now, signal } = this.#around;
    const index = this.#sent;
    this.#sent += 1;
    if (index < MOST_FIRST) this.#first[index] = null;
    const begun = now();
    const patience = AbortSignal.timeout(PATIENCE_MS);
    try {
      await request(`${origin}${this.#path}`, AbortSignal.any([signal, patience]));
    } catch (error) {
      this.#lost += 1;
      this.#words = patience.aborted
        ? `no answer within ${String(PATIENCE_MS / 1000)}s`
        : wordsOf(error);
      return;
    }
    const answered = now();
    this.#firstAnsweredAt ??= answered;
    this.#took.push(answered - begun);
    if (index < MOST_FIRST) this.#first[index] = answered - begun;
  }

  seen(): RequestsSeen {
    // Debian 12's Node, which runs this, has no toSorted.
    const ordered = [...this.#took].sort((one, other) => one - other);
    return {
      sent: this.#sent,
      answered: ordered.length,
      lost: this.#lost,
      words: this.#words,
      firstAnsweredAt: this.#firstAnsweredAt,
      median: medianOf(ordered),
      slowest: ordered.at(-1) ?? null,
      first: [...this.#first],
    };
  }
}

const originOf = (address: string, port: number): string => `http://${address}:${String(port)}`;

/** Until the signal aborts; never rejects. */
export const runProxy = async (
  { host, port, everyMs }: ProxyOrder,
  around: ProxySurroundings,
): Promise<void> => {
  const { find, now, sleep, say, signal } = around;
  const direct = new Requests("/", around);
  const through = new Requests("/through", around);
  let reachableAt: number | null = null;
  const report = async (): Promise<void> => {
    while (!signal.aborted) {
      await sleep(SAY_MS, signal);
      say({
        step: "proxy",
        at: now(),
        reachableAt,
        direct: direct.seen(),
        through: through.seen(),
      });
    }
  };
  /** Asked anew at every turn, whatever became of the question before: that may be under way for long. */
  const found = async (): Promise<string | null> => {
    const answers: string[] = [];
    while (!signal.aborted && answers.length === 0) {
      void find(host).then((answer) => {
        if (answer !== null) answers.push(answer);
      });
      await sleep(everyMs, signal);
    }
    return answers[0] ?? null;
  };
  const proxy = async (): Promise<void> => {
    const address = await found();
    if (address === null) return;
    reachableAt = now();
    const origin = originOf(address, port);
    const underWay = new Set<Promise<void>>();
    while (!signal.aborted) {
      for (const requests of [direct, through]) {
        const made = requests.make(origin).finally(() => underWay.delete(made));
        underWay.add(made);
      }
      await sleep(everyMs, signal);
    }
    await Promise.all(underWay);
  };
  await Promise.all([report(), proxy()]);
};
