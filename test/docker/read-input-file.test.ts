import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { findEngine } from "../../docker/client/find-engine.ts";
import { resolveImageSet } from "../../docker/images/image-set.ts";
import { profileOfDaemonJson, readProfile } from "../../docker/managed/builtin-profiles.ts";
import { parseYaml } from "../../docker/parse-yaml.ts";
import { settingsOf } from "../../harness/cli/command-line/settings.ts";
import { readDaemonJson } from "../../harness/cli/daemon-json.ts";
import { readNightlyFile } from "../../harness/cli/nightly/config-file.ts";
import { StressError } from "../../harness/core/errors.ts";

const scratch = (): string => {
  const directory = mkdtempSync(join(tmpdir(), "stress-input-"));
  onTestFinished(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  return directory;
};

/** Every reader of a file that the user names. */
const READERS: Readonly<Record<string, (path: string) => unknown>> = {
  "--config": (path) =>
    settingsOf({ command: "run", flagsOf: {}, argv: ["--config", path], environment: {} }),
  "nightly --config": readNightlyFile,
  "--profile": readProfile,
  "--daemon-json": readDaemonJson,
  "--daemon-json of a doctor": profileOfDaemonJson,
  "--images": (path) => resolveImageSet(path),
};

const BOMB = [
  "a0: &a0 [x,x,x,x,x,x,x,x,x]",
  ...Array.from(
    { length: 9 },
    (_, at) =>
      `a${String(at + 1)}: &a${String(at + 1)} [${Array(9)
        .fill(`*a${String(at)}`)
        .join()}]`,
  ),
].join("\n");

const badInputs = (directory: string): readonly string[] => {
  const at = (name: string): string => join(directory, name);
  execFileSync("mkfifo", [at("pipe")]);
  writeFileSync(at("huge"), "");
  truncateSync(at("huge"), 50_000_000);
  writeFileSync(at("bomb"), BOMB);
  writeFileSync(at("deep"), "[".repeat(30_000));
  writeFileSync(at("long"), "x: 1\n".repeat(20_000));
  return [
    directory,
    "/dev/zero",
    "/dev/tty",
    at("pipe"),
    at("huge"),
    at("bomb"),
    at("deep"),
    at("long"),
  ];
};

test.each(Object.keys(READERS))(
  "%s refuses a directory, a device, a pipe, a huge file and a YAML bomb in one line",
  (reader) => {
    for (const path of badInputs(scratch())) {
      const thrown = (() => {
        try {
          return READERS[reader]?.(path);
        } catch (error) {
          return error;
        }
      })();
      expect(thrown, path).toBeInstanceOf(StressError);
      expect(thrown, path).toMatchObject({ code: "usage" });
      expect(String(thrown), path).toContain(path);
      expect(String(thrown), path).not.toContain("\n");
    }
  },
);

test("a configuration of the docker CLI that is far too large is refused", () => {
  const directory = scratch();
  writeFileSync(join(directory, "config.json"), "");
  truncateSync(join(directory, "config.json"), 50_000_000);
  expect(() => findEngine({ environment: { DOCKER_CONFIG: directory } })).toThrow(
    /config\.json: it has more than 262,144 bytes/,
  );
});

test("an alias that is used a few times is read", () => {
  expect(parseYaml("a: &a [1]\nb: [*a, *a]", "file").value).toEqual({ a: [1], b: [[1], [1]] });
});
