/**
 * An engine that other people use too, and whose answers may be wrong: filters are ignored, names change hands, labels
 * are missing, ids are short. What is asked to be removed is removed, and remembered.
 */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Dockerode from "dockerode";

export interface EngineObject {
  readonly kind: "container" | "network";
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Objects are meant by their position in the list that the engine was started with. */
export interface Lies {
  readonly ignoresFilters: boolean;
  /** What every answer gives as the id of an object. */
  readonly answersWith: "id" | "beginning of the id" | "name";
  /** Objects whose labels no answer shows. */
  readonly withoutLabels: readonly number[];
  /** With this request, counted from 1, one object takes the name of another. */
  readonly swaps: readonly { readonly at: number; readonly from: number; readonly to: number }[];
  /** What lists call these objects. */
  readonly listedAs: ReadonlyMap<number, string>;
}

export const HONEST: Lies = {
  ignoresFilters: false,
  answersWith: "id",
  withoutLabels: [],
  swaps: [],
  listedAs: new Map(),
};

const wantedLabels = (url: URL): readonly string[] => {
  const filters: unknown = JSON.parse(url.searchParams.get("filters") ?? "{}");
  if (typeof filters !== "object" || filters === null || !("label" in filters)) return [];
  return Array.isArray(filters.label) ? filters.label.map(String) : [];
};

const matches = ({ labels }: EngineObject, wanted: string): boolean => {
  const [name = "", value] = wanted.split("=");
  return value === undefined ? name in labels : labels[name] === value;
};

/** @returns the engine; `removed` grows with each removal, under the names that the objects had in the beginning */
export const startDishonestEngine = async (objects: readonly EngineObject[], lies: Lies) => {
  const removed: EngineObject[] = [];
  const names = objects.map(({ name }) => name);
  let requests = 0;

  const entries = objects.map((object, position) => ({
    object,
    position,
    id: String(position).padStart(64, "0"),
  }));
  type Entry = (typeof entries)[number];

  const present = (kind: EngineObject["kind"]): readonly Entry[] =>
    entries.filter(({ object }) => object.kind === kind && !removed.includes(object));
  /** As Docker finds one: by id, by name, by the beginning of an id. */
  const find = (kind: EngineObject["kind"], reference: string): Entry | undefined =>
    present(kind).find(({ id }) => id === reference) ??
    present(kind).find(({ position }) => names[position] === reference) ??
    present(kind).find(({ id }) => reference !== "" && id.startsWith(reference));
  const view = ({ object, position, id }: Entry) => {
    const Name = lies.listedAs.get(position) ?? names[position] ?? "";
    const Labels = lies.withoutLabels.includes(position) ? null : object.labels;
    const Id = { id, "beginning of the id": id.slice(0, 12), name: Name }[lies.answersWith];
    return object.kind === "network"
      ? { Id, Name, Labels }
      : { Id, Names: [`/${Name}`], Labels, State: "running", Config: { Labels } };
  };
  const swapNames = (): void => {
    requests += 1;
    for (const { at, from, to } of lies.swaps) {
      const wanted = names[to];
      if (at !== requests || from === to || wanted === undefined || from >= names.length) continue;
      names[to] = `${wanted}-renamed`;
      names[from] = wanted;
    }
  };
  const answer = ({ method = "", url: path = "" }: IncomingMessage): [number, unknown] => {
    swapNames();
    const url = new URL(path, "http://engine");
    const [, resource = "", reference = ""] = url.pathname.split("/").map(decodeURIComponent);
    const kind = resource === "containers" ? "container" : "network";
    if (resource === "volumes") return [200, { Volumes: [] }];
    if (method === "GET" && (reference === "json" || reference === "")) {
      const wanted = lies.ignoresFilters ? [] : wantedLabels(url);
      return [
        200,
        present(kind)
          .filter(({ object }) => wanted.every((label) => matches(object, label)))
          .map(view),
      ];
    }
    const found = find(kind, reference);
    if (found === undefined) return [404, { message: `No such ${kind}: ${reference}` }];
    if (method !== "DELETE") return [200, view(found)];
    removed.push(found.object);
    return [204, null];
  };

  const directory = mkdtempSync(join(tmpdir(), "dishonest-"));
  const socketPath = join(directory, "s");
  const server = createServer((request, response) => {
    const [status, body] = answer(request);
    response.writeHead(status, { "content-type": "application/json" });
    response.end(status === 204 ? "" : JSON.stringify(body));
  }).listen(socketPath);
  await once(server, "listening");
  const close = (): void => {
    server.closeAllConnections();
    server.close();
    rmSync(directory, { recursive: true });
  };
  return { docker: new Dockerode({ socketPath }), removed, close };
};
