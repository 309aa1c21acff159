import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startFakeEngine } from "../../../docker/fake/engine.ts";
import { createRecord } from "../../../docker/managed/engine-record.ts";
import { slotPaths } from "../../../docker/managed/slot.ts";
import { openEngine } from "../../../harness/cli/engine-session.ts";
import { CleanupStack } from "../../../harness/run/cleanup.ts";

test("an engine that `engine up` started has its log, whose place is in its record", async () => {
  const stateDir = mkdtempSync(join(tmpdir(), "rs-"));
  onTestFinished(() => {
    rmSync(stateDir, { recursive: true });
  });
  const { socket, runtimeDir, logFile } = slotPaths(stateDir, 0);
  mkdirSync(runtimeDir, { recursive: true });
  writeFileSync(logFile, "before the run\n");
  createRecord(stateDir, {
    ...{ name: "managed-0", slot: 0, generation: "first", owner: null, engine: null },
    ...{ userNamespace: null, version: "28.5.2", directory: "/opt/engine/bin/dockerd" },
    ...{ socketPath: socket, runtimeDir, logFile, dataRoot: join(stateDir, "data") },
    portRange: [13_312, 15_359],
  });
  const engine = await startFakeEngine({ socketPath: socket });
  onTestFinished(() => engine.stop());
  await using cleanup = new CleanupStack();
  const session = await openEngine(
    { kind: "auto", host: `unix://${socket}` },
    {
      ...{ stateDir, daemonJson: null, environment: {}, say: () => undefined },
      signal: AbortSignal.timeout(10_000),
    },
    cleanup,
  );
  appendFileSync(logFile, "in the run\n");
  expect(await session.witness(null).log()).toEqual(["in the run"]);
});
