import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Dockerode from "dockerode";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import {
  inventoryOf,
  leftovers,
  ownId,
  removeAll,
  removeById,
} from "../../../docker/client/labelled.ts";
import { exchange } from "../../../docker/client/exchange.ts";
import { LABEL } from "../../../harness/core/model.ts";

const RUN = "r1";
const signal = new AbortController().signal;

interface Thing {
  readonly kind: "container" | "network";
  readonly name: string;
  readonly labels: Readonly<Record<string, string>> | null;
}

/** What an engine, or a proxy before it, does wrong. */
interface Vices {
  /** Every list has everything, whatever was asked for. */
  readonly ignoresFilters: boolean;
  /** A name in a list is that of another object. */
  readonly swapsNames: boolean;
  /** After the first list, a name belongs to another object. */
  readonly reusesNames: boolean;
}

const isOurs = ({ labels }: Thing): boolean =>
  labels?.[LABEL.run] === RUN && (labels[LABEL.owner] ?? "") !== "";

/** An engine that has these objects; what it was told to delete is kept, and is never deleted. */
const engineWith = async (things: readonly Thing[], vices: Vices) => {
  const directory = mkdtempSync(join(tmpdir(), "labelled-"));
  const deleted: Thing[] = [];
  let lists = 0;
  const idOf = (index: number): string => String(index).padStart(64, "0");
  const found = (reference: string): Thing | undefined => {
    const byId = things.find((_, index) => idOf(index) === reference);
    if (byId !== undefined) return byId;
    const named = things.filter(({ name }) => name === reference);
    return vices.reusesNames && lists > 0 ? named.at(-1) : named[0];
  };
  const listed = (kind: Thing["kind"], label: string) => {
    const names = things.map(({ name }) => name);
    if (vices.swapsNames) names.reverse();
    return things.flatMap((thing, index) => {
      const [key = "", value] = label.split("=");
      const matches =
        value === undefined ? key in (thing.labels ?? {}) : thing.labels?.[key] === value;
      if (thing.kind !== kind || !(matches || vices.ignoresFilters || label === "")) return [];
      const shown = names[index] ?? "";
      return [
        {
          Id: idOf(index),
          Name: shown,
          Names: [`/${shown}`],
          Labels: thing.labels,
          State: "running",
        },
      ];
    });
  };
  const server = createServer(({ method, url = "" }, response) => {
    const { pathname, searchParams } = new URL(url, "http://engine");
    const answer = (status: number, body: unknown): void => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(body));
    };
    const filters = JSON.parse(searchParams.get("filters") ?? "{}") as { label?: string[] };
    const label = filters.label?.[0] ?? "";
    const [, plural, reference = ""] = pathname.split("/");
    const kind = plural === "containers" ? "container" : "network";
    if (pathname === "/volumes") {
      answer(200, { Volumes: null });
    } else if (method === "GET" && (pathname === "/containers/json" || pathname === "/networks")) {
      const list = listed(kind, label);
      lists += 1;
      answer(200, list);
    } else {
      const thing = found(decodeURIComponent(reference));
      if (thing === undefined) {
        answer(404, { message: "no such object" });
      } else if (method === "DELETE") {
        deleted.push(thing);
        response.writeHead(204).end();
      } else {
        const Id = idOf(things.indexOf(thing));
        answer(200, { Id, Labels: thing.labels, Config: { Labels: thing.labels } });
      }
    }
  }).listen(join(directory, "s"));
  await once(server, "listening");
  const close = (): void => {
    server.closeAllConnections();
    server.close();
    rmSync(directory, { recursive: true });
  };
  return { docker: new Dockerode({ socketPath: join(directory, "s") }), deleted, close };
};

const labels = fc.oneof(
  fc.constant(null),
  fc.constant({}),
  fc.record(
    {
      [LABEL.run]: fc.constantFrom(RUN, "r2", "", "r", "r11"),
      [LABEL.owner]: fc.constantFrom("1:2:3:4", ""),
    },
    { requiredKeys: [] },
  ),
);
const thing: fc.Arbitrary<Thing> = fc.record({
  kind: fc.constantFrom("container", "network"),
  name: fc.constantFrom("stress-r1-w1j1", "stress-r1-w1j2-redis", "stress-r2-w1j1", "postgres", ""),
  labels,
});
const vices = fc.record({
  ignoresFilters: fc.boolean(),
  swapsNames: fc.boolean(),
  reusesNames: fc.boolean(),
});

test("no foreign object is ever deleted, whatever the engine says of filters and names", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(thing, { maxLength: 8 }), vices, async (things, wrong) => {
      const { docker, deleted, close } = await engineWith(things, wrong);
      try {
        const what = await inventoryOf(docker, RUN, signal);
        await removeAll(docker, { run: RUN, what }, signal);
        await removeAll(
          docker,
          { run: RUN, what: { containers: ["postgres"], networks: ["postgres"], volumes: [] } },
          signal,
        );
        for (const left of await leftovers(docker, signal)) {
          if (left.run === RUN) await removeAll(docker, { run: RUN, what: left.inventory }, signal);
        }
        for (const { kind, name } of things) {
          if (name === "") continue;
          const id = await ownId(docker, { kind, name }, signal);
          if (id !== null && name.startsWith(`stress-${RUN}-`)) {
            await exchange(docker, removeById(kind, id), { signal });
          }
        }
        expect(deleted.filter((each) => !isOurs(each))).toEqual([]);
      } finally {
        close();
      }
    }),
    { numRuns: 40 },
  );
});

test("what carries the run's labels is removed, containers before networks", async () => {
  const ours = { [LABEL.run]: RUN, [LABEL.owner]: "1:2:3:4" };
  const things: readonly Thing[] = [
    { kind: "network", name: "stress-r1-w1j1", labels: ours },
    { kind: "container", name: "stress-r1-w1j1-redis", labels: ours },
    { kind: "container", name: "postgres", labels: null },
  ];
  const { docker, deleted, close } = await engineWith(things, {
    ignoresFilters: true,
    swapsNames: false,
    reusesNames: false,
  });
  onTestFinished(close);
  const what = await inventoryOf(docker, RUN, signal);
  expect(what).toEqual({
    containers: ["stress-r1-w1j1-redis"],
    networks: ["stress-r1-w1j1"],
    volumes: [],
  });
  expect(await removeAll(docker, { run: RUN, what }, signal)).toEqual([]);
  expect(deleted.map(({ name }) => name)).toEqual(["stress-r1-w1j1-redis", "stress-r1-w1j1"]);
});

test("an empty run id matches nothing and is refused", async () => {
  const { docker, close } = await engineWith([], {
    ignoresFilters: false,
    swapsNames: false,
    reusesNames: false,
  });
  onTestFinished(close);
  await expect(inventoryOf(docker, "", signal)).rejects.toThrow("the run id is empty");
});
