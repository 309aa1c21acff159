/**
 * Whose programs an engine is made of, as text: what `--engine`, `stress engine add` and a profile say.
 */
import { StressError } from "./errors.ts";
import type { EngineSource } from "./profile.ts";

/** `28.5.2`, `20.10.24+dfsg1`, `29.0.0-rc.2`, and `28.5` or `28` for the one that begins so. */
const VERSION = /^\d+(?:\.\d+){0,2}(?:[-+~][0-9A-Za-z.+~-]+)?$/;
const SUITE = /^[a-z][a-z-]*$/;
/** Checksums stand behind an archive the way pip has them. */
const CHECKSUMS = /#sha256=((?:[0-9a-f]{64},)*[0-9a-f]{64})$/;
const ARCHIVE_FILE = /\.(?:tgz|tar\.gz)$/;

/** True for what is fetched, as opposed to read from a disk. */
export const isAddress = (text: string): boolean => /^https?:\/\//.test(text);

export interface ArchiveName {
  /** A file or an address. */
  readonly from: string;
  /** One for each archive that belongs to it, in any order; empty where none is given. */
  readonly sha256: readonly string[];
}

/** `docker-28.5.2.tgz#sha256=…,…` taken apart. */
export const archiveName = (text: string): ArchiveName => {
  const match = CHECKSUMS.exec(text);
  return match === null
    ? { from: text, sha256: [] }
    : { from: text.slice(0, match.index), sha256: match[1]?.split(",") ?? [] };
};

/**
 * `installed`, `debian:trixie`, `28.5.2`, `./docker-28.5.2.tgz`, `https://…/docker-28.5.2.tgz#sha256=…`, or a
 * directory of programs; one whose name reads like something else is written with its `./`.
 *
 * @throws StressError("usage") for nothing at all, and for a release that has no name
 */
export const parseEngineSource = (text: string): EngineSource => {
  if (text === "") throw new StressError("usage", "an engine cannot be an empty text");
  if (text === "at-hand" || text === "installed") return { kind: text };
  if (text.startsWith("debian:")) {
    const suite = text.slice("debian:".length);
    if (SUITE.test(suite)) return { kind: "debian", suite };
    throw new StressError(
      "usage",
      `"${text}" names no release of Debian; say debian:bookworm, debian:trixie or debian:sid`,
    );
  }
  if (VERSION.test(text)) return { kind: "version", version: text };
  const { from } = archiveName(text);
  return isAddress(text) || ARCHIVE_FILE.test(from)
    ? { kind: "archive", from: text }
    : { kind: "directory", path: text };
};

/** The text that `parseEngineSource` reads as this source. */
export const formatEngineSource = (source: EngineSource): string => {
  switch (source.kind) {
    case "at-hand":
    case "installed":
      return source.kind;
    case "debian":
      return `debian:${source.suite}`;
    case "version":
      return source.version;
    case "archive":
      return source.from;
    case "directory": {
      const { path } = source;
      return /^\.{0,2}\//.test(path) || parseEngineSource(path).kind === "directory"
        ? path
        : `./${path}`;
    }
  }
};
