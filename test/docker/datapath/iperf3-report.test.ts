import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { iperf3Report } from "../../../docker/datapath/iperf3-report.ts";

/** Printed by iperf3 3.12 over loopback. */
const recorded = (name: string): string =>
  readFileSync(join(import.meta.dirname, "recorded", `${name}.json`), "utf8");

test("of several connections it is their sum that arrived", () => {
  expect(iperf3Report(recorded("iperf3-ingress"))).toEqual({
    kind: "measured",
    bitsPerSecond: 22482238464.49596,
    retransmits: 0,
    program: "iperf 3.12",
  });
});

test("a flow from the server has the retransmits of the server", () => {
  expect(iperf3Report(recorded("iperf3-egress"))).toEqual({
    kind: "measured",
    bitsPerSecond: 17206734600.201965,
    retransmits: 2,
    program: "iperf 3.12",
  });
});

test("a failure is told in iperf3's words", () => {
  expect(iperf3Report(recorded("iperf3-refused"))).toEqual({
    kind: "failed",
    words: "unable to connect to server: Connection refused",
  });
});

test.each([
  ["nothing", "", "iperf3 said nothing"],
  ["no JSON", "iperf3: parameter error\n", "iperf3: parameter error"],
  ["a report that broke off", '{ "start": {', '{ "start": {'],
  ["a report without its end", '{"start":{"version":"iperf 3.12"},"end":{}}', /^\{"start"/],
])("%s is a failure, in what words there are", (_, text, words) => {
  const expected: unknown = words instanceof RegExp ? expect.stringMatching(words) : words;
  expect(iperf3Report(text)).toEqual({ kind: "failed", words: expected });
});
