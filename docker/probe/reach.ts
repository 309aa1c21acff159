/**
 * Does anybody answer at an address, and if not, how: a port that is held but served by nobody looks open.
 */
import type { Duplex } from "node:stream";
import { cutOff } from "./cut-off.ts";
import type { Reached } from "./datapath-lines.ts";
import type { Question } from "./datapath-request.ts";
import type { Dial } from "./dial.ts";
import { wordsOf } from "./words.ts";

const WORDS: Readonly<Record<Question, string>> = {
  redis: "PING\r\n",
  // A client begins with a name for its session, 36 characters and a zero byte; the server then asks for the rest.
  iperf3: `${"reach".padEnd(36, "-")}\0`,
};

const secondsOf = (milliseconds: number): string => `${String(milliseconds / 1000)} s`;

/** Node adds the local address that was tried: it is of no interest here. */
const socketWords = (error: unknown): string => wordsOf(error).replace(/ - Local \(.*\)$/, "");

const isRefusal = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "ECONNREFUSED";

/** Resolves to null when a byte has come, else to why none will. */
const firstByte = (stream: Duplex, patience: AbortSignal, patienceMs: number) =>
  new Promise<string | null>((resolve) => {
    stream.once("data", () => {
      resolve(null);
    });
    stream.once("error", (error) => {
      resolve(wordsOf(error));
    });
    stream.once("end", () => {
      resolve("accepted, and closed without an answer");
    });
    patience.addEventListener("abort", () => {
      resolve(`accepted, and no answer within ${secondsOf(patienceMs)}`);
    });
  });

/** One connection, reset at the end; never rejects. */
export const reach = async (
  {
    address,
    question,
    patienceMs,
  }: {
    readonly address: string;
    readonly question: Question;
    readonly patienceMs: number;
  },
  dial: Dial,
): Promise<Reached> => {
  const patience = AbortSignal.timeout(patienceMs);
  let stream: Duplex;
  try {
    stream = await dial(patience);
  } catch (error) {
    const words = patience.aborted
      ? `no connection within ${secondsOf(patienceMs)}`
      : socketWords(error);
    return { address, outcome: isRefusal(error) ? "refused" : "unreachable", words };
  }
  try {
    stream.write(WORDS[question]);
    const words = await firstByte(stream, patience, patienceMs);
    return { address, outcome: words === null ? "answers" : "leads-nowhere", words };
  } finally {
    cutOff(stream);
  }
};
