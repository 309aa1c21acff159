import { createHash } from "node:crypto";
import { Refused } from "./refused.ts";
import { protocolOf } from "./services.ts";

/** Images without a service that a job may be run from. */
const PLAIN = /(^|\/)(job|node|debian|alpine|busybox)(:|$)/;

const withTag = (reference: string): string =>
  reference.slice(reference.lastIndexOf("/") + 1).includes(":") ? reference : `${reference}:latest`;

/** The simulated images: their ids follow from their names. */
export class Images {
  readonly #known: Set<string>;
  readonly #given: boolean;

  /** @param known - the images that exist; null: all whose name says what they would run */
  constructor(known: readonly string[] | null) {
    this.#known = new Set((known ?? []).map(withTag));
    this.#given = known !== null;
  }

  all(): readonly string[] {
    return [...this.#known];
  }

  /**
   * The image's id.
   *
   * @param reference - name, with or without tag, or an id that this gave out
   * @throws Refused 404 where there is none
   */
  idOf(reference: string): string {
    if (reference.startsWith("sha256:")) return reference;
    const name = withTag(reference);
    if (!this.#given && (protocolOf(name) !== null || PLAIN.test(name))) this.#known.add(name);
    if (!this.#known.has(name)) throw new Refused(404, `No such image: ${name}`);
    return `sha256:${createHash("sha256").update(name).digest("hex")}`;
  }
}
