/**
 * A fake engine that stops at a chosen request, as a daemon does that is paused or hangs: it takes connections and
 * answers nothing.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { spawnFakeEngine } from "../../../docker/fake/spawn.ts";

/**
 * @param stopsAt - the request line at which it is stopped, and how many of them it answers before
 * @returns its socket
 */
export const stoppedEngine = async (stopsAt: RegExp, answered = 0): Promise<string> => {
  const engine = await spawnFakeEngine({});
  const directory = mkdtempSync(join(tmpdir(), "stress-stopped-"));
  let seen = 0;
  const server = createServer((client) => {
    const daemon = connect(engine.socketPath);
    for (const each of [client, daemon]) each.on("error", () => undefined);
    client.on("data", (part: Buffer) => {
      for (const line of part.toString("latin1").match(/^[A-Z]+ \S+ HTTP\/1\.1/gm) ?? []) {
        if (!stopsAt.test(line)) continue;
        seen += 1;
        if (seen === answered + 1) process.kill(engine.pid, "SIGSTOP");
      }
      daemon.write(part);
    });
    client.on("close", () => daemon.destroy());
    daemon.pipe(client);
  });
  const socketPath = join(directory, "engine.sock");
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  onTestFinished(async () => {
    server.close();
    await engine.stop();
    rmSync(directory, { recursive: true, force: true });
  });
  return socketPath;
};
