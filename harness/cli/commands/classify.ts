/**
 * `stress classify`: what a message is, from argv or stdin; or a stream of messages, one JSON object a line.
 */
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { printable, shortened } from "../../../reports/printable.ts";
import { CLASSES } from "../../core/classes.ts";
import { causeOf, classify, plainOf } from "../../core/classify.ts";
import { EXIT, StressError } from "../../core/errors.ts";
import { impliedPhase, isPhase, PHASES, type Phase } from "../../core/phases.ts";
import type { Shell } from "../shell.ts";

export interface ClassifyOptions {
  /** Null: the message is what stdin holds. */
  readonly message: string | null;
  /** Where it was seen, if that is known. */
  readonly phase: Phase | null;
  readonly format: "text" | "json" | "ndjson";
}

/** Where messages come from and classes go to. */
interface Streams {
  readonly input: Readable & { readonly isTTY?: boolean };
  readonly output: Writable;
}

const usage = (message: string): never => {
  throw new StressError("usage", message);
};

const contextOf = (phase: Phase | null) => (phase === null ? {} : { phase });

/** What is known of a class, and where its words come from. */
const factsOf = (message: string, given: Phase | null) => {
  const { class: name, retry, signature } = classify(message, contextOf(given));
  const phase = given ?? impliedPhase(plainOf(message), name);
  const { meaning, advice } = CLASSES[name];
  return { class: name, phase, meaning, retry, advice, source: signature };
};

const WORDS_WIDTH = 160;

const asText = (message: string, facts: ReturnType<typeof factsOf>): string => {
  const { phase, source } = facts;
  const rows: readonly (readonly [title: string, value: string])[] = [
    ["class", facts.class],
    ["phase", phase ?? "-"],
    ["meaning", facts.meaning],
    ["retry", facts.retry],
    ["advice", facts.advice],
    ["source", source === null ? "-" : `${source.repository}: ${source.file}`],
    ["words", shortened(printable(causeOf(message)), WORDS_WIDTH)],
  ];
  const width = Math.max(...rows.map(([title]) => title.length));
  return rows.map(([title, value]) => `${title.padEnd(width)}  ${value}\n`).join("");
};

/** Of a longer stdin, the start and the end are looked at; so much of each is more than enough. */
const LONGEST_END = 512 * 1024;

const readMessage = async (input: Readable): Promise<string> => {
  let text = "";
  input.setEncoding("utf8");
  for await (const chunk of input) {
    text += String(chunk);
    if (text.length > 4 * LONGEST_END) {
      text = text.slice(0, LONGEST_END) + text.slice(-LONGEST_END);
    }
  }
  return text;
};

/** In UTF-16 units: no engine's message fills a hundredth of it. */
const LONGEST_LINE = 1024 * 1024;

/** A chunk's whole lines at a time, numbered from 1; only `\n` ends a line. */
async function* linesOf(input: Readable) {
  let rest = "";
  let number = 0;
  input.setEncoding("utf8");
  for await (const chunk of input) {
    const lines = (rest + String(chunk)).split("\n");
    rest = lines.pop() ?? "";
    yield lines.map((line) => ({ line, number: (number += 1) }));
    if (rest.length > LONGEST_LINE) {
      const most = LONGEST_LINE.toLocaleString("en");
      usage(`line ${String(number + 1)} of stdin is longer than ${most} characters`);
    }
  }
  if (rest !== "") yield [{ line: rest, number: number + 1 }];
}

const parsed = (line: string): unknown => {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
};

/** The same line with its class: nothing else in it is touched, not even how a number is written. */
const classified = (line: string, number: number): string => {
  const refuse = (why: string): never => usage(`line ${String(number)} of stdin ${why}`);
  const object = parsed(line);
  if (typeof object !== "object" || object === null || Array.isArray(object)) {
    return refuse("is not a JSON object");
  }
  const { text, phase }: { text?: unknown; phase?: unknown } = object;
  if (typeof text !== "string") return refuse('has no "text" that is a string');
  if (typeof phase !== "string" && phase !== undefined && phase !== null) {
    return refuse('has a "phase" that is not a string');
  }
  if (typeof phase === "string" && !isPhase(phase)) {
    return refuse(`has the phase ${JSON.stringify(phase)}, not one of ${PHASES.join(", ")}`);
  }
  const name = classify(text, contextOf(phase ?? null)).class;
  if (Object.hasOwn(object, "class")) return JSON.stringify({ ...object, class: name });
  return `${line.slice(0, line.lastIndexOf("}"))},"class":${JSON.stringify(name)}}`;
};

/** @returns false where the reader has gone away: nobody is left to write for */
const write = async (output: Writable, text: string): Promise<boolean> => {
  if (text === "" || output.destroyed || output.errored !== null) return output.writable;
  if (output.write(text)) return true;
  return await once(output, "drain").then(
    () => true,
    () => false,
  );
};

/** Each line is out before the next chunk is read, and those before a bad line in any case. */
const classifyLines = async ({ input, output }: Streams, signal: AbortSignal): Promise<void> => {
  for await (const lines of linesOf(input)) {
    let text = "";
    try {
      for (const { line, number } of lines) text += `${classified(line, number)}\n`;
    } finally {
      if (!(await write(output, text))) input.destroy();
    }
    if (signal.aborted || input.destroyed) return;
  }
};

/** @returns the exit code: a message of no known class is an answer too */
export const classifyCommand = async (
  options: ClassifyOptions,
  shell: Pick<Shell, "print" | "signal">,
  streams: Streams = { input: process.stdin, output: process.stdout },
): Promise<number> => {
  if (options.message === null && streams.input.isTTY === true) {
    return usage("classify needs a message: behind it, or on stdin");
  }
  if (options.format === "ndjson") {
    await classifyLines(streams, shell.signal);
    return EXIT.holds;
  }
  const message = options.message ?? (await readMessage(streams.input));
  if (message.trim() === "") return usage("classify needs a message: this one is empty");
  const facts = factsOf(message, options.phase);
  shell.print(
    options.format === "json" ? `${JSON.stringify(facts, null, 2)}\n` : asText(message, facts),
  );
  return EXIT.holds;
};
