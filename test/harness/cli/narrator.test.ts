import { expect, onTestFinished, test, vi } from "vitest";
import { createNarrator } from "../../../harness/cli/narrator.ts";
import { millis } from "../../../harness/core/units.ts";

test("a burst and a teardown that take long are narrated every ten seconds, until the wave ends", () => {
  vi.useFakeTimers();
  onTestFinished(() => {
    vi.useRealTimers();
  });
  const lines: string[] = [];
  const stderr = { write: (text: string) => lines.push(text) };
  const { follow } = createNarrator({ stderr, level: "info", format: "text" });
  const ref = { at: millis(0), wave: 1, job: "w1j1", service: "redis" };
  const create = { ...ref, operation: "container.create" } as const;
  follow({ event: "gate.opened", at: millis(0), wave: 1 });
  follow({ event: "invoked", ...create });
  vi.advanceTimersByTime(10_000);
  follow({ event: "answered", ...create, writtenAt: null, answer: { kind: "done" } });
  follow({
    ...{ event: "burst.ended", at: millis(1), wave: 1, processor: millis(0), cores: 1 },
    engineProcessor: null,
  });
  vi.advanceTimersByTime(20_000);
  follow({ event: "run.ended", at: millis(2), reason: "completed" });
  vi.advanceTimersByTime(60_000);
  expect(lines.filter((line) => line.includes("still")).map((line) => line.trim())).toEqual([
    expect.stringMatching(/still waiting for 1 answer, 10 s$/),
    expect.stringMatching(/still removing 1 container, 10 s$/),
    expect.stringMatching(/still removing 1 container, 20 s$/),
  ]);
});
