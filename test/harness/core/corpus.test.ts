import { expect, test } from "vitest";
import { CLASSES } from "../../../harness/core/classes.ts";
import { classify } from "../../../harness/core/classify.ts";
import { SIGNATURES } from "../../../harness/core/signatures.ts";
import { CORPUS, FORMATS, FOUND, type LabelledMessage } from "../../corpus/corpus.ts";

const misnamed = (
  messages: readonly LabelledMessage[],
  classOf: (message: LabelledMessage) => string,
) =>
  messages
    .filter((message) => classOf(message) !== message.class)
    .map((message) => ({ ...message, named: classOf(message) }));

const byText = ({ text }: LabelledMessage): string => classify(text, {}).class;
const byTextAndPhase = ({ text, phase }: LabelledMessage): string =>
  classify(text, phase === undefined ? {} : { phase }).class;

test.each([
  ["the labelled half of the corpus", CORPUS],
  ["the messages found beside it", FOUND],
  ["the filled-in format strings", FORMATS],
])("in-sample: the signatures were mended with %s, and name every message in it", (_, messages) => {
  expect(misnamed(messages, byText)).toEqual([]);
  expect(misnamed(messages, byTextAndPhase)).toEqual([]);
});

test("no message stands in two collections", () => {
  const texts = [...CORPUS, ...FOUND, ...FORMATS].map(({ text }) => text);
  expect(new Set(texts).size).toBe(texts.length);
});

test("every class has a signature or comes from a lost answer", () => {
  const known = new Set<string>(SIGNATURES.map((signature) => signature.class));
  expect(Object.keys(CLASSES).filter((name) => !known.has(name))).toEqual([
    "daemon.hang",
    "unknown",
  ]);
});

test("every class says in one line what it means and what would make it stop", () => {
  for (const { meaning, advice } of Object.values(CLASSES)) {
    expect(meaning).toMatch(/^[^\n]{10,120}$/);
    expect(advice).toMatch(/^[^\n]{10,170}$/);
  }
});
