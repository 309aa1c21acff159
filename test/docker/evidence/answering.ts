/**
 * An engine's socket, or RootlessKit's, behind which a test answers.
 */
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { unixGet } from "../../../docker/unix-get.ts";
import type { Ask } from "../../../docker/evidence/engine-questions.ts";

/** What is said to a path: a text, something that becomes JSON, a status, or nothing at all, ever. */
export type Reply = { readonly text: string } | { readonly json: unknown } | number | "never";

export const scratch = (): string => {
  const directory = mkdtempSync(join(tmpdir(), "evidence-"));
  onTestFinished(() => {
    rmSync(directory, { recursive: true });
  });
  return directory;
};

/** Answers at a path below a directory of its own; the paths that were asked for are noted. */
export const answering = async (
  reply: (path: string) => Reply,
  name = "docker.sock",
): Promise<{
  readonly socketPath: string;
  readonly asked: readonly string[];
  readonly ask: Ask;
}> => {
  const socketPath = join(scratch(), name);
  mkdirSync(dirname(socketPath), { recursive: true });
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? "");
    asked.push(path);
    const said = reply(path);
    if (said === "never") return;
    if (typeof said === "number") {
      response.writeHead(said).end();
      return;
    }
    response.end("text" in said ? said.text : JSON.stringify(said.json));
  });
  server.listen(socketPath);
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const ask: Ask = async (path, signal) => {
    const { status, body } = await unixGet(socketPath, path, signal);
    if (status !== 200) throw new Error(`refused with ${String(status)}`);
    return JSON.parse(body) as unknown;
  };
  return { socketPath, asked, ask };
};
