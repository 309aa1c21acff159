import { expect, test } from "vitest";
import {
  archiveName,
  formatEngineSource,
  parseEngineSource,
} from "../../../harness/core/engine-source.ts";
import type { EngineSource } from "../../../harness/core/profile.ts";

const SUM = "ab".repeat(32);

test.each<[string, EngineSource]>([
  ["installed", { kind: "installed" }],
  ["at-hand", { kind: "at-hand" }],
  ["debian:trixie", { kind: "debian", suite: "trixie" }],
  ["28.5.2", { kind: "version", version: "28.5.2" }],
  ["28", { kind: "version", version: "28" }],
  ["20.10.24+dfsg1", { kind: "version", version: "20.10.24+dfsg1" }],
  ["29.0.0-rc.2", { kind: "version", version: "29.0.0-rc.2" }],
  ["./docker-28.5.2.tgz", { kind: "archive", from: "./docker-28.5.2.tgz" }],
  ["engine.tar.gz", { kind: "archive", from: "engine.tar.gz" }],
  ["https://example.org/engine", { kind: "archive", from: "https://example.org/engine" }],
  [`e.tgz#sha256=${SUM}`, { kind: "archive", from: `e.tgz#sha256=${SUM}` }],
  ["/opt/engine", { kind: "directory", path: "/opt/engine" }],
  ["engines/28.5.2", { kind: "directory", path: "engines/28.5.2" }],
  ["./28.5.2", { kind: "directory", path: "./28.5.2" }],
])("%s is %o", (text, source) => {
  expect(parseEngineSource(text)).toEqual(source);
});

test.each<EngineSource>([
  { kind: "at-hand" },
  { kind: "installed" },
  { kind: "debian", suite: "sid" },
  { kind: "version", version: "28.5.2" },
  { kind: "archive", from: "https://example.org/docker-28.5.2.tgz" },
  { kind: "directory", path: "/opt/engine" },
  { kind: "directory", path: "../engine" },
])("what is written for %o is read as the same", (source) => {
  expect(parseEngineSource(formatEngineSource(source))).toEqual(source);
});

test.each(["28.5.2", "installed", "debian:sid", "engine.tgz"])(
  "a directory called %s is written so that it is not read as something else",
  (path) => {
    expect(formatEngineSource({ kind: "directory", path })).toBe(`./${path}`);
  },
);

test.each(["", "debian:", "debian:Trixie", "debian:../x", "debian:12"])(
  "%j is refused in words that say what would be right",
  (text) => {
    expect(() => parseEngineSource(text)).toThrow(
      expect.objectContaining({
        code: "usage",
        message: expect.stringMatching(/empty|debian:trixie/) as string,
      }),
    );
  },
);

test("checksums stand behind an archive, one for each that belongs to it", () => {
  const other = "0".repeat(64);
  expect(archiveName(`e.tgz#sha256=${SUM},${other}`)).toEqual({
    from: "e.tgz",
    sha256: [SUM, other],
  });
  expect(archiveName("e.tgz")).toEqual({ from: "e.tgz", sha256: [] });
  expect(archiveName("e.tgz#sha256=short")).toEqual({ from: "e.tgz#sha256=short", sha256: [] });
});
