import fc from "fast-check";
import { expect, test } from "vitest";
import { logLine } from "../../../harness/core/log-line.ts";
import { RECORDED_LINES } from "../../recordings/occupied-ports.ts";

test("a line of dockerd's is its time, level, message and fields", () => {
  const raw =
    'time="2026-11-21T02:30:36.619551733Z" level=warning msg="Failed to read \\"/sys/x\\"" eid=8ce8de0399b5 ep=job-1-m error="open /sys/x: no such file"';
  const line = logLine(raw);
  expect(line.at).toBeCloseTo(Date.parse("2026-11-21T02:30:36.619Z") + 0.551733, 3);
  expect(line).toMatchObject({ level: "warning", message: 'Failed to read "/sys/x"', raw });
  expect([...line.fields]).toEqual([
    ["eid", "8ce8de0399b5"],
    ["ep", "job-1-m"],
    ["error", "open /sys/x: no such file"],
  ]);
});

test.each([
  ["2026-11-21T02:30:31Z", "2026-11-21T02:30:31Z", 1000],
  ["2026-11-21T04:30:31.5+02:00", "2026-11-21T02:30:31.500Z", 100],
  ["2020-03-23T13:33:16.453592053-07:00", "2020-03-23T20:33:16.453Z", 0.000001],
])("%s is an instant, and what it is good to follows from its digits", (time, instant, good) => {
  const { at, resolution } = logLine(`time="${time}" level=info msg=x`);
  expect(Math.floor(at ?? 0)).toBe(Date.parse(instant));
  expect(resolution).toBeCloseTo(good, 9);
});

test("a JSON line says the same", () => {
  expect(
    logLine(
      '{"level":"error","msg":"no","time":"2026-11-21T02:30:31.000Z","status":500,"error":"x"}',
    ),
  ).toMatchObject({
    at: Date.parse("2026-11-21T02:30:31Z"),
    level: "error",
    message: "no",
    fields: new Map([
      ["status", "500"],
      ["error", "x"],
    ]),
  });
});

test.each([
  "net.ipv4.ip_forward = 1",
  "panic: runtime error: invalid memory address",
  "I1121 02:30:31.000000   1 main.go:1] klog",
  "{not json",
  '{"a":1}',
  "[1]",
  "",
  "=",
  "a=b c d",
])("%j is text and stays whole", (raw) => {
  expect(logLine(raw)).toEqual({
    at: null,
    resolution: 0,
    level: null,
    message: raw,
    fields: new Map(),
    raw,
  });
});

test.each([
  ['time="2026-11-21T02:30:31Z" level=error msg="cut in the midd', "cut in the midd"],
  ['time="2026-11-21T02:30:31Z" level=error msg="whole" err', "whole"],
  ['time="2026-11-21T02:30:31Z" level=error msg="ends in \\', "ends in "],
])("%j was cut and keeps its time and what there is", (raw, message) => {
  const line = logLine(raw);
  expect(line.at).toBe(Date.parse("2026-11-21T02:30:31Z"));
  expect(line.level).toBe("error");
  expect(line.message.replace("\\", "")).toBe(message);
});

test("a line that was cut before its message is a message with a time", () => {
  const raw = 'time="2026-11-21T02:30:31Z" level=err';
  expect(logLine(raw)).toMatchObject({ level: "err", message: raw });
});

test("a time that is none does not hide the line", () => {
  expect(logLine('time="2026-99-99T99:99:99Z" level=info msg=x')).toMatchObject({
    at: null,
    level: "info",
    message: "x",
  });
});

test("whatever stands in a quoted value is read back as it was", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string(), (message, error) => {
      const raw = `time="2026-11-21T02:30:31Z" level=info msg=${JSON.stringify(message)} error=${JSON.stringify(error)}`;
      const line = logLine(raw);
      expect(line.message).toBe(message);
      expect(line.fields.get("error")).toBe(error);
    }),
  );
});

test.each([
  [String.raw`\a\b\f\v\x1b\u2028\U0001f600`, "\u0007\b\f\v\u001b\u2028\u{1f600}"],
  [String.raw`\U0fffffff\q`, "q"],
  [String.raw`\u0041bcdef`, "Abcdef"],
])("%s is unquoted as Go quotes", (quoted, expected) => {
  expect(logLine(`level=info msg="${quoted}"`).message).toBe(expected);
});

test("any text is a line", () => {
  const pieces = fc.constantFrom("time=", '"', "\\", "=", " ", "msg", "level=info ", "\u0000", "{");
  fc.assert(
    fc.property(fc.array(fc.oneof(pieces, fc.string())), (texts) => {
      const raw = texts.join("");
      expect(logLine(raw).raw).toBe(raw);
    }),
  );
});

const MEGABYTE = 1_000_000;

test.each([
  ["one word", "a".repeat(MEGABYTE)],
  ["one value", `time="2026-11-21T02:30:31Z" level=info msg="${"x".repeat(MEGABYTE)}"`],
  ["backslashes", `time="2026-11-21T02:30:31Z" level=info msg="${"\\".repeat(MEGABYTE)}"`],
  ["pairs", "a=b ".repeat(MEGABYTE / 4)],
  ["equals signs", "=".repeat(MEGABYTE)],
  ["quotation marks", 'a="'.repeat(MEGABYTE / 3)],
  ["blanks", " ".repeat(MEGABYTE)],
  ["braces", "{".repeat(MEGABYTE)],
])("a megabyte of %s is read in less than a second of processor time", (_, raw) => {
  // Not of a clock's: what else the machine does is no concern of a pattern.
  const before = process.cpuUsage();
  expect(logLine(raw).raw).toHaveLength(raw.length);
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1000).toBeLessThan(1000);
});

test("of the recorded log every line but the first two has a time, a level and a message", () => {
  const lines = RECORDED_LINES.map(logLine);
  expect(lines.filter(({ at }) => at === null).map(({ raw }) => raw)).toEqual([
    "net.ipv4.ip_forward = 1",
    "net.ipv6.conf.all.forwarding = 1",
  ]);
  expect(new Set(lines.slice(2).map(({ level }) => level))).toEqual(
    new Set(["info", "warning", "error"]),
  );
  expect(lines.every(({ message }) => message !== "")).toBe(true);
});
