/**
 * Which signatures are worth trying on a message: those of whose words it has one.
 *
 * Of every wording that a pattern allows, one word is taken that stands literally and whole in it: no text
 * can match without it. A message is looked up word by word, so its cost hardly grows with the number of signatures.
 */
import type { Signature } from "./signatures/signature.ts";

/** Stands for whatever is not literal; part of no word. */
const GAP = "\u0000";

const WORD = /\w+/g;

/** More wordings than that of one pattern are not told apart. */
const MOST_WORDINGS = 256;

/** Where the group or class that opens at `start` ends, in a pattern's source. */
const closing = (source: string, start: number): number => {
  let depth = 0;
  let inClass = false;
  for (let at = start; at < source.length; at += 1) {
    const character = source.charAt(at);
    if (character === "\\") at += 1;
    else if (inClass) inClass = character !== "]";
    else if (character === "[") inClass = true;
    else if (character === "(") depth += 1;
    else if (character === ")") depth -= 1;
    if (depth === 0 && !inClass) return at;
  }
  return source.length;
};

/** What one atom of a pattern can be: its wordings, and where the next atom begins. */
interface Atom {
  readonly wordings: readonly string[];
  readonly end: number;
}

const escapedAtom = (escaped: string): string => {
  // A boundary is as good as a blank beside a word; a class of characters may be part of one.
  if (escaped === "b") return " ";
  return /\w/.test(escaped) ? GAP : escaped;
};

const atomAt = (source: string, at: number): Atom => {
  const character = source.charAt(at);
  switch (character) {
    case "\\":
      return { wordings: [escapedAtom(source.charAt(at + 1))], end: at + 2 };
    case "^":
    case "$":
      return { wordings: [" "], end: at + 1 };
    case ".":
      return { wordings: [GAP], end: at + 1 };
    case "[":
      return { wordings: [GAP], end: closing(source, at) + 1 };
    case "(": {
      const end = closing(source, at);
      const wordings = source.startsWith("(?:", at) ? wordingsOf(source.slice(at + 3, end)) : [GAP];
      return { wordings, end: end + 1 };
    }
    default:
      return { wordings: [character], end: at + 1 };
  }
};

/** The atom together with the quantifier behind it. */
const quantified = (source: string, { wordings, end }: Atom): Atom => {
  switch (source.charAt(end)) {
    case "?":
      return { wordings: [...wordings, ""], end: end + 1 };
    case "*":
    case "+":
      return { wordings: [GAP], end: end + 1 };
    case "{":
      return { wordings: [GAP], end: source.indexOf("}", end) + 1 };
    default:
      return { wordings, end };
  }
};

/** Everything that a pattern can say, where what is not literal is a gap. */
const wordingsOf = (source: string): readonly string[] => {
  const done: string[] = [];
  let open: readonly string[] = [""];
  for (let at = 0; at < source.length;) {
    if (source.charAt(at) === "|") {
      done.push(...open);
      open = [""];
      at += 1;
      continue;
    }
    const { wordings, end } = quantified(source, atomAt(source, at));
    const told = open.length * wordings.length <= MOST_WORDINGS ? wordings : [GAP];
    open = open.flatMap((start) => told.map((wording) => start + wording));
    at = end;
  }
  return [...done, ...open];
};

/** Words that stand whole in a wording, lower case. */
const wordsOf = (wording: string): readonly string[] =>
  `${GAP}${wording}${GAP}`
    .toLowerCase()
    .split(/[^\w\u0000]+/)
    .filter((word) => word !== "" && !word.includes(GAP));

/** In what a daemon says, these are everywhere. */
const COMMON = new Set(
  "a address already and cannot container could create creating daemon docker error exec failed for from in interface is network no not of on open or port rootlesskit set start starting the this to with".split(
    " ",
  ),
);

const score = (word: string): number => word.length - (COMMON.has(word) ? 100 : 0);

/**
 * A word for each wording of the pattern, lower case: no text can match without one of them. Null where a
 * wording has no whole word.
 */
export const keysOf = ({ source }: RegExp): readonly string[] | null => {
  const keys = wordingsOf(source).map(
    (wording) => wordsOf(wording).toSorted((one, other) => score(other) - score(one))[0] ?? null,
  );
  return keys.every((key) => key !== null) ? [...new Set(keys)] : null;
};

/** The places of the signatures that may fit a message, in the order of the table. */
export type SignatureIndex = (message: string) => readonly number[];

export const indexOf = (signatures: readonly Signature[]): SignatureIndex => {
  const always: number[] = [];
  const byWord = new Map<string, number[]>();
  for (const [place, { pattern }] of signatures.entries()) {
    const keys = keysOf(pattern);
    if (keys === null) always.push(place);
    for (const key of keys ?? []) {
      byWord.set(key, [...(byWord.get(key) ?? []), place]);
    }
  }
  return (message) => {
    const places = new Set(always);
    for (const word of message.toLowerCase().match(WORD) ?? []) {
      for (const place of byWord.get(word) ?? []) places.add(place);
    }
    return [...places].sort((one, other) => one - other);
  };
};
