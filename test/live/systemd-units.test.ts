import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { nightlyUnits, type NightlyUnitsOptions } from "../../reports/systemd-units.ts";
import { systemdPrograms, type SystemdPrograms } from "./systemd-programs.ts";

const directory = mkdtempSync(join(tmpdir(), "stress-units-"));
let programs: SystemdPrograms;

beforeAll(async () => {
  programs = await systemdPrograms(directory, AbortSignal.timeout(300_000));
}, 300_000);

afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

const OPTIONS: NightlyUnitsOptions = {
  command: [
    process.execPath,
    "/opt/stress/main.js",
    "nightly",
    "--config",
    "/etc/100 % $HOME.yaml",
  ],
  directory: "/var/lib",
  calendar: "*-*-* 02:30",
  user: "root",
  hours: 6,
};

const analyzed = async (...args: readonly string[]): Promise<string> => {
  const [program, ...before] = programs.analyze;
  const { stdout, stderr } = await promisify(execFile)(program, [...before, ...args]);
  return `${stdout}${stderr}`;
};

let places = 0;

/** What systemd has to say of the units, in a directory of their own. */
const verified = async (edit: (service: string) => string): Promise<string> => {
  places += 1;
  const place = join(directory, `units-${String(places)}`);
  mkdirSync(place);
  const { service, timer } = nightlyUnits(OPTIONS);
  writeFileSync(join(place, "stress-nightly.service"), edit(service));
  writeFileSync(join(place, "stress-nightly.timer"), timer);
  const units = ["service", "timer"].map((kind) => join(place, `stress-nightly.${kind}`));
  return await analyzed("verify", "--man=no", "--recursive-errors=no", ...units);
};

test("systemd has nothing to say against the units", async () => {
  expect(await verified((service) => service)).toBe("");
});

test("systemd says so where a unit has a key that it does not know", async () => {
  await expect(verified((service) => `${service}\nTaskMax=1\n`)).rejects.toThrow(
    /Unknown key(?: name)? 'TaskMax' in section/,
  );
});

test("the calendar is one", async () => {
  expect(await analyzed("calendar", OPTIONS.calendar)).toContain("Normalized form: *-*-* 02:30:00");
});
