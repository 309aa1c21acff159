import fc from "fast-check";
import { expect, test } from "vitest";
import { classify } from "../../../harness/core/classify.ts";
import { template } from "../../../harness/core/clusters.ts";
import { indexOf, keysOf } from "../../../harness/core/signature-index.ts";
import { SIGNATURES } from "../../../harness/core/signatures.ts";
import { printable, printableLines } from "../../../reports/printable.ts";
import { CORPUS, FOUND } from "../../corpus/corpus.ts";

/** The pattern without its looks ahead and behind, which fast-check cannot make texts for. */
const withoutLooks = (source: string): string => {
  const start = source.search(/\(\?<?[!=]/);
  if (start < 0) return source;
  let depth = 0;
  let end = start;
  // Escapes and classes as blanks, so that every parenthesis left is one.
  const plain = source.replace(/\\.|\[(?:\\.|[^\]])*\]/g, (part) => " ".repeat(part.length));
  do {
    if (plain[end] === "(") depth += 1;
    if (plain[end] === ")") depth -= 1;
    end += 1;
  } while (depth > 0);
  return withoutLooks(source.slice(0, start) + source.slice(end));
};

/** Texts that mostly fit: boundaries and looks are left to chance. */
const textsLike = ({ source }: RegExp): fc.Arbitrary<string> =>
  fc.stringMatching(new RegExp(withoutLooks(source).replaceAll(String.raw`\b`, "")));

const LARGE = 100_000;

const large = (bait: string): string =>
  bait.repeat(Math.ceil(LARGE / Math.max(1, bait.length))).slice(0, LARGE);

/** Far above what it takes (the benchmark measures that), far below what a runaway pattern would take. */
const GUARD_SECONDS = 2;

const secondsOf = (work: () => void): number => {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
};

test.each(SIGNATURES.map(({ pattern }) => [pattern.source, pattern] as const))(
  "%s has no quantifier within a quantifier, and no gap without a bound",
  (source) => {
    const plain = source.replace(/\\./g, "x").replace(/\[[^\]]*\]/g, "x");
    expect(plain).not.toMatch(/[*+]|\{\d+,\}/);
    // Groups hold no group with a quantifier that has one behind it; `?` repeats nothing.
    expect(plain).not.toMatch(/\{\d+(?:,\d+)?\}[^()]*\)\{/);
    for (const [, most] of plain.matchAll(/\{\d*,?(\d+)\}/g)) {
      expect(Number(most)).toBeLessThanOrEqual(1000);
    }
  },
);

test("the index passes over no signature that fits", () => {
  const places = indexOf(SIGNATURES);
  for (const [place, { pattern }] of SIGNATURES.entries()) {
    fc.assert(
      fc.property(textsLike(pattern), (text) => {
        const words = ` ${text} `;
        if (pattern.test(words)) expect(places(words)).toContain(place);
      }),
      { numRuns: 20 },
    );
  }
});

test("on real messages, the index finds what trying every signature finds", () => {
  const places = indexOf(SIGNATURES);
  for (const { text } of [...CORPUS, ...FOUND]) {
    const fitting = [...SIGNATURES.keys()].filter((place) => SIGNATURES[place]?.pattern.test(text));
    expect(places(text)).toEqual(expect.arrayContaining(fitting));
  }
});

test("hardly a signature is tried on every message", () => {
  expect(SIGNATURES.filter(({ pattern }) => keysOf(pattern) === null).length).toBeLessThan(10);
});

test.each([
  [/\bfailed to bind host port (?:for )?x/, ["bind"]],
  [/\bone thing|\banother thing\b/, ["one", "another"]],
  [/\bthing(?:amajig|) here\b/, ["thingamajig", "thing"]],
  [/things?\b|\bmatter\b/, null],
  [/\bveth\w{1,20}: gone\b/, ["gone"]],
  [/^\S{1,200} holds/, null],
])("%s is looked up by %j", (pattern, keys) => {
  expect(keysOf(pattern)).toEqual(keys);
});

test("100 kB of what any signature is baited with is named in no time and printed safely", () => {
  for (const { pattern } of SIGNATURES) {
    const bait = fc
      .tuple(textsLike(pattern), fc.double({ min: 0.2, max: 1, noNaN: true }), fc.nat(3))
      .map(([text, share, blanks]) =>
        large(`${text.slice(0, Math.ceil(text.length * share))}${" ".repeat(blanks)}`),
      );
    fc.assert(
      fc.property(bait, (message) => {
        expect(secondsOf(() => classify(message, {}))).toBeLessThan(GUARD_SECONDS);
      }),
      { numRuns: 3 },
    );
  }
});

test("two baits in turn are no worse", () => {
  const openings = SIGNATURES.map(({ pattern }) =>
    pattern.source.replace(/\\[bBdwSWs]|\(.*|\{.*|\[.*|\|.*|[\\^$]/g, ""),
  ).filter((opening) => opening.length > 3);
  const opening = fc.constantFrom(...openings);
  fc.assert(
    fc.property(opening, opening, (one, other) => {
      const message = large(`${one} ${other} `);
      expect(secondsOf(() => classify(message, {}))).toBeLessThan(GUARD_SECONDS);
    }),
    { numRuns: 50 },
  );
});

const UNPRINTABLE = /[^\P{Cc}\n]|[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

test.each([
  ["one long word", "a"],
  ["backslashes", "\\"],
  ["white space", " \n\t"],
  ["control characters", "\u0000\u001b[31m\u009b\u202e"],
  ["a wrapper again and again", "Error response from daemon: "],
  ["openings of every pattern", "PortManager.AddPort(): failed to bind host port "],
  ["prefixes of addresses", 'Get "https://a '],
  ["brackets", "[({"],
  ["colons", ":"],
  ["digits", "1"],
  ["hexadecimal digits and colons", "a:"],
])("100 kB of %s has no class, a shape, and nothing that a terminal obeys", (_, bait) => {
  const message = large(bait);
  const seconds = secondsOf(() => {
    expect(["unknown", "port.rootlesskit_driver_error"]).toContain(classify(message, {}).class);
    expect(template(message, "k3x9").length).toBeLessThan(LARGE);
  });
  expect(seconds).toBeLessThan(GUARD_SECONDS);
  expect(printableLines(message)).not.toMatch(UNPRINTABLE);
  expect(printable(message)).not.toMatch(UNPRINTABLE);
});
