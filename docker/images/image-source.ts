/**
 * Where each image of a set comes from.
 */
import type { ImageSet } from "../../harness/core/model.ts";
import type { DebianRelease } from "../managed/debian-packages.ts";
import type { Recipe } from "./recipe.ts";

export type ImageSource =
  /** From a registry, by the engine. */
  | { readonly kind: "pull" }
  /** From Debian's packages, on this machine. */
  | { readonly kind: "recipe"; readonly recipe: Recipe; readonly release: DebianRelease }
  /** From another image, by adding the compiled probe. */
  | {
      readonly kind: "probe";
      readonly base: string;
      readonly baseSource: ImageSource;
      readonly probeDirectory: string;
    };

/** An image set, and what to do when the engine lacks one of its images. */
export interface ResolvedImageSet extends ImageSet {
  /** By role, as `images`. */
  readonly sources: Readonly<Record<string, ImageSource>>;
}
