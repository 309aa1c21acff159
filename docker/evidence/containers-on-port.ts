/**
 * The containers of the engine under test that have a port of the host, or ask for it.
 */
import pLimit from "p-limit";
import type { z } from "zod";
import type { PortUser } from "../../harness/core/evidence.ts";
import { LABEL } from "../../harness/core/model.ts";
import { portBindingsAnswer, publishedAnswer } from "../client/daemon-schemas.ts";
import {
  containerName,
  isRunning,
  publishedPorts,
  wishedPorts,
  type HostPort,
} from "../client/published-ports.ts";
import { told, type EngineQuestions } from "./engine-questions.ts";

type Listed = z.infer<typeof publishedAnswer>[number];

/** Inspections under way at once. */
const INSPECTIONS = 4;

const whose = (container: Listed): Pick<PortUser, "container" | "run" | "job"> => ({
  container: containerName(container),
  run: container.Labels[LABEL.run] ?? null,
  job: container.Labels[LABEL.job] ?? null,
});

/** UDP has no part in the failures that are looked at. */
const usersOf = (container: Listed, ports: readonly HostPort[]): readonly PortUser[] =>
  ports.flatMap(({ protocol, ...port }) =>
    protocol === "tcp" ? [{ ...whose(container), running: isRunning(container), ...port }] : [],
  );

/**
 * True for those whose wish may be looked up. A container that is being started is locked by the daemon and still
 * called `created`: one of this tool's may be just that in the middle of a burst, and the plan knows its wish.
 */
const isWorthInspecting = ({ State, Labels }: Listed): boolean =>
  !(State === "created" && LABEL.run in Labels);

/** Reads who has ports, and remembers what cannot change. */
export class PortUsers {
  readonly #questions: EngineQuestions;
  /** What stopped containers ask for, by id: decided when a container is created. */
  #wishes: ReadonlyMap<string, readonly PortUser[]> = new Map();

  constructor(questions: EngineQuestions) {
    this.#questions = questions;
  }

  async #wishOf(container: Listed): Promise<readonly PortUser[] | null> {
    const path = `/containers/${encodeURIComponent(container.Id)}/json`;
    const inspected = await told(this.#questions, path, portBindingsAnswer);
    return inspected === null ? null : usersOf(container, wishedPorts(inspected));
  }

  /** All users of all published TCP ports; null when the engine does not tell in time. */
  async read(): Promise<readonly PortUser[] | null> {
    const listed = await told(this.#questions, "/containers/json?all=true", publishedAnswer);
    if (listed === null) return null;
    const stopped = listed.filter((each) => !isRunning(each) && isWorthInspecting(each));
    const limit = pLimit(INSPECTIONS);
    const wishes = await Promise.all(
      stopped.map(async (container) => ({
        id: container.Id,
        wish: this.#wishes.get(container.Id) ?? (await limit(() => this.#wishOf(container))),
      })),
    );
    // Those of containers that are gone are forgotten.
    this.#wishes = new Map(wishes.flatMap(({ id, wish }) => (wish === null ? [] : [[id, wish]])));
    const wished = wishes.map(({ wish }) => wish);
    // One that was removed in between does not tell either; who looks again then knows.
    if (wished.includes(null)) return null;
    return [
      ...listed.flatMap((each) => usersOf(each, publishedPorts(each))),
      ...wished.flatMap((wish) => wish ?? []),
    ];
  }
}
