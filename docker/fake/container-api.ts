import type { Container } from "./container.ts";
import type { LogStream } from "./container-log.ts";
import { containerRequest } from "./container-requests.ts";
import { inspectedContainer, listedContainer } from "./container-views.ts";
import { filterOf } from "./filters.ts";
import { withFault } from "./inject.ts";
import { Refused } from "./refused.ts";
import { EMPTY, json, NOT_MODIFIED } from "./reply.ts";
import { flag, type ApiCall, type Route } from "./route.ts";
import type { World } from "./world.ts";

const streamsOf = (query: URLSearchParams): ReadonlySet<LogStream> => {
  const names: readonly LogStream[] = ["stdout", "stderr"];
  const streams = names.filter((name) => flag(query, name));
  if (streams.length > 0) return new Set(streams);
  throw new Refused(400, "Bad parameters: you must choose at least one stream");
};

const streamLogs = (world: World, container: Container, { query, response }: ApiCall): void => {
  const streams = streamsOf(query);
  const tail = query.get("tail") ?? "all";
  response.writeHead(200, { "Content-Type": world.behaviour.multiplexedType });
  response.write(container.log.read(streams, tail === "all" ? Infinity : Number(tail)));
  if (!flag(query, "follow") || container.status !== "running") {
    response.end();
    return;
  }
  response.flushHeaders();
  const stop = container.log.follow({
    streams,
    onFrame: (bytes) => response.write(bytes),
    onEnd: () => response.end(),
  });
  response.once("close", stop);
};

export const containerRoutes = (world: World): readonly Route[] => {
  const { containers, images } = world;
  const found = ({ parameters: [reference = ""] }: ApiCall): Container =>
    containers.find(reference);
  const imageOf = ({ request }: Container): string => images.idOf(request.image);

  return [
    {
      method: "POST",
      path: /^\/containers\/create$/,
      handle: ({ query, body }) => {
        const name = query.get("name")?.replace(/^\//, "") ?? world.randomName();
        return withFault(world, { operation: "container.create", name }, async () => {
          const request = containerRequest(name, body);
          await world.delays.call();
          images.idOf(request.image);
          return json(201, { Id: containers.create(request).id, Warnings: [] });
        });
      },
    },
    {
      method: "GET",
      path: /^\/containers\/json$/,
      handle: ({ query }) => {
        const filter = filterOf(query);
        const listed = containers
          .all()
          .filter((container) => flag(query, "all") || container.running !== null)
          .filter(({ id, name, request }) => filter({ id, name, labels: request.labels }));
        return json(
          200,
          listed.map((container) => listedContainer(container, imageOf(container))),
        );
      },
    },
    {
      method: "GET",
      path: /^\/containers\/([^/]+)\/json$/,
      handle: (call) => {
        const container = found(call);
        return json(200, inspectedContainer(container, imageOf(container)));
      },
    },
    {
      method: "POST",
      path: /^\/containers\/([^/]+)\/start$/,
      handle: (call) => {
        const container = found(call);
        const { name } = container;
        return withFault(world, { operation: "container.start", name }, async (fault) => {
          const started = await containers.start(container, {
            crosstalk: fault?.kind === "crosstalk",
            exitEarly: fault?.kind === "exit-early",
          });
          return started ? EMPTY : NOT_MODIFIED;
        });
      },
    },
    {
      method: "POST",
      path: /^\/containers\/([^/]+)\/wait$/,
      handle: async (call) => {
        const container = found(call);
        const condition = call.query.get("condition") ?? "not-running";
        const over = condition === "not-running" && container.running === null;
        return json(200, { StatusCode: over ? container.exitCode : await container.nextExit() });
      },
    },
    {
      method: "GET",
      path: /^\/containers\/([^/]+)\/logs$/,
      handle: (call) => {
        streamLogs(world, found(call), call);
        return { kind: "streamed" };
      },
    },
    {
      method: "POST",
      path: /^\/containers\/([^/]+)\/stop$/,
      handle: async (call) => ((await containers.stop(found(call), false)) ? EMPTY : NOT_MODIFIED),
    },
    {
      method: "POST",
      path: /^\/containers\/([^/]+)\/kill$/,
      handle: async (call) => {
        const container = found(call);
        if (await containers.stop(container, true)) return EMPTY;
        const words = `cannot kill container: ${container.name}: container ${container.id} is not running`;
        throw new Refused(409, words);
      },
    },
    {
      method: "DELETE",
      path: /^\/containers\/([^/]+)$/,
      handle: (call) => {
        const container = found(call);
        const { name } = container;
        return withFault(world, { operation: "container.remove", name }, async () => {
          const options = { force: flag(call.query, "force"), volumes: flag(call.query, "v") };
          await containers.remove(container, options);
          return EMPTY;
        });
      },
    },
  ];
};
