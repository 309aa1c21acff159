import { Bench } from "tinybench";
import { classify } from "../../harness/core/classify.ts";
import { judge } from "../../harness/core/judge.ts";
import { SIGNATURES } from "../../harness/core/signatures.ts";
import { CORPUS } from "../corpus/corpus.ts";
import { arm, journalOf, portTaken, refused } from "../harness/core/history.ts";
import type { Row } from "./table.ts";

const LARGE = 100_000;

/** What a pattern's alternatives begin with, and each whole with its gaps as blanks. */
const baitsFor = ({ source }: RegExp): readonly string[] =>
  source.split("|").flatMap((alternative) => {
    const words = alternative
      .replace(/\(\?<?[!=:]?/g, "")
      .replace(/\[[^\]]*\]/g, "a")
      .replace(/\{[^}]*\}/g, "")
      .replace(/\\[bB]|[()^$?]/g, "")
      .replace(/\\[SwD]/g, "a")
      .replace(/\\d/g, "1")
      .replaceAll("\\", "");
    return [
      words,
      `${words.slice(0, Math.ceil(words.length / 2))} `,
      `${words.split(" ")[0] ?? ""} `,
    ];
  });

/** 100 kB each of what would keep one of the signatures busy longest. */
const hostileMessages = (): readonly string[] =>
  [...new Set(SIGNATURES.flatMap(({ pattern }) => baitsFor(pattern)))]
    .filter((bait) => bait.trim() !== "")
    .map((bait) => bait.repeat(Math.ceil(LARGE / bait.length)).slice(0, LARGE));

const millisecondsOf = (work: () => void): number => {
  const before = performance.now();
  work();
  return performance.now() - before;
};

/** Rounds over the whole corpus, as messages a second; the promise is on the time of a thousand messages. */
const corpusRow = (): Row => {
  const rounds = 200;
  const thousand = (): number => {
    const took = millisecondsOf(() => {
      for (let round = 0; round < rounds; round += 1) {
        for (const { text } of CORPUS) classify(text, {});
      }
    });
    return (took * 1000) / (rounds * CORPUS.length);
  };
  thousand();
  return {
    what: "classify 1000 messages of the corpus",
    unit: "ms",
    samples: Array.from({ length: 10 }, thousand),
    atMost: 20,
  };
};

const hostileRow = (): Row => {
  const messages = hostileMessages();
  const worst = (): number =>
    Math.max(...messages.map((message) => millisecondsOf(() => classify(message, {}))));
  worst();
  return {
    what: `classify the worst of ${String(messages.length)} hostile messages of 100 kB`,
    unit: "ms",
    samples: Array.from({ length: 5 }, worst),
    atMost: 10,
  };
};

/** Naming messages, and judging a journal of a night's size. */
export const microRows = async (): Promise<readonly Row[]> => {
  const waves = Array.from({ length: 30 }, () => ({
    arm: "ports",
    wrong: { 3: [refused("container.start", "mysql", portTaken(32_913))] },
  }));
  const journal = journalOf({ arms: [arm("ports", 16)], waves });
  const bench = new Bench({ time: 1000 });
  bench.add("classify one AddPort refusal", () => {
    classify(portTaken(32_913), { phase: "container_start", by: "daemon" });
  });
  bench.add(`judge ${String(journal.length)} events`, () => {
    judge(journal);
  });
  await bench.run();
  const timed = bench.tasks.map(({ name, result }): Row => {
    if (result.state !== "completed") throw new Error(`${name} did not complete`);
    const { p50, p75, min } = result.latency;
    return { what: name, unit: "ms", samples: [min, p50, p75], atMost: null };
  });
  return [...timed, corpusRow(), hostileRow()];
};
