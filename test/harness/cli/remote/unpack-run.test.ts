/**
 * Archives as tar writes them, and archives that nobody should unpack.
 */
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { tar } from "../../../../docker/images/tar.ts";
import { unpackRun, type UnpackBounds } from "../../../../harness/cli/remote/unpack-run.ts";

const scratch = (): string => {
  const directory = mkdtempSync(join(tmpdir(), "stress-unpack-"));
  onTestFinished(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  return directory;
};

/** The archive in pieces of so many bytes, as a connection might deliver it. */
async function* pieces(archive: Buffer, size = 700): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < archive.length; at += size) {
    yield await Promise.resolve(archive.subarray(at, at + size));
  }
}

const unpacked = async (archive: Buffer, bounds?: UnpackBounds): Promise<string> => {
  const target = join(scratch(), "target");
  mkdirSync(target);
  await unpackRun(pieces(archive), target, bounds);
  return target;
};

const LONG = `${"long-".repeat(30)}name.log`;

const tree = (): string => {
  const directory = scratch();
  mkdirSync(join(directory, "run", "logs"), { recursive: true });
  writeFileSync(join(directory, "run", "events.ndjson"), "x".repeat(1500));
  writeFileSync(join(directory, "run", "empty"), "");
  writeFileSync(join(directory, "run", "logs", LONG), "long");
  return directory;
};

test.each([["gnu"], ["ustar"], ["pax"], ["posix"], ["v7"]])(
  "what tar writes as %s is there again, byte by byte",
  async (format) => {
    const directory = tree();
    // The oldest forms have no room for long names.
    if (format === "v7" || format === "ustar") rmSync(join(directory, "run", "logs", LONG));
    const archive = execFileSync("tar", [`--format=${format}`, "-C", directory, "-cf", "-", "."]);
    const target = await unpacked(archive);
    expect(readFileSync(join(target, "run", "events.ndjson"), "utf8")).toBe("x".repeat(1500));
    expect(readFileSync(join(target, "run", "empty"), "utf8")).toBe("");
    expect(readdirSync(join(target, "run", "logs"))).toEqual(
      format === "v7" || format === "ustar" ? [] : [LONG],
    );
  },
);

test.each([["../outside"], ["/tmp/outside"], ["run/../../outside"], ["run\\outside"], ["a\nb"]])(
  "a member called %j is refused",
  async (path) => {
    const archive = tar([{ kind: "file", path, content: "x" }]);
    await expect(unpacked(archive)).rejects.toThrow(/leads out of it/);
    expect(existsSync("/tmp/outside")).toBe(false);
  },
);

test("a link is refused, so that nothing can be written through it", async () => {
  const directory = scratch();
  symlinkSync("/tmp", join(directory, "run"));
  const archive = execFileSync("tar", ["-C", directory, "-cf", "-", "run"]);
  await expect(unpacked(archive)).rejects.toThrow(/"run" is neither a file nor a directory/);
});

test.each([["-"], ["p"]])("no pipe and no hard link is unpacked (%s)", async (kind) => {
  const directory = scratch();
  writeFileSync(join(directory, "a"), "x");
  if (kind === "p") execFileSync("sh", ["-c", `mkfifo ${join(directory, "b")}`]);
  else execFileSync("ln", [join(directory, "a"), join(directory, "b")]);
  const archive = execFileSync("tar", ["-C", directory, "-cf", "-", "a", "b"]);
  await expect(unpacked(archive)).rejects.toThrow(/neither a file nor a directory/);
});

test("more than the bounds allow is refused before it is written", async () => {
  const archive = tar([{ kind: "file", path: "a", content: "x".repeat(2000) }]);
  await expect(unpacked(archive, { bytes: 1999, members: 9 })).rejects.toThrow(/larger than 1999/);
  const many = tar(["a", "b", "c"].map((path) => ({ kind: "file", path, content: "" })));
  await expect(unpacked(many, { bytes: 10, members: 1 })).rejects.toThrow(/more than 1 files/);
});

test("an archive that breaks off anywhere is refused", async () => {
  const whole = tar([
    { kind: "directory", path: "run" },
    { kind: "file", path: "run/a", content: "x".repeat(900) },
  ]);
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: whole.length - 1024 }), async (length) => {
      const target = mkdtempSync(join(tmpdir(), "stress-unpack-"));
      try {
        await expect(unpackRun(pieces(whole.subarray(0, length)), target)).rejects.toThrow(
          /cut short/,
        );
      } finally {
        rmSync(target, { recursive: true });
      }
    }),
    { numRuns: 40 },
  );
});

test("a long name of nothing but zeros and one letter takes no time", async () => {
  const size = 60_000;
  const archive = tar([{ kind: "file", path: "a", content: "\0".repeat(size) + "x" }]);
  archive[156] = "L".charCodeAt(0);
  const sum = archive
    .subarray(0, 512)
    .reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0);
  archive.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  const before = process.cpuUsage();
  await unpacked(archive);
  const { user } = process.cpuUsage(before);
  expect(user / 1e6).toBeLessThan(0.5);
});

test("a damaged header is refused", async () => {
  const archive = tar([{ kind: "file", path: "a", content: "x" }]);
  archive[0] = 0x62;
  await expect(unpacked(archive)).rejects.toThrow(/a header of it is broken/);
});

test("a name that is there twice is refused", async () => {
  const archive = tar(["a", "a"].map((path) => ({ kind: "file", path, content: "x" })));
  await expect(unpacked(archive)).rejects.toThrow(/EEXIST/);
});
