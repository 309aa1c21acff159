/**
 * From words to a class. The class is the innermost cause, never a wrapper, and `unknown` where no
 * signature fits: nothing is folded into a class that its words do not name.
 */
import { CLASSES, type FailureClass, type Retry } from "./classes.ts";
import type { Answer, OperationKind } from "./model.ts";
import { isUse, isWait } from "./operations.ts";
import { phaseOf, type Phase } from "./phases.ts";
import { indexOf } from "./signature-index.ts";
import { SIGNATURES } from "./signatures.ts";
import type { Signature, Source, Speaker } from "./signatures/signature.ts";

export interface Classification {
  readonly class: FailureClass;
  /** Whether repeating the failed step is sensible. */
  readonly retry: Retry;
  /** Where the words come from; null where no signature was needed or none fits. */
  readonly signature: Source | null;
}

/** Where and by whom a message was said; without it, any signature may fit. */
export interface MessageContext {
  readonly phase?: Phase;
  readonly by?: Speaker;
}

/** Longest message looked at, in UTF-16 units; a cause stands at the start or at the very end. */
const LONGEST = 8 * 1024;
const LONGEST_END = 3 * 1024;

const cut = (message: string): string =>
  message.length <= LONGEST
    ? message
    : `${message.slice(0, LONGEST - LONGEST_END)} … ${message.slice(-LONGEST_END)}`;

const ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  r: "\r",
  t: "\t",
  u003c: "<",
  u003e: ">",
  u0026: "&",
  u0027: "'",
};
const ENTITIES: Readonly<Record<string, string>> = {
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&amp;": "&",
};

/** JSON in JSON in a log line: more depth than that has not been seen. */
const ESCAPE_DEPTH = 3;

const unescaped = (message: string): string => {
  let text = message;
  for (let depth = 0; depth < ESCAPE_DEPTH && text.includes("\\"); depth += 1) {
    text = text.replace(
      /\\(["\\/nrt]|u003[ce]|u002[67])/g,
      (_, escape: string) => ESCAPES[escape] ?? escape,
    );
  }
  return text.includes("&")
    ? text.replace(/&(?:lt|gt|quot|amp);/g, (entity) => ENTITIES[entity] ?? entity)
    : text;
};

/** Quotation marks as an editor or a forum makes them. */
const typewritten = (text: string): string =>
  /[‘’“”]/.test(text) ? text.replace(/[‘’]/g, "'").replace(/[“”]/g, '"') : text;

/** One line: hard wraps joined, control characters gone. */
const joined = (text: string): string =>
  text.replace(/ {2,}|[^\S ][\s\p{Cc}]*|\p{Cc}[\s\p{Cc}]*/gu, " ").trim();

/** What clients and the daemon put before a cause without saying anything of it. */
const PREFIXES: readonly RegExp[] = [
  /^["'`(]+/,
  /^(?:docker|Error|ERROR): /,
  /^(?:ERRO|FATA)\[\d{1,10}\] /,
  /^for \S{1,300} +/,
  /^Error response from daemon: /,
  /^\(HTTP code \d{3}\) [a-z ]{1,40} - /,
  /^API error \(\d{3}\): /,
  /^\{ ?"message": ?"/,
  /^Cannot start (?:service|container) \S{1,300}: /,
  // The two wrappers that carry no information (InternalErrorf: HTTP 500 whatever the cause), and a third.
  /^failed to set up container networking: /,
  // Kept in front of a bare "listen tcp": there it alone tells the daemon's bind from an application's.
  /^driver failed programming external connectivity on endpoint \S{1,300} (?!(?:\(\S{0,100}\): )?listen )(?:\(\S{0,100}\): )?/,
  /^failed to create endpoint \S{1,300} on network \S{1,300}: /,
  // What compose has done until then, a line each.
  /^(?:Container|Network|Volume) \S{1,300} (?:Recreat(?:e|ed)|(?:Creat|Start|Wait|Stopp|Remov)(?:ing|ed)|Healthy|Running|Error) /,
];

/** What the docker CLI puts behind a cause. */
const SUFFIXES: readonly RegExp[] = [
  /\.? (?:See|Run) 'docker [a-z ]{0,40}--help'(?:\.| for more information)$/,
  / (?:Error: )?failed to start containers: [^:]{1,1000}$/,
  / exit status \d{1,3}$/,
];

/** Every prefix at most this often in a row, so that a hostile message ends too. */
const PREFIX_DEPTH = 64;

const stripped = (text: string): string => {
  let rest = SUFFIXES.reduce((cause, suffix) => cause.replace(suffix, ""), text);
  for (let depth = 0; depth < PREFIX_DEPTH; depth += 1) {
    const prefix = PREFIXES.find((candidate) => candidate.test(rest));
    if (prefix === undefined) return rest;
    rest = rest.replace(prefix, "");
  }
  return rest;
};

/** The message as one plain line, unescaped. */
export const plainOf = (message: string): string => joined(typewritten(unescaped(cut(message))));

/** The plain message without what clients and wrappers put before the cause. */
export const causeOf = (message: string): string => stripped(plainOf(message));

const DEFAULT_SPEAKERS: readonly Speaker[] = ["daemon", "transport"];

const fits = (signature: Signature, cause: string, { phase, by }: MessageContext): boolean =>
  (by === undefined || (signature.by ?? DEFAULT_SPEAKERS).includes(by)) &&
  (phase === undefined || signature.phases === undefined || signature.phases.includes(phase)) &&
  signature.pattern.test(cause);

const named = (name: FailureClass, signature: Source | null): Classification => ({
  class: name,
  retry: CLASSES[name].retry,
  signature,
});

const candidates = indexOf(SIGNATURES);

const signatureFor = (cause: string, context: MessageContext): Signature | null => {
  for (const place of candidates(cause)) {
    const signature = SIGNATURES[place];
    if (signature !== undefined && fits(signature, cause, context)) return signature;
  }
  return null;
};

/** A terminal wraps within a word; then the lines belong together without a blank. */
const unwrappedSignature = (message: string, context: MessageContext): Signature | null =>
  /[^\s]\n[^\s]/.test(cut(message))
    ? signatureFor(causeOf(cut(message).replace(/\r?\n/g, "")), context)
    : null;

/** Names what a message says. Time grows with its length, of which 8 kB at most are looked at. */
export const classify = (message: string, context: MessageContext): Classification => {
  const signature = signatureFor(causeOf(message), context) ?? unwrappedSignature(message, context);
  return signature === null ? named("unknown", null) : named(signature.class, signature.source);
};

/**
 * Names what went wrong with one operation; null if nothing did, or if it was cancelled.
 *
 * A lost answer is named by its reason, not by its words: they are the harness's own. A call past its
 * deadline is a hang of the daemon, a wait for services past its own is not; `daemon.timeout` is what others say of
 * theirs. The other end of a `ready` or `identity` is the service, of everything else the daemon.
 */
export const classifyAnswer = (answer: Answer, kind: OperationKind): Classification | null => {
  if (answer.kind === "done") return null;
  if (answer.kind === "refused")
    return classify(answer.message, { phase: phaseOf(kind), by: answer.by });
  switch (answer.reason) {
    case "cancelled":
      return null;
    case "timeout":
      return named(isWait(kind) ? "readiness.timeout" : "daemon.hang", null);
    case "connection-lost":
      return named(isUse(kind) ? "readiness.connection_reset" : "daemon.connection_lost", null);
  }
};
