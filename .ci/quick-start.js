// The quick start runs on the newest engine that Debian's packages bring, and there every job is OK: a failure, a wave
// or a job that is missing, a leak, or an older engine than that is ours.
import { readFileSync } from "node:fs";

const code = Number(process.argv[2]);
const summary = JSON.parse(readFileSync("reports/runs/latest/summary.json", "utf8"));
const jobs = summary.arms.map((arm) => arm.jobs);
const failed = jobs.reduce((total, each) => total + each.failed, 0);
const failures = summary.arms.flatMap((arm) => arm.failures);
/** Debian 12 has 20.10, Debian 13 has 26.1, and sid has 28.5 or later. */
const OLDEST = 28;

const wrong = [
  [summary.ended !== "completed", `the run ended as ${summary.ended}`],
  [
    !(Number.parseInt(summary.engine.version, 10) >= OLDEST),
    `Engine ${summary.engine.version} is not the newest that Debian's packages bring`,
  ],
  [summary.arms.length === 0, "no arm"],
  [summary.arms.some(({ waves }) => waves.finished !== waves.planned), "a wave is not finished"],
  [
    summary.arms.some((arm) => arm.jobs.ok + arm.jobs.failed !== arm.n * arm.waves.planned),
    "jobs are missing",
  ],
  [summary.leaks.length > 0, `leaks: ${JSON.stringify(summary.leaks)}`],
  [failed > 0, `${failed} jobs failed`],
  ...failures.map(({ count, label, class: name }) => [true, `${count} × ${label} by ${name}`]),
  [code !== 0, `exit code ${code}`],
].flatMap(([isWrong, words]) => (isWrong ? [words] : []));

for (const words of wrong) process.stderr.write(`quick start: ${words}\n`);
process.exitCode = wrong.length === 0 ? 0 : 1;
