/** Judged runs for the tests of what a run is written as. */
import { judge } from "../../harness/core/judge.ts";
import type { Summary } from "../../harness/core/summary.ts";
import {
  arm,
  journalOf,
  killedBefore,
  portTaken,
  refused,
  RUN_ID,
} from "../harness/core/history.ts";

/** Terminal control, ends of CDATA, code points that XML lacks, a workflow command and a direction override. */
export const HOSTILE =
  '\u001b[2J\u0000]]>]]> \ufffe\ud800 100 % <b>"&\n::error::x\n## heading\n```` \u202egnihton';

const clean = journalOf({
  arms: [arm("ports", 16)],
  waves: [1, 1.05, 0.95].map((slowness) => ({ arm: "ports", slowness })),
});

export const CLEAN = judge(clean);

/** Two arms; the first fails in two ways, one of them hostile, and leaves things behind. */
export const MIXED = judge(
  journalOf({
    arms: [arm("ports", 16), arm("noports", 16)],
    waves: [
      {
        arm: "ports",
        wrong: {
          3: [refused("container.start", "mysql", portTaken(32770))],
          4: [refused("container.start", "mysql", portTaken(32780))],
          9: [refused("ready", "redis", HOSTILE, "service")],
          10: [refused("ready", "redis", "quite other words", "service")],
        },
        leaked: { networks: [`stress-${RUN_ID}-w1j03`] },
        leakedPorts: [32770],
        portRetryLines: 2,
      },
      { arm: "noports" },
      { arm: "noports", slowness: 1.1 },
      { arm: "ports", slowness: 1.2 },
    ],
  }),
);

/** One wave finished, one cut off, one never begun. */
export const KILLED = judge(killedBefore(clean, 900));

/** Not one wave finished. */
export const NOTHING = judge(killedBefore(clean, 20));

export const SIMULATED = judge(
  journalOf({
    arms: [arm("noports", 2)],
    waves: [{ arm: "noports" }],
    engine: { simulated: true },
  }),
);

/** A run whose one failure says so many characters. */
export const saying = (message: string): Summary =>
  judge(
    journalOf({
      arms: [arm("ports", 1)],
      waves: [
        {
          arm: "ports",
          wrong: { 1: [refused("container.start", "redis", message)] },
          leaked: { networks: [message.slice(0, 200)] },
        },
      ],
      engine: { version: message.slice(0, 200), architecture: message.slice(0, 200) },
    }),
  );

const finding = { arm: "ports", verdict: "holds", words: "13 % (4/32) < 50 %" } as const;

/** Jobs failed, and yet it is all that was expected of them. */
export const EXPECTED: Summary = {
  ...MIXED,
  leaks: [],
  verdict: "holds",
  expectations: [
    {
      expectation: "failure_rate(ports) < 50%",
      verdict: "holds",
      confidence: 0.95,
      arms: [finding],
      words: "13 % (4/32) < 50 %",
    },
  ],
};

/** It is not shown what was expected. */
export const UNDECIDED: Summary = {
  ...EXPECTED,
  verdict: "unknown",
  expectations: EXPECTED.expectations.map((each) => ({
    ...each,
    verdict: "unknown",
    words: "too few waves",
  })),
};

/** Two setups: one ran, on an engine of its own; one could not. */
export const PROFILES: Summary = {
  ...CLEAN,
  arms: CLEAN.arms.map((each) => ({ ...each, id: "old/ports", profile: "old" })),
  profiles: [
    {
      name: "old",
      title: "Debian 12",
      skipped: null,
      engine: { ...CLEAN.engine, version: "20.10.24" },
      starts: 1,
    },
    { name: "pasta", title: "pasta", skipped: "there is no pasta here", engine: null, starts: 0 },
  ],
};
