/**
 * Where the engine is, in the docker CLI's order: `--host`, `--context`, DOCKER_HOST, DOCKER_CONTEXT, the
 * current context of config.json, then (as the CLI would not) the rootless socket, then the default socket.
 *
 * @see https://docs.docker.com/engine/manage-resources/contexts/
 */
import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { messageOf, StressError } from "../../harness/core/errors.ts";
import { readInputFile } from "../read-input-file.ts";

/** An address that dockerode can connect to, and how it was arrived at. */
export interface EngineAddress {
  readonly target:
    | { readonly kind: "socket"; readonly path: string }
    | { readonly kind: "tcp"; readonly host: string; readonly port: number };
  /** For people: `unix:///run/user/1000/docker.sock (DOCKER_HOST)`. */
  readonly description: string;
}

export interface FindOptions {
  readonly host?: string;
  readonly context?: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const DEFAULT_SOCKET = "/var/run/docker.sock";

const notOver = (machine: string): string =>
  `a burst is not timed over a network: run the harness beside the daemon: stress remote ${machine} -- run …`;

/** Probes and socket tables are this machine's own: an engine elsewhere would fail every published port. */
const refuseRemote = (hostname: string, source: string): void => {
  if (/^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname)) return;
  throw new StressError("usage", `${source}: ${hostname} is another machine; ${notOver(hostname)}`);
};

/** @throws StressError("usage") for an address of a kind that a burst cannot be timed over */
export const parseHost = (host: string, source: string): EngineAddress => {
  const description = `${host} (${source})`;
  if (host.startsWith("unix://") && host.length > "unix://".length) {
    return { target: { kind: "socket", path: host.slice("unix://".length) }, description };
  }
  if (host.startsWith("tcp://") || host.startsWith("http://")) {
    const url = URL.canParse(host) ? new URL(host.replace(/^tcp:/, "http:")) : null;
    if (url !== null && url.hostname !== "") {
      refuseRemote(url.hostname, source);
      const port = url.port === "" ? 2375 : Number(url.port);
      return { target: { kind: "tcp", host: url.hostname, port }, description };
    }
  }
  throw new StressError(
    "usage",
    host.startsWith("ssh://")
      ? `${source}: ${host}: ${notOver(host.slice("ssh://".length).replace(/\/.*$/, "") || "user@host")}`
      : `${source}: "${host}" is not an address; use unix:///path/to/docker.sock or tcp://127.0.0.1:PORT`,
  );
};

const contextMeta = z.object({
  Name: z.string(),
  Endpoints: z.object({ docker: z.object({ Host: z.string().default("") }) }),
});
const cliConfig = z.object({ currentContext: z.string().optional() });

const readJson = <Schema extends z.ZodType>(path: string, schema: Schema): z.infer<Schema> => {
  try {
    return schema.parse(JSON.parse(readInputFile(path)));
  } catch (error) {
    throw new StressError("usage", `cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
};

const isSocket = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isSocket() ?? false;

const isFile = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;

const configDirectory = (environment: FindOptions["environment"]): string =>
  environment["DOCKER_CONFIG"] ?? join(environment["HOME"] ?? homedir(), ".docker");

const fromContext = (name: string, source: string, options: FindOptions): EngineAddress => {
  const directory = configDirectory(options.environment);
  // The docker CLI keeps each context under the SHA-256 of its name.
  const id = createHash("sha256").update(name).digest("hex");
  const path = join(directory, "contexts", "meta", id, "meta.json");
  if (!isFile(path)) {
    throw new StressError("usage", `${source}: there is no docker context "${name}" (${path})`);
  }
  const meta = readJson(path, contextMeta);
  return parseHost(meta.Endpoints.docker.Host, `${source} "${name}"`);
};

const currentContext = (options: FindOptions): string | null => {
  const path = join(configDirectory(options.environment), "config.json");
  if (!isFile(path)) return null;
  return readJson(path, cliConfig).currentContext ?? null;
};

/** The context's name; null where none is chosen, or Docker's own name for that. */
const named = (context: string | null | undefined): string | null =>
  context === undefined || context === "" || context === "default" ? null : context;

/** What environment and configuration choose; null where they choose nothing. */
const configured = (options: FindOptions): EngineAddress | null => {
  const { environment } = options;
  const host = environment["DOCKER_HOST"];
  if (host !== undefined && host !== "") {
    if (host.startsWith("tcp://") && (environment["DOCKER_TLS_VERIFY"] ?? "") !== "") {
      throw new StressError(
        "usage",
        "DOCKER_TLS_VERIFY: TLS is not spoken; use the engine's socket",
      );
    }
    return parseHost(host, "DOCKER_HOST");
  }
  const context = named(environment["DOCKER_CONTEXT"]);
  if (context !== null) return fromContext(context, "DOCKER_CONTEXT", options);
  // DOCKER_CONTEXT=default means: none, whatever the configuration says.
  const current = environment["DOCKER_CONTEXT"] === undefined ? currentContext(options) : null;
  const name = named(current);
  return name === null ? null : fromContext(name, "current docker context", options);
};

/** @throws StressError("usage") for a bad address or context, StressError("environment") when there is none */
export const findEngine = (options: FindOptions): EngineAddress => {
  if (options.host !== undefined) return parseHost(options.host, "--host");
  const context = named(options.context);
  if (context !== null) return fromContext(context, "--context", options);
  const address = options.context === undefined ? configured(options) : null;
  if (address !== null) return address;
  const runtime = options.environment["XDG_RUNTIME_DIR"];
  const rootless = runtime === undefined ? null : join(runtime, "docker.sock");
  if (rootless !== null && isSocket(rootless)) return parseHost(`unix://${rootless}`, "rootless");
  if (isSocket(DEFAULT_SOCKET)) return parseHost(`unix://${DEFAULT_SOCKET}`, "default socket");
  throw new StressError(
    "environment",
    "no Docker engine found; start one, set DOCKER_HOST, or let stress bring its own: --engine managed",
  );
};
