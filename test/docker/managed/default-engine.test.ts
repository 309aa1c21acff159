import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { defaultEngine } from "../../../docker/managed/default-engine.ts";
import { StressError } from "../../../harness/core/errors.ts";

const PROGRAMS = [
  "dockerd-rootless.sh",
  "rootlesskit",
  "rootlesskit-docker-proxy",
  "containerd",
  "containerd-shim-runc-v2",
  "runc",
  "docker-proxy",
  "slirp4netns",
];

const temporary = (): string => {
  const directory = mkdtempSync(join(tmpdir(), "default-engine-"));
  onTestFinished(() => {
    rmSync(directory, { recursive: true });
  });
  return directory;
};

/** A directory whose `bin` has the programs of an engine. */
const engineOf = (version: string): string => {
  const directory = temporary();
  const bin = join(directory, "bin");
  mkdirSync(bin);
  const daemon = `#!/bin/sh\necho Docker version ${version}, build 0000000\n`;
  writeFileSync(join(bin, "dockerd"), daemon, { mode: 0o755 });
  for (const name of PROGRAMS) writeFileSync(join(bin, name), "#!/bin/sh\n", { mode: 0o755 });
  return directory;
};

/** On a machine of that release whose sources have these suites; nothing is installed unless `installed` says so. */
const chosenOn = async (
  own: string | null,
  suites: Readonly<Record<string, string>>,
  installed: string | null = null,
) => {
  const said: string[] = [];
  const asked: string[] = [];
  const options = {
    stateDir: temporary(),
    searchPath: installed === null ? "/nowhere" : join(engineOf(installed), "bin"),
    release: own === null ? null : { suite: own, architecture: "amd64" },
    build: ({ suite }: { readonly suite: string }) => {
      asked.push(suite);
      const version = suites[suite];
      return version === undefined
        ? Promise.reject(new StressError("environment", `No packages from Debian ${suite}: gone`))
        : Promise.resolve(engineOf(version));
    },
    narrate: (line: string): void => void said.push(line),
    signal: new AbortController().signal,
  };
  const choose = () => defaultEngine(options);
  return { engine: await choose(), again: await choose(), said, asked };
};

test("the newest engine of the package sources is used, whatever is installed, and said", async () => {
  const { engine, said, asked } = await chosenOn(
    "bookworm",
    { sid: "28.5.2+dfsg4", bookworm: "20.10.24+dfsg1" },
    "20.10.24",
  );
  expect(engine).toMatchObject({ version: "28.5.2+dfsg4", origin: "built" });
  expect(asked).toEqual(["sid"]);
  expect(said).toEqual([
    "Using Docker 28.5.2+dfsg4 from Debian sid, the newest in this machine's package sources; others: --engine installed, --engine debian:SUITE",
  ]);
});

test("where the sources cannot be reached the installed engine is used; why is said once, in one line, and asked once", async () => {
  const { engine, again, said, asked } = await chosenOn("bookworm", {}, "20.10.24");
  expect(engine).toMatchObject({ version: "20.10.24", origin: "installed" });
  expect(again).toBe(engine);
  expect(asked).toEqual(["sid"]);
  expect(said).toEqual([
    "The newest engine, that of Debian sid, is not available: No packages from Debian sid: gone",
    expect.stringMatching(/^Using the installed engine 20\.10\.24 \(/),
  ]);
});

test("a mirror without sid still has the machine's own release", async () => {
  const { engine, asked } = await chosenOn("trixie", { trixie: "26.1.5" });
  expect(engine).toMatchObject({ version: "26.1.5", origin: "built" });
  expect(asked).toEqual(["sid", "trixie"]);
});

test("a system made from Debian has its own newest release, and one that is not has what is installed", async () => {
  expect(await chosenOn("noble", { noble: "28.2.2" }, "27.5.1")).toMatchObject({
    engine: { version: "28.2.2" },
    asked: ["noble"],
  });
  expect(await chosenOn(null, {}, "27.5.1")).toMatchObject({
    engine: { version: "27.5.1" },
    asked: [],
  });
});

test("where there is none, the last reason is the error", async () => {
  await expect(chosenOn("bookworm", {})).rejects.toThrow("No packages from Debian bookworm: gone");
  await expect(chosenOn(null, {})).rejects.toThrow(
    expect.objectContaining({
      code: "environment",
      message: expect.stringContaining("--engine debian:SUITE") as unknown,
    }),
  );
});
