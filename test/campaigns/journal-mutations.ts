/**
 * Damages journals for as long as is asked, and reads one that is too long for a string: `npm run build && node
 * dist/test/campaigns/journal-mutations.js [SEED [RUNS [MEGABYTES]]]`. Exits with 1 and the smallest counterexample
 * where a damaged journal is judged HOLDS.
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import type { Event } from "../../harness/core/events.ts";
import { millis } from "../../harness/core/units.ts";
import { readJournal } from "../../harness/run/journal.ts";
import { recorded } from "../harness/core/recorded.ts";
import { noFalseHolds } from "../harness/run/journal-mutations.ts";
import { writeJournal } from "../harness/run/write-journal.ts";

const [seed = Date.now() % 2 ** 31, runs = 20_000, megabytes = 0] = process.argv
  .slice(2)
  .map(Number);
const directory = mkdtempSync(join(tmpdir(), "stress-campaign-"));
const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const LINE = "x".repeat(900);

/** A whole run with so many events of a kilobyte before its end. */
function* long(events: number): Generator<Event> {
  const whole = recorded({});
  yield* whole.slice(0, -1);
  for (let at = 0; at < events; at += 1) {
    yield {
      ...{ event: "daemon.logged", at: millis(at), wave: 1 },
      ...{ lines: [LINE], dropped: 0 },
    };
  }
  yield* whole.slice(-1);
}

try {
  const path = join(directory, "events.ndjson");
  say(`seed ${String(seed)}: ${String(runs)} damaged journals`);
  fc.assert(noFalseHolds(path), { seed, numRuns: runs });
  say("none was judged HOLDS");
  if (megabytes > 0) {
    rmSync(path);
    writeJournal(path, long(megabytes * 1000));
    let read = 0;
    let last = 0;
    for (const { at } of readJournal(path)) [read, last] = [read + 1, at];
    const used = (process.memoryUsage().rss / 1e6).toFixed(0);
    const size = String(statSync(path).size);
    say(
      `${String(read)} events, ${size} bytes, until ${String(last)} ms: read with ${used} MB in use`,
    );
  }
} finally {
  rmSync(directory, { recursive: true });
}
