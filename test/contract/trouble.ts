/**
 * Trouble and evidence, together: what is injected refuses a job with the daemon's own words, a look at it shows who
 * did it, and when it is lifted the same job is done. One suite, performed on the fake and on a real engine.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { calibrationOf, type Calibration } from "../../harness/core/calibration.ts";
import type { Cause } from "../../harness/core/causes.ts";
import type { EngineFacts, Event } from "../../harness/core/events.ts";
import { history } from "../../harness/core/history.ts";
import type { ImageSet, Mode } from "../../harness/core/model.ts";
import { parseNemesis, type Nemesis } from "../../harness/core/nemesis.ts";
import { plan } from "../../harness/core/plan.ts";
import type { PlanRequest } from "../../harness/core/plan-request.ts";
import type { Runtime, Troublemaker } from "../../harness/core/ports.ts";
import { seconds, type Millis } from "../../harness/core/units.ts";
import { processorMeter, systemClock } from "../../harness/run/clock.ts";
import { performRun } from "../../harness/run/run.ts";
import { oneEngine } from "../harness/run/one-engine.ts";
import { stacks } from "../../scenarios/stacks.ts";

/** An engine under test, and the trouble that can be made there. */
export interface TroubledSubject {
  readonly runtime: Runtime;
  readonly images: ImageSet;
  readonly troublemaker: (options: {
    readonly run: string;
    readonly seed: string;
    readonly nemeses: readonly Nemesis[];
  }) => Promise<Troublemaker | null>;
  readonly close: () => Promise<void>;
}

/** A run's journal, and what its faults came to. */
interface Troubled {
  readonly events: readonly Event[];
  readonly calibration: Calibration;
}

interface Trial {
  readonly nemesis: string;
  readonly mode: Mode;
  readonly n: number;
  readonly timeout?: Millis;
}

/** The second wave is to show what is left of the first one's trouble. */
const firstWaveOnly = (trouble: Troublemaker): Troublemaker => ({
  strike: async (wave, report, bounded) => {
    if (wave.index === 1) await trouble.strike(wave, report, bounded);
  },
  lift: trouble.lift,
});

const signal = AbortSignal.timeout(600_000);

/** @param open - called once, before the first test of the suite */
export const troubleContract = (name: string, open: () => Promise<TroubledSubject>): void => {
  let subject: TroubledSubject;
  let facts: EngineFacts;
  let runs = 0;

  beforeAll(async () => {
    subject = await open();
    facts = await subject.runtime.describe(signal);
  });
  afterAll(async () => {
    await subject.close();
  });

  /** One wave of small jobs in that trouble, and after it one without. */
  const perform = async ({ nemesis, mode, n, timeout = seconds(60) }: Trial): Promise<Troubled> => {
    runs += 1;
    const request: PlanRequest = {
      run: `trouble-${String(process.pid)}-${String(runs)}`,
      seed: "contract",
      scenario: stacks,
      services: ["redis"],
      modes: [mode],
      ns: [n],
      waves: 2,
      ports: "minimal",
      images: subject.images,
      deadlines: { call: timeout, ready: timeout, teardown: seconds(120) },
      teardownConcurrency: 4,
      keepFailed: false,
      owner: "contract",
    };
    const { run, seed } = request;
    const trouble = await subject.troublemaker({ run, seed, nemeses: [parseNemesis(nemesis)] });
    if (trouble === null) throw new Error("no trouble was asked for");
    const events: Event[] = [];
    await performRun(
      plan(request),
      { tool: "0", command: [], request, startedAt: new Date().toISOString(), profiles: null },
      {
        clock: systemClock(),
        engines: oneEngine(subject.runtime, facts, firstWaveOnly(trouble)),
        journal: { append: (event) => void events.push(event) },
        processor: processorMeter,
        signal,
      },
    );
    const calibration = calibrationOf(history(events), { quiet: true });
    if (calibration === null) throw new Error("no fault was injected");
    return { events, calibration };
  };

  /** Nothing of the trouble is left in the second wave, nor anything of the first wave's jobs. */
  const expectPeace = ({ events, calibration }: Troubled): void => {
    const second = events.filter(
      (event) => event.event === "answered" && event.wave === 2 && event.answer.kind !== "done",
    );
    expect(second).toEqual([]);
    const ended = events.filter((event) => event.event === "wave.ended");
    expect(ended).toHaveLength(2);
    for (const { leaked, stuck } of ended) {
      expect([...leaked.containers, ...leaked.networks, ...stuck]).toEqual([]);
    }
    expect(calibration.bystanders.accused).toBe(0);
  };

  test.each<[nemesis: string, cause: Cause]>([
    ["occupy:1:outbound", "outbound_connection"],
    ["occupy:1:listener", "host_listener"],
    ["occupy:1:timewait", "time_wait"],
    ["occupy:1:forward", "leaked_forward"],
    ["second-engine:1", "other_engine"],
    ["name-clash", "name_taken"],
    ["exhaust-subnets", "subnets_taken"],
  ])(`${name}: %s is met and shown as %s, and gone with the wave`, async (nemesis, cause) => {
    const troubled = await perform({ nemesis, mode: "ports-block", n: 2 });
    expect(troubled.calibration.faults).toMatchObject([
      { truth: cause, fate: "met", score: "right", attributed: cause },
    ]);
    expectPeace(troubled);
  });

  test.each(["outbound", "forward"])(
    `${name}: twelve ports just ahead of the daemon's cursor, each held by one %s, are more than it tries`,
    async (by) => {
      // It tries ten, and 28.5.2 does not always begin with the very next: with ten held it came through in 3 of 4 runs.
      const nemesis = `occupy:12:${by}`;
      const troubled = await perform({ nemesis, mode: "ports", n: 1 });
      const { injected, fates, scores } = troubled.calibration;
      expect(injected).toBe(12);
      expect(fates.met).toBe(1);
      // An engine that tries again has met the nine before it, and an engine that does not has met none.
      expect([0, 9]).toContain(fates.absorbed);
      expect(scores).toEqual({ right: 1, wrong: 0, open: 0 });
      expectPeace(troubled);
    },
  );

  test(`${name}: connections from the host's own range stand, and fail a job only where the daemon's range meets it`, async () => {
    const { hostPortRange, enginePortRange } = facts;
    const troubled = await perform({ nemesis: "occupy:10:ephemeral", mode: "ports", n: 1 });
    const { injected, fates } = troubled.calibration;
    expect(injected).toBe(10);
    const [first, last] = enginePortRange ?? [32_768, 60_999];
    const meets = hostPortRange === null || (first <= hostPortRange[1] && last >= hostPortRange[0]);
    expect(fates.met).toBe(meets ? 1 : 0);
    expectPeace(troubled);
  });

  test(`${name}: a daemon that is stopped is seen to be, and goes on when the burst is over`, async () => {
    const troubled = await perform({
      nemesis: "slow-daemon:6",
      mode: "ports-block",
      n: 2,
      timeout: seconds(4),
    });
    expect(troubled.calibration.faults).toMatchObject([
      { truth: "daemon_paused", fate: "met", score: "right" },
    ]);
    expectPeace(troubled);
  });
};
