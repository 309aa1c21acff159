import { expect, test } from "vitest";
import type { SocketSeen } from "../../harness/core/evidence.ts";
import { explain, explanationSchema, type Explanation } from "../../harness/core/explanation.ts";
import { history } from "../../harness/core/history.ts";
import {
  explanationJson,
  explanationMarkdown,
  explanationText,
} from "../../reports/explanation.ts";
import type { Paint } from "../../reports/paint.ts";
import { arm, journalOf, portTaken, refused } from "../harness/core/history.ts";
import { portSight, recorded, refusedBy, type Recording } from "../harness/core/recorded.ts";

const same = (words: string): string => words;
const PLAIN: Paint = { good: same, bad: same, dim: same, bold: same };

const connection = (port: number): SocketSeen => ({
  family: 4,
  localAddress: "127.0.0.1",
  localPort: port,
  remoteAddress: "192.0.2.7",
  remotePort: 443,
  state: "established",
  uid: 1000,
  holder: {
    pid: 4711,
    uid: 1000,
    user: "ci",
    command: "/usr/bin/curl -sS https://192.0.2.7",
    part: "none",
  },
});

/** Terminal control, a fence, a table border and a direction override, as a hostile service might say. */
const HOSTILE = "\u001b[2J\u009b31m``` | # @all <script> \u202egnihton";

const LOG = [
  'time="2026-11-21T04:00:00.308000000Z" level=info msg="loading plugin" runtime=io.containerd.runc.v2',
  'time="2026-11-21T04:00:00.310000000Z" level=warning msg="failed to restore thread\'s network namespace" error="operation not permitted"',
  'time="2026-11-21T04:00:00.318000000Z" level=error msg="Handler for POST /v1.52/containers/stress-k3x9-w1j02-mysql/start returned error: failed to set up container networking"',
];

const explained = (recording: Recording, failed: "first" | "all" = "first"): Explanation =>
  explain(history(recorded(recording)), { failed });

const ofProfile = (profile: string) => ({
  ...arm("ports", 2),
  id: `${profile}/ports/n2`,
  profile,
});
const TAKEN = { 1: [refused("container.start", "mysql", portTaken(32770))] };

const EXPLANATIONS: Readonly<Record<string, Explanation>> = {
  port: explained({
    request: { modes: ["ports"], services: [], ns: [16] },
    troubles: [2, 3, 4, 5].map((job) => ({
      job: `w1j0${String(job)}`,
      operation: "container.start",
      service: "mysql",
      answer: refusedBy(portTaken(32768 + job)),
      sights: [portSight(32768 + job, { host: [connection(32768 + job)] })],
    })),
    log: LOG,
  }),
  subnets: explained({
    request: { modes: ["noports"], ns: [1] },
    troubles: [
      {
        job: "w1j1",
        operation: "network.create",
        answer: refusedBy("all predefined address pools have been fully subnetted"),
        sights: [
          {
            about: "subnets",
            networks: Array.from({ length: 31 }, (_, index) => ({
              name: `shop_default-${String(index)}`,
              subnets: [`172.${String(index)}.0.0/16`],
              run: null,
            })),
          },
        ],
      },
    ],
    log: [],
  }),
  hostile: explained({
    request: { modes: ["ports"], ns: [1] },
    troubles: [
      {
        job: "w1j1",
        operation: "container.start",
        service: "redis",
        answer: refusedBy(`${HOSTILE} ${"x".repeat(400)}`),
        sights: [{ about: "daemon", state: null, pid: null, answers: true, goroutines: null }],
      },
    ],
    log: [`time="2026-11-21T04:00:00.310000000Z" level=error msg="${HOSTILE}"`],
  }),
  profiles: explain(
    history(
      journalOf({
        arms: ["new", "old"].map(ofProfile),
        engines: { new: { version: "29.6.0" }, old: { version: "28.5.2" } },
        planned: 3,
        waves: [
          { arm: "new/ports/n2", block: 0, wrong: TAKEN },
          { arm: "new/ports/n2", block: 1, wrong: TAKEN },
          { arm: "old/ports/n2", block: 0, wrong: TAKEN },
        ],
      }),
    ),
    { failed: "first" },
  ),
  ok: explain(history(recorded({ request: { modes: ["noports"], ns: [1] } })), { job: "w1j1" }),
  none: explained({ request: { ns: [1] } }),
};

test.each(Object.entries(EXPLANATIONS))(
  "the page of %s reads as in its golden",
  async (name, explanation) => {
    await expect(explanationText(explanation, PLAIN)).toMatchFileSnapshot(
      `goldens/explain-${name}.text.golden`,
    );
  },
);

test.each(["port", "hostile"])("the Markdown of %s reads as in its golden", async (name) => {
  const explanation = EXPLANATIONS[name];
  const markdown = explanation === undefined ? "" : explanationMarkdown(explanation);
  await expect(markdown).toMatchFileSnapshot(`goldens/explain-${name}.md.golden`);
});

test.each(Object.entries(EXPLANATIONS))(
  "a page of %s is at most 60 lines of 100 columns, without terminal control",
  (_, explanation) => {
    const lines = explanationText(explanation, PLAIN).split("\n");
    expect(lines.length).toBeLessThanOrEqual(61 * Math.max(1, explanation.pages.length));
    expect(lines.filter((line) => Array.from(line).length > 100)).toEqual([]);
    expect(lines.join("")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  },
);

test.each(Object.entries(EXPLANATIONS))(
  "the JSON of %s is what its schema promises",
  (_, explanation) => {
    expect(explanationSchema.parse(JSON.parse(explanationJson(explanation)))).toEqual(explanation);
  },
);
