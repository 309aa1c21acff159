import { expect, test } from "vitest";
import { nightlyUnits, type NightlyUnitsOptions } from "../../reports/systemd-units.ts";

const OPTIONS: NightlyUnitsOptions = {
  command: ["/usr/local/bin/stress", "nightly", "--config", "/etc/stress/nightly.yaml"],
  directory: "/var/lib/stress-nights",
  calendar: "*-*-* 02:30",
  user: null,
  hours: 6,
};

const lineOf = (key: string, options: Partial<NightlyUnitsOptions>): string | undefined => {
  const { service, timer } = nightlyUnits({ ...OPTIONS, ...options });
  return `${service}${timer}`.split("\n").find((line) => line.startsWith(`${key}=`));
};

test("service and timer read as in their goldens", async () => {
  const { service, timer } = nightlyUnits(OPTIONS);
  await expect(service).toMatchFileSnapshot("goldens/nightly.service.golden");
  await expect(timer).toMatchFileSnapshot("goldens/nightly.timer.golden");
});

test("a user is named where there is one", () => {
  expect(lineOf("User", {})).toBeUndefined();
  expect(lineOf("User", { user: "ci" })).toBe("User=ci");
});

test.each([
  ["--config", "--config"],
  ["a b", '"a b"'],
  ["100%", "100%%"],
  ["$HOME", '"$$HOME"'],
  ['say "x" \\ y', '"say \\"x\\" \\\\ y"'],
  ["", '""'],
  [";", '";"'],
])("the word %j is given to the program as it is", (given, written) => {
  expect(lineOf("ExecStart", { command: ["/bin/stress", given] })).toBe(
    `ExecStart=/bin/stress ${written}`,
  );
});

test.each<[string, Partial<NightlyUnitsOptions>, RegExp]>([
  ["a program without its path", { command: ["stress"] }, /must be an absolute path/],
  ["a program with a variable", { command: ["/opt/$X/stress"] }, /rename it/],
  [
    "a word of two lines",
    { command: ["/bin/stress", "a\nUser=root"] },
    /cannot stand in a systemd/,
  ],
  ["a calendar of two lines", { calendar: "daily\nUnit=x" }, /^the calendar "daily\\nUnit=x"/],
  ["no calendar", { calendar: "" }, /^the calendar ""/],
  ["a relative directory", { directory: "nights" }, /^the directory nights must be/],
  ["a user of two lines", { user: "ci\nExecStart=/bin/sh" }, /^the user/],
])("%s is refused in one line", (_, options, message) => {
  expect(() => nightlyUnits({ ...OPTIONS, ...options })).toThrow(message);
});
