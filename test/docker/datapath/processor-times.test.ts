import { expect, test } from "vitest";
import { machineTimesIn, ownTimeIn, readTimes } from "../../../docker/datapath/processor-times.ts";

const STAT = `cpu  2310041 1 1006301 3591687 19588 7 13033 4610 5 0
cpu0 1146428 1 484235 1832775 5629 0 1320 2289 0 0
cpu1 1163613 0 522065 1758912 13959 0 11712 2321 0 0
intr 310345345 0 0
ctxt 721342343
`;

test("the machine's time is told for all cores, software interrupts as a part of what was busy", () => {
  expect(machineTimesIn(STAT)).toEqual({
    busyMs: (2310041 + 1 + 1006301 + 7 + 13033) * 10,
    softirqMs: 130_330,
    idleMs: (3591687 + 19588) * 10,
    stealMs: 46_100,
    cores: 2,
  });
});

test.each([
  ["a name without surprises", "4711 (iperf3) S 1 2 3 0 -1 4194304 90 0 0 0 37 205 11 13 20 0 1 0"],
  ["a name with brackets", "4711 (a) b (c) S 1 2 3 0 -1 4194304 90 0 0 0 37 205 11 13 20 0 1 0"],
])("a process's own time leaves its children's out: %s", (_, stat) => {
  expect(ownTimeIn(stat)).toBe((37 + 205) * 10);
});

test.each(["", "4711 (iperf3) Z", "nonsense"])("%j tells no time", (text) => {
  expect(ownTimeIn(text)).toBeNull();
  expect(machineTimesIn(text)).toBeNull();
});

test("this process is among those that have spent time on this machine", () => {
  const { machine, processes } = readTimes();
  expect(processes.get(process.pid)).toBeGreaterThan(0);
  expect(machine.cores).toBeGreaterThan(0);
  expect(machine.busyMs).toBeGreaterThan(machine.softirqMs);
});
