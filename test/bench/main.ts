/**
 * `npm run bench`: what the harness costs and how much of a burst its burst is. Peers are interleaved in one
 * run, in seeded random order; ratios are taken within a round, so that a noisy minute hits all of them.
 *
 *     npm run bench                        everything
 *     npm run bench -- --skip-live         without a real engine
 *     npm run bench -- --rounds 9
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { arch, cpus, release } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { keepHeapSmall } from "../../harness/cli/heap.ts";
import { fakeRows } from "./on-the-fake.ts";
import { liveRows } from "./on-a-live-engine.ts";
import { microRows } from "./micro.ts";
import { holds, markdownTable, type Row } from "./table.ts";

const BASELINES = join(import.meta.dirname, "../../../reports/baselines");

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "7" },
    "skip-live": { type: "boolean", default: false },
  },
});
const rounds = Number(values.rounds);

const say = (line: string): void => {
  process.stderr.write(`bench: ${line}\n`);
};

// As the command does.
keepHeapSmall();

const sections: { readonly title: string; readonly rows: readonly Row[] }[] = [];
const section = async (title: string, rows: () => Promise<readonly Row[]>): Promise<void> => {
  say(title);
  sections.push({ title, rows: await rows() });
};

await section("On the fake engine", () => fakeRows({ rounds, say }));
if (!values["skip-live"]) {
  await section("On a live rootless engine, 16 jobs, name-only", () => liveRows({ rounds, say }));
}
await section("Pure functions", () => microRows());

const machine = `${arch()}, ${String(cpus().length)} cores, Linux ${release()}, Node ${process.version}`;
const report = [
  "# Benchmark",
  "",
  `\`npm run bench -- --rounds ${String(rounds)}\` on ${machine}, ${new Date().toISOString().slice(0, 10)}.`,
  "Peers are interleaved in seeded random order; ratios are taken within a round.",
  "",
  ...sections.flatMap(({ title, rows }) => [`## ${title}`, "", markdownTable(rows)]),
].join("\n");
process.stdout.write(`${report}\n`);
mkdirSync(BASELINES, { recursive: true });
writeFileSync(join(BASELINES, `bench-${arch()}.md`), `${report.trimEnd()}\n`);

const broken = sections.flatMap(({ rows }) => rows).filter((row) => !holds(row));
for (const row of broken) say(`not kept: ${row.what}`);
process.exitCode = broken.length === 0 ? 0 : 1;
