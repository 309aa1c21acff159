import { unreachable } from "../harness/core/errors.ts";
import type { Summary } from "../harness/core/summary.ts";
import { count } from "../harness/core/units.ts";

const ENDINGS: Readonly<Record<Summary["ended"], string | null>> = {
  completed: null,
  interrupted: "the run was interrupted",
  "engine-lost": "the engine was lost",
  "trouble-failed": "the trouble that was asked for could not be made",
  killed: "the journal has no end",
};

const total = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** Null where nothing was expected in particular; the verdict then goes by the failures. */
const expectedWords = (expectations: Summary["expectations"]): string | null => {
  if (expectations.length === 0) return null;
  const of = count(expectations.length, "expectation");
  const counted = (["violated", "unknown"] as const).flatMap((verdict) => {
    const amount = expectations.filter((each) => each.verdict === verdict).length;
    return amount === 0 ? [] : [`${String(amount)} of ${of} ${verdict}`];
  });
  return counted.length === 0 ? `${of} met` : counted.join(", ");
};

/** What the jobs, the leftovers and the end of the run say, shortest first. */
const grounds = ({
  arms,
  leaks,
  ended,
  verdict,
  expectations,
}: Summary): readonly (string | null)[] => {
  const ok = total(arms.map(({ jobs }) => jobs.ok));
  const failed = total(arms.map(({ jobs }) => jobs.failed));
  const finished = total(arms.map(({ waves }) => waves.finished));
  const planned = total(arms.map(({ waves }) => waves.planned));
  const unfinished = total(arms.map(({ jobs }) => jobs.unfinished));
  const jobs = count(ok + failed + unfinished, "job");
  const outcome =
    ok + failed === 0
      ? "no job finished"
      : failed > 0
        ? `${String(failed)} of ${jobs} failed`
        : `${String(ok)} of ${jobs} OK`;
  const expected = expectedWords(expectations);
  const leftovers = leaks.length > 0 ? `${count(leaks.length, "wave")} left objects behind` : null;
  const coverage =
    finished < planned ? `${String(finished)} of ${count(planned, "wave")} finished` : null;
  switch (verdict) {
    case "holds":
      return [expected, outcome];
    case "violated":
    case "unknown":
      return [expected, outcome, leftovers, coverage, ENDINGS[ended]];
    default:
      return unreachable(verdict);
  }
};

/** The verdict in one line, without colour: `VIOLATED: 2 of 48 jobs failed`. */
export const verdictLine = (summary: Summary): string => {
  const mark = summary.simulated ? " (SIMULATED)" : "";
  const said = grounds(summary).filter((ground) => ground !== null);
  return `${summary.verdict.toUpperCase()}${mark}: ${said.join("; ")}`;
};
