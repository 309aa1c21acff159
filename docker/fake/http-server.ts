import { createServer, STATUS_CODES, type IncomingMessage, type Server } from "node:http";
import type { ServerResponse } from "node:http";
import { ZodError } from "zod";
import { Refused } from "./refused.ts";
import { json, type Reply } from "./reply.ts";
import type { Route } from "./route.ts";
import type { World } from "./world.ts";

/** Asked of the simulation, not of the daemon in it. */
const isForSimulation = ({ url = "" }: IncomingMessage): boolean => url.startsWith("/_fake/");

const VERSIONED = /^\/v(\d+)\.(\d+)(\/.*)$/;
const MOST_BODY = 1 << 20;

const minorOf = (version: string): number => Number(version.split(".")[1]);

/** The path without its version. @throws Refused 400 for a version the daemon does not speak */
const unversioned = (path: string, { apiVersion, minApiVersion }: World["behaviour"]): string => {
  const [, major, minor, rest] = VERSIONED.exec(path) ?? [];
  if (major === undefined || minor === undefined || rest === undefined) return path;
  const asked = `${major}.${minor}`;
  if (Number(minor) < minorOf(minApiVersion)) {
    throw new Refused(
      400,
      `client version ${asked} is too old. Minimum supported API version is ${minApiVersion}, please upgrade your client to a newer version`,
    );
  }
  if (Number(minor) > minorOf(apiVersion)) {
    throw new Refused(
      400,
      `client version ${asked} is too new. Maximum supported API version is ${apiVersion}`,
    );
  }
  return rest;
};

const bodyOf = async (request: IncomingMessage): Promise<unknown> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MOST_BODY) throw new Refused(400, "http: request body too large");
  }
  const text = Buffer.concat(chunks).toString();
  if (text === "") return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new Refused(400, "invalid JSON: got EOF while reading request body");
  }
};

const refusalOf = (thrown: unknown): Reply => {
  if (thrown instanceof Refused) return json(thrown.status, { message: thrown.message });
  if (thrown instanceof ZodError) return json(400, { message: `bad parameter: ${thrown.message}` });
  const words = thrown instanceof Error ? thrown.message : String(thrown);
  return json(500, { message: `fault of the simulation: ${words}` });
};

const bytesOf = (reply: Extract<Reply, { kind: "json" | "text" | "empty" }>): string => {
  if (reply.kind === "empty") return "";
  return reply.kind === "text" ? reply.body : `${JSON.stringify(reply.body)}\n`;
};

/** Writes the answer up to the middle of its body, or of its head where it has none, and goes away. */
const breakOff = (response: ServerResponse, whole: Reply): void => {
  const status = "status" in whole ? whole.status : 500;
  const body = "body" in whole && whole.kind !== "text" ? JSON.stringify(whole.body) : "";
  const line = `HTTP/1.1 ${String(status)} ${STATUS_CODES[status] ?? ""}\r\n`;
  const head = `${line}Content-Type: application/json\r\nContent-Length: ${String(body.length)}\r\n\r\n`;
  const part = body === "" ? line.slice(0, line.length / 2) : head + body.slice(0, body.length / 2);
  const { socket } = response;
  socket?.write(part, () => socket.destroy());
};

const send = (response: ServerResponse, reply: Reply): void => {
  switch (reply.kind) {
    case "json":
    case "text":
    case "empty": {
      const bytes = bytesOf(reply);
      const type = reply.kind === "json" ? "application/json" : "text/plain; charset=utf-8";
      if (reply.kind !== "empty") {
        response.setHeader("Content-Type", type);
        response.setHeader("Content-Length", Buffer.byteLength(bytes));
      }
      response.writeHead(reply.status).end(bytes);
      return;
    }
    case "hung-up":
      response.destroy();
      return;
    case "broken-off":
      breakOff(response, reply.whole);
      return;
    case "never":
    case "streamed":
      return;
  }
};

/** An HTTP server, not yet listening, that answers as the daemon would. */
export const createApiServer = (world: World, routes: readonly Route[]): Server => {
  const { behaviour } = world;

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<Reply> => {
    const url = new URL(request.url ?? "/", "http://simulated");
    const asksDaemon = !isForSimulation(request);
    if (asksDaemon) world.daemon.called();
    if (asksDaemon && !(await world.daemon.attends())) return { kind: "hung-up" };
    if (asksDaemon && world.refuseEverything)
      throw new Refused(500, "simulated: everything is refused");
    const path = unversioned(url.pathname, behaviour);
    for (const { method, path: pattern, handle } of routes) {
      const match = method === request.method ? pattern.exec(path) : null;
      if (match === null) continue;
      const parameters = match.slice(1).map(decodeURIComponent);
      const body = await bodyOf(request);
      return await handle({ parameters, query: url.searchParams, body, response });
    }
    throw new Refused(404, "page not found");
  };

  const server = createServer((request, response) => {
    response.setHeader("Api-Version", behaviour.apiVersion);
    response.setHeader("Docker-Experimental", "false");
    response.setHeader("Ostype", "linux");
    response.setHeader("Server", `Docker/${behaviour.version} (linux)`);
    answer(request, response)
      .catch(refusalOf)
      .then(async (reply) => {
        // A daemon that was stopped or killed meanwhile does not answer either.
        const attends = isForSimulation(request) || (await world.daemon.attends());
        if (!response.destroyed) send(response, attends ? reply : { kind: "hung-up" });
      })
      .catch(() => response.destroy());
  });
  // The daemon has no such limits: a call waits as long as its turn takes.
  server.requestTimeout = 0;
  server.headersTimeout = 0;
  server.keepAliveTimeout = 0;
  return server;
};
