import fc from "fast-check";
import { expect, test } from "vitest";
import { createNarrator } from "../../../harness/cli/narrator.ts";
import { createLines } from "../../../harness/cli/streams.ts";

/** What an engine may say: control characters, escape sequences, bidi, separators, commands of GitHub's runner. */
const hostileWords = fc
  .array(
    fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom(
        ..."\r \n \r\n \u2028 \u2029 \u001b[2J \u009b31m \u202e \u0000 ::error::pwn ##[error]pwn".split(
          " ",
        ),
        "\n::set-env name=A::b",
        "x".repeat(10_000),
      ),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(""));

const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

const written = () => {
  let text = "";
  return { sink: { write: (more: string) => (text += more) }, text: () => text };
};

const expectOneSafeLine = (text: string): void => {
  expect(text.endsWith("\n")).toBe(true);
  const line = text.slice(0, -1);
  expect(line).not.toMatch(UNSAFE);
  expect(line.trimStart()).not.toMatch(/^::/);
  expect(line).not.toContain("##[");
};

test("whatever an engine says, a line is one line, and neither a terminal nor a runner obeys it", () => {
  fc.assert(
    fc.property(hostileWords, (words) => {
      const { sink, text } = written();
      createLines(sink).line(words);
      expectOneSafeLine(text());
    }),
  );
});

test.each(["text", "json"] as const)("the log as %s is one safe line a record", (format) => {
  fc.assert(
    fc.property(hostileWords, (words) => {
      const { sink, text } = written();
      const { log } = createNarrator({ stderr: sink, level: "info", format });
      log.info({ err: { message: words }, words }, words);
      expectOneSafeLine(text());
      if (format === "json") expect(JSON.parse(text())).toHaveProperty("words");
    }),
  );
});

test("five megabytes are cut to their start and end, with their length", () => {
  const { sink, text } = written();
  createLines(sink).line(`stress: ${"x".repeat(4_999_984)} the end`);
  expect(text().length).toBeLessThan(4100);
  expect(text()).toMatch(/^stress: x+ … x+ the end \(5,000,000 characters\)\n$/);
});
