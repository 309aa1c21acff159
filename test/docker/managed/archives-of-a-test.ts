/**
 * Archives of a make-believe engine, and a server on loopback that hands them out.
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { onTestFinished } from "vitest";
import { tar, type TarEntry } from "../../../docker/images/tar.ts";

/** Open to all, as a state directory is: root has programs in it run by an ordinary user. */
export const temporary = (): string => {
  const directory = mkdtempSync(join(tmpdir(), "archives-"));
  chmodSync(directory, 0o755);
  onTestFinished(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  return directory;
};

export const tgz = (...entries: readonly TarEntry[]): Buffer => gzipSync(tar(entries));

export const program = (path: string, ...lines: readonly string[]): TarEntry => ({
  kind: "file",
  path,
  content: `${["#!/bin/sh", ...lines].join("\n")}\n`,
});

/** As Docker has them: one folder around all, no network driver; `extra` saves a look for a real one. */
export const dockerArchive = (version: string): Buffer =>
  tgz(
    program("docker/dockerd", `echo Docker version ${version}, build 0000000`),
    ...["containerd", "containerd-shim-runc-v2", "runc", "docker-proxy", "docker-init"].map(
      (name) => program(`docker/${name}`),
    ),
  );

export const rootlessArchive = (): Buffer =>
  tgz(
    ...["dockerd-rootless.sh", "rootlesskit", "rootlesskit-docker-proxy", "slirp4netns"].map(
      (name) => program(`docker-rootless-extras/${name}`),
    ),
  );

export const sha256 = (content: Buffer): string =>
  createHash("sha256").update(content).digest("hex");

/** Serves until the test ends; resolves to the address, without a slash at its end. */
export const serve = async (listener: RequestListener): Promise<string> => {
  const server = createServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return `http://127.0.0.1:${String(address.port)}`;
};

/** A server of files by their paths, and what it was asked for. */
export const serveFiles = async (
  files: Readonly<Record<string, Buffer>>,
): Promise<{ readonly address: string; readonly asked: readonly string[] }> => {
  const asked: string[] = [];
  const address = await serve((request, response) => {
    const path = request.url ?? "";
    asked.push(path);
    const content = files[path];
    if (content === undefined) response.writeHead(404).end("<h1>no such file</h1>");
    else response.writeHead(200, { "content-length": content.length }).end(content);
  });
  return { address, asked };
};

/** Both of Docker's archives for a version, as files of a server. */
export const dockerFiles = (version: string, at = ""): Readonly<Record<string, Buffer>> => ({
  [`${at}/docker-${version}.tgz`]: dockerArchive(version),
  [`${at}/docker-rootless-extras-${version}.tgz`]: rootlessArchive(),
});
