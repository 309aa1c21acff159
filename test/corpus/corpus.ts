import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";
import { isFailureClass, type FailureClass } from "../../harness/core/classes.ts";
import { PHASES } from "../../harness/core/phases.ts";

const line = z.object({
  text: z.string(),
  class: z.custom<FailureClass>((name) => typeof name === "string" && isFailureClass(name)),
  phase: z.enum(PHASES).optional(),
  source: z.string(),
});

/** A real message with the class, and mostly the phase, that people gave it. */
export type LabelledMessage = z.infer<typeof line>;

/** Beside this file, or, where this file is compiled, beside its source. */
const fileCalled = (name: string): URL => {
  const beside = new URL(name, import.meta.url);
  return existsSync(beside) ? beside : new URL(`../../../test/corpus/${name}`, import.meta.url);
};

const linesOf = (name: string): readonly LabelledMessage[] =>
  readFileSync(fileCalled(name), "utf8")
    .trim()
    .split("\n")
    .map((each) => line.parse(JSON.parse(each)));

export const CORPUS = linesOf("messages.jsonl");
export const FOUND = linesOf("found.jsonl");
export const FORMATS = linesOf("formats.jsonl");
