import { expect, test } from "vitest";
import { StressError } from "../../../harness/core/errors.ts";
import {
  formatNemesis,
  NEMESIS_HELP,
  NEMESIS_KINDS,
  OCCUPANTS,
  parseNemesis,
} from "../../../harness/core/nemesis.ts";

test.each([
  ["occupy:3", { kind: "occupy", ports: 3, by: "outbound" }],
  ["occupy:1:listener", { kind: "occupy", ports: 1, by: "listener" }],
  ["occupy:1000:timewait", { kind: "occupy", ports: 1000, by: "timewait" }],
  ["occupy:2:forward", { kind: "occupy", ports: 2, by: "forward" }],
  ["second-engine", { kind: "second-engine", ports: 5 }],
  ["second-engine:7", { kind: "second-engine", ports: 7 }],
  ["exhaust-subnets", { kind: "exhaust-subnets" }],
  ["name-clash", { kind: "name-clash" }],
  ["slow-daemon", { kind: "slow-daemon", seconds: 5 }],
  ["slow-daemon:30", { kind: "slow-daemon", seconds: 30 }],
  ["kill-daemon", { kind: "kill-daemon" }],
  [" kill-runner ", { kind: "kill-runner" }],
])("%s is %o", (text, nemesis) => {
  expect(parseNemesis(text)).toEqual(nemesis);
});

test.each([
  ["occupy", "how many ports? occupy:K[:outbound|ephemeral|listener|timewait|forward]"],
  ["occupy:0", 'a whole number from 1 to 1000, not "0"'],
  ["occupy:1001", 'a whole number from 1 to 1000, not "1001"'],
  ["occupy:1.5", 'a whole number from 1 to 1000, not "1.5"'],
  ["occupy:-3", "a whole number from 1 to 1000"],
  ["occupy:3:", '"" is not one of outbound, ephemeral, listener, timewait, forward'],
  ["occupy:3:udp", '"udp" is not one of outbound, ephemeral, listener, timewait, forward'],
  ["occupy:3:listener:more", "too many colons"],
  ["second-engine:x", 'a whole number from 1 to 1000, not "x"'],
  ["slow-daemon:601", 'a whole number from 1 to 600, not "601"'],
  ["name-clash:2", "too many colons; it is name-clash"],
  ["", "it is one of"],
  ["Occupy:3", "it is one of"],
])('"%s" is refused with what would be right', (text, words) => {
  expect(() => parseNemesis(text)).toThrow(StressError);
  expect(() => parseNemesis(text)).toThrow(words);
});

test("every kind and every occupant comes back from what is written of it", () => {
  const texts = [
    ...OCCUPANTS.map((by) => `occupy:4:${by}`),
    "second-engine:4",
    "slow-daemon:4",
    ...["exhaust-subnets", "name-clash", "kill-daemon", "kill-runner"],
  ];
  expect(texts.map((text) => formatNemesis(parseNemesis(text)))).toEqual(texts);
  expect(new Set(texts.map((text) => parseNemesis(text).kind))).toEqual(new Set(NEMESIS_KINDS));
});

test("what is said of each kind begins with its name", () => {
  for (const kind of NEMESIS_KINDS) expect(NEMESIS_HELP[kind]).toMatch(new RegExp(`^${kind}[:[]`));
});
