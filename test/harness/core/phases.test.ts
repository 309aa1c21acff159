import { expect, test } from "vitest";
import { classify, plainOf } from "../../../harness/core/classify.ts";
import { impliedPhase, isPhase, PHASES, type Phase } from "../../../harness/core/phases.ts";
import { CORPUS, FOUND } from "../../corpus/corpus.ts";

test.each<[string, Phase | null]>([
  ["Bind for 0.0.0.0:80 failed: port is already allocated", "container_start"],
  ["all predefined address pools have been fully subnetted", null],
  [
    "failed to create network x: Error response from daemon: all predefined address pools have been fully subnetted",
    "network_create",
  ],
  [
    "starting container failed: error creating external connectivity network: all predefined address pools have been fully subnetted",
    "container_start",
  ],
  ["kernel: [38775494.392631] nf_conntrack: table full, dropping packet", "host_kernel_log"],
  [
    "Handler for DELETE /v1.47/networks/x returned error: no space left on device",
    "network_remove",
  ],
  ["OCI runtime exec failed: no space left on device", "exec"],
  ["no space left on device", null],
])("%j tells the phase %s", (message, phase) => {
  expect(impliedPhase(plainOf(message), classify(message, {}).class)).toBe(phase);
});

test("a phase that the words tell is the one that was labelled, in nine of ten real messages", () => {
  const told = [...CORPUS, ...FOUND].flatMap(({ text, phase }) => {
    const implied = impliedPhase(plainOf(text), classify(text, {}).class);
    return implied === null || phase === undefined ? [] : [implied === phase];
  });
  expect(told.length).toBeGreaterThan(120);
  expect(told.filter(Boolean).length / told.length).toBeGreaterThanOrEqual(0.9);
});

test("only names of the list are phases", () => {
  expect(PHASES.every(isPhase)).toBe(true);
  expect(["", "container.start", "toString"].some(isPhase)).toBe(false);
});
