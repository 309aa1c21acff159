import { Bench } from "tinybench";
import { classify } from "../../harness/core/classify.ts";
import { judge } from "../../harness/core/judge.ts";
import { arm, journalOf, portTaken, refused } from "../harness/core/history.ts";
import type { Row } from "./table.ts";

/** Naming one message, and judging a journal of a night's size. */
export const microRows = async (): Promise<readonly Row[]> => {
  const waves = Array.from({ length: 30 }, () => ({
    arm: "ports",
    wrong: { 3: [refused("container.start", "mysql", portTaken(32_913))] },
  }));
  const journal = journalOf({ arms: [arm("ports", 16)], waves });
  const bench = new Bench({ time: 1000 });
  bench.add("classify one AddPort refusal", () => {
    classify(portTaken(32_913), { phase: "container.start", by: "daemon" });
  });
  bench.add(`judge ${String(journal.length)} events`, () => {
    judge(journal);
  });
  await bench.run();
  return bench.tasks.map(({ name, result }) => {
    if (result.state !== "completed") throw new Error(`${name} did not complete`);
    const { p50, p75, min } = result.latency;
    return { what: name, unit: "ms", samples: [min, p50, p75], atMost: null };
  });
};
