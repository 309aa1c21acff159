import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { namedEngine, versionIn } from "../../../docker/managed/engine-directory.ts";

const COMPLETE = [
  "dockerd-rootless.sh",
  "rootlesskit",
  "rootlesskit-docker-proxy",
  "containerd",
  "containerd-shim-runc-v2",
  "runc",
  "docker-proxy",
  "slirp4netns",
];

const engine = (options: {
  readonly version: string;
  readonly without?: readonly string[];
  readonly bin?: boolean;
}): string => {
  const directory = mkdtempSync(join(tmpdir(), "engine-"));
  onTestFinished(() => {
    rmSync(directory, { recursive: true });
  });
  const programs = options.bin === true ? join(directory, "bin") : directory;
  mkdirSync(programs, { recursive: true });
  const daemon = `#!/bin/sh\necho Docker version ${options.version}, build 0000000\n`;
  writeFileSync(join(programs, "dockerd"), daemon, { mode: 0o755 });
  for (const name of COMPLETE.filter((each) => options.without?.includes(each) !== true)) {
    writeFileSync(join(programs, name), "#!/bin/sh\n", { mode: 0o755 });
  }
  return directory;
};

const resolve = (path: string) => namedEngine(path, new AbortController().signal);

test.each([
  ["Docker version 20.10.24+dfsg1, build 5d6db84", "20.10.24+dfsg1"],
  ["Docker version 29.0.0-rc.2, build 1234567", "29.0.0-rc.2"],
  ["no such thing", null],
])("%j tells version %s", (output, version) => {
  expect(versionIn(output)).toBe(version);
});

test.each([true, false])("programs are found in bin (%s) or flat in the directory", async (bin) => {
  const directory = engine({ version: "27.5.1", bin });
  const programs = bin ? join(directory, "bin") : directory;
  await expect(resolve(directory)).resolves.toEqual({
    origin: "named",
    programs,
    daemon: join(programs, "dockerd"),
    launcher: join(programs, "dockerd-rootless.sh"),
    version: "27.5.1",
  });
});

test("what is missing is named, all of it at once", async () => {
  const directory = engine({ version: "27.5.1", without: ["runc", "rootlesskit-docker-proxy"] });
  await expect(resolve(directory)).rejects.toThrow(
    `No rootless engine in ${directory}: missing runc, rootlesskit-docker-proxy`,
  );
});

test("from version 28 on rootlesskit-docker-proxy is not missed", async () => {
  const directory = engine({ version: "28.0.0", without: ["rootlesskit-docker-proxy"] });
  await expect(resolve(directory)).resolves.toMatchObject({ version: "28.0.0" });
});

test("a directory that does not exist is a usage error", async () => {
  await expect(resolve("/nowhere/at/all")).rejects.toThrow(
    expect.objectContaining({ code: "usage" }),
  );
});
