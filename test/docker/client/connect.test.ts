import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { connect } from "../../../docker/client/connect.ts";
import { parseHost } from "../../../docker/client/find-engine.ts";

/** What `podman system service` 4.3.1 answers to GET /version, shortened. */
const PODMAN = {
  Platform: { Name: "linux/amd64/debian-12" },
  Components: [
    { Name: "Podman Engine", Version: "4.3.1", Details: { APIVersion: "4.3.1", Os: "linux" } },
    { Name: "Conmon", Version: "conmon version 2.1.6", Details: { Package: "conmon_2.1.6" } },
  ],
  Version: "4.3.1",
  ApiVersion: "1.41",
  MinAPIVersion: "1.24",
};

test("podman is not taken for Docker, although it speaks the same API", async () => {
  const directory = mkdtempSync(join(tmpdir(), "stress-connect-"));
  const path = join(directory, "podman.sock");
  const server = createServer((_, response) => {
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify(PODMAN));
  }).listen(path);
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    rmSync(directory, { recursive: true });
  });
  const address = parseHost(`unix://${path}`, "--host");
  await expect(connect(address, AbortSignal.timeout(5000))).rejects.toThrow(
    `${address.description} is Podman 4.3.1, not Docker: name a Docker engine with --host`,
  );
});
