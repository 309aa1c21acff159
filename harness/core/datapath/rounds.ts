/**
 * What was measured of a way in, round by round: a block of the run has one of each.
 */
import type { RunHistory } from "../history.ts";
import type { Measured } from "../measured.ts";
import { measuredRun } from "../measured-waves.ts";
import type { OperationKind } from "../model.ts";
import { median, sorted } from "../statistics.ts";

export interface Round<Result> {
  readonly block: number;
  readonly result: Result;
}

/** Which measurement: of an arm, of a kind, and which of several. */
interface Wanted {
  readonly arm: string;
  readonly operation: OperationKind;
  readonly step: string | null;
}

/** In the order of the run; without warm-ups, and without waves that were cut off, as everywhere. */
export const roundsOf = (run: RunHistory, wanted: Wanted): readonly Round<Measured>[] =>
  measuredRun(run)
    .waves.filter(({ started, ended }) => started.arm === wanted.arm && ended !== null)
    .flatMap(({ started, jobs }) =>
      jobs.flatMap(({ burst }) =>
        burst.flatMap(({ operation, step, answer }) =>
          operation === wanted.operation &&
          step === wanted.step &&
          answer.kind === "done" &&
          answer.measured !== undefined
            ? [{ block: started.block, result: answer.measured }]
            : [],
        ),
      ),
    );

export const ofKind = <Kind extends Measured["kind"]>(
  rounds: readonly Round<Measured>[],
  kind: Kind,
): readonly Round<Extract<Measured, { readonly kind: Kind }>>[] =>
  rounds.flatMap(({ block, result }) => (isKind(result, kind) ? [{ block, result }] : []));

const isKind = <Kind extends Measured["kind"]>(
  measured: Measured,
  kind: Kind,
): measured is Extract<Measured, { readonly kind: Kind }> => measured.kind === kind;

/** One value a round; where a block has several jobs, their median. Those that are null are left out. */
export const byBlock = <Result>(
  rounds: readonly Round<Result>[],
  of: (result: Result) => number | null,
): ReadonlyMap<number, number> => {
  const blocks = new Map<number, number[]>();
  for (const { block, result } of rounds) {
    const value = of(result);
    if (value !== null) blocks.set(block, [...(blocks.get(block) ?? []), value]);
  }
  return new Map([...blocks].map(([block, values]) => [block, median(sorted(values))]));
};

/** The rounds that both have. */
export const paired = (
  values: ReadonlyMap<number, number>,
  references: ReadonlyMap<number, number>,
): readonly { readonly value: number; readonly reference: number }[] =>
  [...values].flatMap(([block, value]) => {
    const reference = references.get(block);
    return reference === undefined ? [] : [{ value, reference }];
  });
