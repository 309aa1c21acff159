import { judge } from "../../harness/core/judge.ts";
import type { Plan } from "../../harness/core/model.ts";
import type { Clock, Runtime } from "../../harness/core/ports.ts";
import type { ArmSummary } from "../../harness/core/summary.ts";
import { processorMeter } from "../../harness/run/clock.ts";
import { openJournal } from "../../harness/run/journal.ts";
import { performRun } from "../../harness/run/run.ts";
import { oneEngine } from "../harness/run/one-engine.ts";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The harness as a user has it, journal on disk included. @throws when a job was not OK */
export const harnessBurst = async (
  plan: Plan,
  { clock, runtime }: { readonly clock: Clock; readonly runtime: Runtime },
): Promise<ArmSummary> => {
  const directory = mkdtempSync(join(tmpdir(), "stress-bench-"));
  const controller = new AbortController();
  const journal = openJournal({
    path: join(directory, "events.ndjson"),
    onFailure: (error) => {
      controller.abort(error);
    },
    onEvent: () => undefined,
  });
  try {
    const facts = await runtime.describe(controller.signal);
    await performRun(
      plan,
      {
        tool: "bench",
        command: [],
        startedAt: new Date().toISOString(),
        request: null,
        profiles: null,
      },
      {
        clock,
        engines: oneEngine(runtime, facts),
        journal,
        processor: processorMeter,
        signal: controller.signal,
      },
    );
    const summary = judge(journal.events);
    const [arm] = summary.arms;
    if (arm === undefined || summary.verdict !== "holds") {
      throw new Error(`the burst was not clean: ${JSON.stringify(summary.reasons)}`);
    }
    return arm;
  } finally {
    journal.close();
    rmSync(directory, { recursive: true });
  }
};
