/**
 * How an image is made from Debian's packages: pure data.
 */
import type { DebianRelease } from "../managed/debian-packages.ts";
import { contentKey } from "../managed/state-directory.ts";
import type { TarEntry } from "./tar.ts";

export interface Recipe {
  /** Names the image: `rootless-stress/NAME`. */
  readonly name: string;
  readonly packages: readonly string[];
  /** Laid over the packages' own files. */
  readonly files: readonly TarEntry[];
  /** Run once in a container while building; null where packages and files are enough. */
  readonly prepare: readonly string[] | null;
  /** Instructions as in a Dockerfile. */
  readonly changes: readonly string[];
}

/** Part of the key: bumped when the way of building changes what comes out. */
const BUILD_VERSION = 1;

/** Sixteen hex digits: the same recipe for the same release has the same. Pure. */
export const recipeKey = (recipe: Recipe, release: DebianRelease): string =>
  contentKey([
    String(BUILD_VERSION),
    release.suite,
    release.architecture,
    // The files' content is text here, so JSON keeps all of it.
    JSON.stringify(recipe),
  ]);

export const recipeReference = (recipe: Recipe, release: DebianRelease): string =>
  `rootless-stress/${recipe.name}:${release.suite}-${recipeKey(recipe, release).slice(0, 12)}`;
