import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { expect, test } from "vitest";
import { shellWord, shellWords, type Placeholder } from "../../../harness/core/shell-words.ts";

/** What a program that bash starts with these words gets as its arguments. */
const heardBy = (words: string, variables: Readonly<Record<string, string>> = {}) =>
  execFileSync("bash", ["--norc", "-c", `printf '%s\\0' ${words}`], {
    env: { PATH: process.env["PATH"], LC_ALL: "C.UTF-8", ...variables },
    encoding: "utf8",
  })
    .split("\0")
    .slice(0, -1);

/** What shells, terminals and readers trip over, between ordinary characters. */
const hostile = fc
  .array(
    fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 4 }),
      fc.string({ unit: "binary", maxLength: 4 }),
      fc.constantFrom(
        ...Array.from("'\"\\$`!*?[]{}()<>|&;#~=% \t\n\r"),
        "$(reboot)",
        "\u001b[2J",
        "\u202e",
        "-e",
        "\u0085",
        "é",
        "🦀",
      ),
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join(""));

const asArgument = (text: string): string => text.replaceAll("\0", "");

/** Many words for one process: starting bash costs more than a hundred of them. */
const MANY = { minLength: 100, maxLength: 200 };

test("any text is one argument, and the same", () => {
  fc.assert(
    fc.property(fc.array(hostile, MANY), (words) => {
      expect(heardBy(shellWords(words))).toEqual(words.map(asArgument));
    }),
    { numRuns: 5 },
  );
});

test("what stands in a script moves no cursor and turns no direction", () => {
  fc.assert(
    fc.property(hostile, (text) => {
      expect(shellWord(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
    }),
  );
});

const RUN: Placeholder = { mark: "REPRORUN", variable: "RUN" };

test("a placeholder takes its value at run time, wherever it stands", () => {
  const value = 'it\'s a "value" $HOME *';
  fc.assert(
    fc.property(fc.array(hostile, MANY), (texts) => {
      const words = texts.map((text) => `${text}REPRORUN${text}REPRORUN`);
      expect(heardBy(shellWords(words, [RUN]), { RUN: value })).toEqual(
        words.map((word) => asArgument(word).replaceAll("REPRORUN", value)),
      );
    }),
    { numRuns: 5 },
  );
});

test("half of a surrogate pair becomes the character for what cannot be read", () => {
  expect(heardBy(shellWord("a\ud800b"))).toEqual(["a\u{fffd}b"]);
});

test.each([
  ["", "''"],
  ["mysql:8.0", "mysql:8.0"],
  ["it's", String.raw`'it'\''s'`],
  ["a\nb", String.raw`$'a\x0ab'`],
  ["stress-REPRORUN-w1j1", 'stress-"$RUN"-w1j1'],
])("%j is written as a person would", (text, written) => {
  expect(shellWord(text, [RUN])).toBe(written);
});
