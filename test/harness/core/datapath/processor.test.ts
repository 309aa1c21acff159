import { expect, test } from "vitest";
import { busyCoresOf, processorOf } from "../../../../harness/core/datapath/processor.ts";
import { flowed } from "./measured-ways.ts";

test("cores are busy with a flow by the machine's account, without what other processes spend", () => {
  const flow = flowed(10, { "iperf3-server": 0.8, "iperf3-client": 0.7, other: 0.3 });
  expect(busyCoresOf(flow)).toBeCloseTo(1.5, 12);
  // Two of four cores are busy less 0.2, and idle is the machine's own.
  expect(processorOf([flow])?.idle).toBeCloseTo((4 - 1.8) / 4, 12);
});

test("software interrupts within the others' time are counted once", () => {
  const flow = flowed(10, { "iperf3-server": 1, softirq: 0.4 });
  expect(busyCoresOf(flow)).toBeCloseTo(1, 12);
});

test("software interrupts beside the others' time are counted too", () => {
  const within = flowed(10, { "iperf3-server": 1, softirq: 0.4 });
  const apart = {
    ...within,
    softirq: "apart" as const,
    machine: { ...within.machine, busyMs: within.machine.busyMs + within.machine.softirqMs },
  };
  expect(busyCoresOf(apart)).toBeCloseTo(1.4, 12);
});

test("spenders are means of the rounds, in one order, and who spent nothing is left out", () => {
  const found = processorOf([
    flowed(10, { softirq: 0.1, "docker-proxy": 1, "iperf3-server": 0.5 }),
    flowed(12, { rootlesskit: 0.2, "docker-proxy": 0.6, "iperf3-server": 0.7 }),
  ]);
  expect(found?.spenders.map(({ spender }) => spender)).toEqual([
    "docker-proxy",
    "rootlesskit",
    "iperf3-server",
    "softirq",
  ]);
  expect(found?.spenders[0]?.cores).toBeCloseTo(0.8, 12);
  expect(found?.busyCores).toBeCloseTo(1.5, 12);
  expect(processorOf([])).toBeNull();
});
