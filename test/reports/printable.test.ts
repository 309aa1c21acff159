import fc from "fast-check";
import { expect, test } from "vitest";
import { printable, printableLines, shortened } from "../../reports/printable.ts";

test.each([
  ["an escape sequence", "\u001b[31mred", String.raw`\u{1b}[31mred`],
  ["a C1 control", "\u009b31m", String.raw`\u{9b}31m`],
  ["a direction override", "a\u202eb", String.raw`a\u{202e}b`],
  ["half a surrogate pair", "a\ud800b", String.raw`a\u{d800}b`],
  ["line breaks and tabs", " a\r\n\tb ", "a b"],
  ["letters of any script", "żółw ∞ 🐢", "żółw ∞ 🐢"],
])("%s is shown, not acted on", (_, text, shown) => {
  expect(printable(text)).toBe(shown);
});

const anyText = fc.string({ unit: "binary", maxLength: 200 });

test("printable text is one line without anything that acts", () => {
  fc.assert(
    fc.property(anyText, (text) => !/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(printable(text))),
  );
});

test("line breaks stay where lines are wanted", () => {
  expect(printableLines("a\r\nb\u0007\n")).toBe("a\nb\\u{7}\n");
});

test("a long message keeps its start and its end", () => {
  expect(shortened(`start ${"x".repeat(200)} the cause`, 40)).toBe(
    "start xxxxxx … xxxxxxxxxxxxxxx the cause",
  );
});

test("a shortened text is at most as wide as asked for, and has no broken characters", () => {
  const emoji = fc.string({ unit: fc.constantFrom("a", "🐢"), maxLength: 200 });
  fc.assert(
    fc.property(emoji, fc.integer({ min: 10, max: 60 }), (text, width) => {
      const short = shortened(text, width);
      return (text.length <= width || Array.from(short).length <= width) && !/\p{Cs}/u.test(short);
    }),
  );
});
