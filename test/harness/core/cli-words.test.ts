import { expect, test } from "vitest";
import { causeOf, classify } from "../../../harness/core/classify.ts";
import { CORPUS, FOUND } from "../../corpus/corpus.ts";

/** How the docker CLIs of 20.10 and 28.2 and compose 2.26 print what the daemon has refused. */
const PRINTED: readonly (readonly [command: string, print: (words: string) => string])[] = [
  ["create", (words) => `Error response from daemon: ${words}\n`],
  [
    "run",
    (words) =>
      `docker: Error response from daemon: ${words}\n\nRun 'docker run --help' for more information\n`,
  ],
  [
    "run up to 20.10",
    (words) => `docker: Error response from daemon: ${words}.\nSee 'docker run --help'.\n`,
  ],
  [
    "start",
    (words) =>
      `Error response from daemon: ${words}\nError: failed to start containers: stress-a-w1j1-redis\n`,
  ],
  [
    "start since 28.3",
    (words) =>
      `Error response from daemon: ${words}\nfailed to start containers: stress-a-w1j1-redis\n`,
  ],
  ["network rm", (words) => `Error response from daemon: ${words}\nexit status 1\n`],
  [
    "compose up",
    (words) =>
      ` Network t3_default  Creating\n Network t3_default  Created\n Container t3-redis-1  Creating\n Container t3-redis-1  Created\n Container t3-redis-1  Starting\nError response from daemon: ${words}\n`,
  ],
];

test.each(PRINTED)("every message has the same class when docker %s prints it", (_, print) => {
  const changed = [...CORPUS, ...FOUND].flatMap(({ text }) => {
    const [bare, printed] = [classify(text, {}).class, classify(print(text), {}).class];
    return bare === printed ? [] : [{ text, bare, printed }];
  });
  expect(changed).toEqual([]);
});

test.each(PRINTED)("what docker %s adds has no class of its own", (_, print) => {
  expect(classify(print("the cause"), {}).class).toBe("unknown");
});

test("the prefixes of the CLI are no part of a cause", () => {
  for (const prefix of ["Error response from daemon: ", "docker: Error response from daemon: "]) {
    expect(causeOf(`${prefix}the cause`)).toBe("the cause");
  }
});
