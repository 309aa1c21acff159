/**
 * What the tool has made on an engine, found by its labels and by nothing else.
 */
import pLimit from "p-limit";
import type Dockerode from "dockerode";
import { LABEL, type Inventory } from "../../harness/core/model.ts";
import { messageOf, StressError } from "../../harness/core/errors.ts";
import { removeContainer, removeNetwork, type Call } from "./calls.ts";
import { containersAnswer, decode, networksAnswer, volumesAnswer } from "./daemon-schemas.ts";
import { exchange, Refusal } from "./exchange.ts";

const byLabel = (label: string): string =>
  `filters=${encodeURIComponent(JSON.stringify({ label: [label] }))}`;

/** A container as the daemon lists it, with its name as it was given. */
interface Listed {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly running: boolean;
}

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

/** @param query - without the question mark; empty for running containers only */
const listContainers = async (
  docker: Dockerode,
  query: string,
  signal: AbortSignal,
): Promise<readonly Listed[]> =>
  decode(
    containersAnswer,
    await ask(docker, `/containers/json?${query}`, signal),
    "GET /containers/json",
  ).map(({ Id, Names, Labels, State }) => ({
    name: Names[0]?.replace(/^\//, "") ?? Id,
    labels: Labels,
    running: State === "running",
  }));

const listNetworks = async (
  docker: Dockerode,
  label: string,
  signal: AbortSignal,
): Promise<readonly Omit<Listed, "running">[]> =>
  decode(
    networksAnswer,
    await ask(docker, `/networks?${byLabel(label)}`, signal),
    "GET /networks",
  ).map(({ Name, Labels }) => ({ name: Name, labels: Labels }));

/**
 * Containers and networks of one run by name, and all volumes of the daemon.
 *
 * @throws StressError("engine-lost") when the daemon does not answer
 */
export const inventoryOf = async (
  docker: Dockerode,
  run: string,
  signal: AbortSignal,
): Promise<Inventory> => {
  const label = `${LABEL.run}=${run}`;
  const [containers, networks, volumes] = await Promise.all([
    listContainers(docker, `all=true&${byLabel(label)}`, signal),
    listNetworks(docker, label, signal),
    ask(docker, "/volumes", signal),
  ]);
  return {
    containers: containers.map(({ name }) => name),
    networks: networks.map(({ name }) => name),
    volumes: decode(volumesAnswer, volumes, "GET /volumes").Volumes.map(({ Name }) => Name),
  };
};

/** Everything of one run that is on the engine, and the process that made it. */
export interface Leftover {
  readonly run: string;
  /** The owner label's value; empty where the label is missing. */
  readonly owner: string;
  readonly inventory: Inventory;
}

/** @throws StressError("engine-lost") when the daemon does not answer */
export const leftovers = async (
  docker: Dockerode,
  signal: AbortSignal,
): Promise<readonly Leftover[]> => {
  const [containers, networks] = await Promise.all([
    listContainers(docker, `all=true&${byLabel(LABEL.run)}`, signal),
    listNetworks(docker, LABEL.run, signal),
  ]);
  const runs = new Map<string, { owner: string; containers: string[]; networks: string[] }>();
  const entryOf = ({ labels }: Pick<Listed, "labels">) => {
    const run = labels[LABEL.run] ?? "";
    const entry = runs.get(run) ?? {
      owner: labels[LABEL.owner] ?? "",
      containers: [],
      networks: [],
    };
    runs.set(run, entry);
    return entry;
  };
  for (const container of containers) entryOf(container).containers.push(container.name);
  for (const network of networks) entryOf(network).networks.push(network.name);
  return [...runs].map(([run, { owner, ...found }]) => ({
    run,
    owner,
    inventory: { ...found, volumes: [] },
  }));
};

/** The names of running containers that no run of this tool made. */
export const strangers = async (
  docker: Dockerode,
  signal: AbortSignal,
): Promise<readonly string[]> =>
  (await listContainers(docker, "", signal))
    .filter(({ labels, running }) => running && !(LABEL.run in labels))
    .map(({ name }) => name);

/** How many removals are under way at once: a sweep must not be a burst. */
const REMOVALS = 8;

/** Removes containers, then networks, and says of what remains why. Volumes are not touched. */
export const removeAll = async (
  docker: Dockerode,
  what: Inventory,
  signal: AbortSignal,
): Promise<readonly string[]> => {
  const limit = pLimit(REMOVALS);
  const remove = async (label: string, call: Call): Promise<readonly string[]> => {
    try {
      await exchange(docker, call, { signal });
      return [];
    } catch (error) {
      if (error instanceof Refusal && error.status === 404) return [];
      return [`${label}: ${messageOf(error)}`];
    }
  };
  const containers = what.containers.map((name) =>
    limit(remove, `container ${name}`, removeContainer(name)),
  );
  const stuckContainers = await Promise.all(containers);
  const networks = what.networks.map((name) =>
    limit(remove, `network ${name}`, removeNetwork(name)),
  );
  return [...stuckContainers, ...(await Promise.all(networks))].flat();
};
