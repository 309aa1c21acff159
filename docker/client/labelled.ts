/**
 * What the tool has made on an engine, and its removal.
 *
 * An object is ours if its own labels say so. The filter of a list only saves time: an engine or a proxy may ignore it,
 * so every answer is checked here. Removal goes by the id that carried the labels, because a name can be reused between
 * the list and the removal.
 */
import pLimit from "p-limit";
import type Dockerode from "dockerode";
import type { z } from "zod";
import { LABEL, type Inventory } from "../../harness/core/model.ts";
import { messageOf, StressError } from "../../harness/core/errors.ts";
import { removeContainer, removeNetwork, type Call } from "./calls.ts";
import {
  containersAnswer,
  decode,
  labelledContainerAnswer,
  labelledNetworkAnswer,
  networksAnswer,
  volumesAnswer,
} from "./daemon-schemas.ts";
import { exchange, Refusal } from "./exchange.ts";

const byLabel = (label: string): string =>
  `filters=${encodeURIComponent(JSON.stringify({ label: [label] }))}`;

/** A question outside any job. @throws StressError("engine-lost") with the engine's words, or for its silence */
export const ask = async (
  docker: Dockerode,
  path: string,
  signal: AbortSignal,
): Promise<unknown> => {
  try {
    return await exchange(docker, { method: "GET", path }, { signal });
  } catch (error) {
    const what = `GET ${path.split("?")[0] ?? path}`;
    const words =
      error instanceof Refusal
        ? `it answered ${what} with ${String(error.status)}: ${error.message}`
        : `no answer to ${what}: ${messageOf(error)}`;
    throw new StressError("engine-lost", words, { cause: error });
  }
};

type Labels = Readonly<Record<string, string>>;

const ALL_RUNS = Symbol("all runs");

/** A container or network with the labels of a run of this tool. */
interface Owned {
  readonly kind: "container" | "network";
  readonly id: string;
  readonly name: string;
  readonly run: string;
  readonly owner: string;
}

/** What Docker gives as an id. Anything else could be a name, or the beginning of another object's id. */
const ID = /^[\da-f]{64}$/;

/** The run and the owner that an object's labels name; `null` if the object is not of this tool. */
const markedBy = ({
  Id,
  Labels,
}: {
  readonly Id: string;
  readonly Labels: Labels;
}): Pick<Owned, "run" | "owner"> | null => {
  const { [LABEL.run]: run = "", [LABEL.owner]: owner = "" } = Labels;
  return !ID.test(Id) || run === "" || owner === "" ? null : { run, owner };
};

const list = async <Schema extends z.ZodType>(
  docker: Dockerode,
  { path, query, schema }: { path: string; query: string; schema: Schema },
  signal: AbortSignal,
): Promise<z.infer<Schema>> =>
  decode(schema, await ask(docker, `${path}?${query}`, signal), `GET ${path}`);

/**
 * Containers and networks that carry the labels of the run, or of any run.
 *
 * @throws StressError("engine-lost") if the daemon does not answer
 */
const ownedBy = async (
  docker: Dockerode,
  run: string | typeof ALL_RUNS,
  signal: AbortSignal,
): Promise<readonly Owned[]> => {
  if (run === "") throw new StressError("usage", "the run id is empty");
  const query = byLabel(run === ALL_RUNS ? LABEL.run : `${LABEL.run}=${run}`);
  const [containers, networks] = await Promise.all([
    list(
      docker,
      { path: "/containers/json", query: `all=true&${query}`, schema: containersAnswer },
      signal,
    ),
    list(docker, { path: "/networks", query, schema: networksAnswer }, signal),
  ]);
  const listed = [
    ...containers.map(({ Id, Names: [name = Id], Labels }) => ({
      kind: "container" as const,
      id: Id,
      name: name.replace(/^\//, ""),
      marks: markedBy({ Id, Labels }),
    })),
    ...networks.map(({ Id, Name, Labels }) => ({
      kind: "network" as const,
      id: Id,
      name: Name,
      marks: markedBy({ Id, Labels }),
    })),
  ];
  return listed.flatMap(({ marks, ...object }) => {
    if (marks === null || (run !== ALL_RUNS && marks.run !== run)) return [];
    return [{ ...object, ...marks }];
  });
};

const namesOf = (owned: readonly Owned[], kind: Owned["kind"]): readonly string[] =>
  owned.filter((object) => object.kind === kind).map(({ name }) => name);

/**
 * Containers and networks of one run by name, and all volumes of the daemon.
 *
 * @throws StressError("engine-lost") if the daemon does not answer
 */
export const inventoryOf = async (
  docker: Dockerode,
  run: string,
  signal: AbortSignal,
): Promise<Inventory> => {
  const [owned, volumes] = await Promise.all([
    ownedBy(docker, run, signal),
    ask(docker, "/volumes", signal),
  ]);
  return {
    containers: namesOf(owned, "container"),
    networks: namesOf(owned, "network"),
    volumes: decode(volumesAnswer, volumes, "GET /volumes").Volumes.map(({ Name }) => Name),
  };
};

/** Everything of one run that is on the engine, and the process that made it. */
export interface Leftover {
  readonly run: string;
  /** The owner label's value. */
  readonly owner: string;
  readonly inventory: Inventory;
}

/** @throws StressError("engine-lost") if the daemon does not answer */
export const leftovers = async (
  docker: Dockerode,
  signal: AbortSignal,
): Promise<readonly Leftover[]> => {
  const runs = new Map<string, Owned[]>();
  for (const object of await ownedBy(docker, ALL_RUNS, signal)) {
    const key = JSON.stringify([object.run, object.owner]);
    runs.set(key, [...(runs.get(key) ?? []), object]);
  }
  return [...runs.values()].flatMap((objects) =>
    objects.slice(0, 1).map(({ run, owner }) => ({
      run,
      owner,
      inventory: {
        containers: namesOf(objects, "container"),
        networks: namesOf(objects, "network"),
        volumes: [],
      },
    })),
  );
};

/** The names of running containers that no run of this tool made. */
export const strangers = async (
  docker: Dockerode,
  signal: AbortSignal,
): Promise<readonly string[]> =>
  (await list(docker, { path: "/containers/json", query: "", schema: containersAnswer }, signal))
    .filter(({ State, ...object }) => State === "running" && markedBy(object) === null)
    .map(({ Id, Names: [name = Id] }) => name.replace(/^\//, ""));

/**
 * The id of an object by its name, if the object is of the run that the name was made for.
 *
 * @returns `null` if something else has that name
 * @throws Refusal (404: there is no such object), or what else `exchange` throws
 */
export const ownId = async (
  docker: Dockerode,
  { kind, name }: Pick<Owned, "kind" | "name">,
  signal: AbortSignal,
): Promise<string | null> => {
  const path =
    kind === "container"
      ? `/containers/${encodeURIComponent(name)}/json`
      : `/networks/${encodeURIComponent(name)}`;
  const answer = await exchange(docker, { method: "GET", path }, { signal });
  const { Id, Labels } =
    kind === "container"
      ? decode(labelledContainerAnswer, answer, `GET ${path}`)
      : decode(labelledNetworkAnswer, answer, `GET ${path}`);
  const marks = markedBy({ Id, Labels });
  return marks !== null && name.startsWith(`stress-${marks.run}-`) ? Id : null;
};

export const removeById = (kind: Owned["kind"], id: string): Call =>
  kind === "container" ? removeContainer(id) : removeNetwork(id);

/** How many removals are under way at once: a sweep must not be a burst. */
const REMOVALS = 8;

/**
 * Removes containers, then networks, of one run. Volumes are not touched.
 *
 * @param owner - absent: of whatever process of this run
 * @param what - by name; what the labels do not give to the run and the owner is left alone
 * @returns what could not be removed, and why
 * @throws StressError("engine-lost") if the daemon does not answer
 */
export const removeAll = async (
  docker: Dockerode,
  { run, owner, what }: { readonly run: string; readonly owner?: string; readonly what: Inventory },
  signal: AbortSignal,
): Promise<readonly string[]> => {
  if (what.containers.length + what.networks.length === 0) return [];
  const names = { container: new Set(what.containers), network: new Set(what.networks) };
  const owned = (await ownedBy(docker, run, signal)).filter(
    (object) => owner === undefined || object.owner === owner,
  );
  const limit = pLimit(REMOVALS);
  const remove = async ({ kind, id, name }: Owned): Promise<readonly string[]> => {
    try {
      await exchange(docker, removeById(kind, id), { signal });
      return [];
    } catch (error) {
      if (error instanceof Refusal && error.status === 404) return [];
      return [`${kind} ${name}: ${messageOf(error)}`];
    }
  };
  const stuck: string[] = [];
  for (const kind of ["container", "network"] as const) {
    const chosen = owned.filter((object) => object.kind === kind && names[kind].has(object.name));
    stuck.push(...(await limit.map(chosen, remove)).flat());
  }
  return stuck;
};
