import type { Identifiers } from "./identifiers.ts";
import { Refused } from "./refused.ts";

export interface Volume {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly createdAt: Date;
}

/** Volumes made for containers whose image declares one: left behind unless removed with the container. */
export class Volumes {
  readonly #volumes = new Map<string, Volume>();
  /** The container that uses a volume, by the volume's name. */
  readonly #users = new Map<string, string>();
  readonly #ids: Identifiers;

  constructor(ids: Identifiers) {
    this.#ids = ids;
  }

  all(): readonly Volume[] {
    return [...this.#volumes.values()];
  }

  /** Creates one without a name of its own; Engine 24 and later label such volumes. */
  createAnonymous(container: string): string {
    const name = this.#ids.next();
    const labels = { "com.docker.volume.anonymous": "" };
    this.#volumes.set(name, { name, labels, createdAt: new Date() });
    this.#users.set(name, container);
    return name;
  }

  /** The container is gone: its volumes go with it, or stay without a user. */
  release(names: readonly string[], remove: boolean): void {
    for (const name of names) {
      this.#users.delete(name);
      if (remove) this.#volumes.delete(name);
    }
  }

  /** @throws Refused 404: there is none; 409: a container uses it */
  remove(name: string): void {
    if (!this.#volumes.has(name)) throw new Refused(404, `get ${name}: no such volume`);
    const user = this.#users.get(name);
    if (user !== undefined) throw new Refused(409, `remove ${name}: volume is in use - [${user}]`);
    this.#volumes.delete(name);
  }

  /** Removes those without a user; returns their names. */
  prune(): readonly string[] {
    const unused = [...this.#volumes.keys()].filter((name) => !this.#users.has(name));
    for (const name of unused) this.#volumes.delete(name);
    return unused;
  }
}
