import { expect, test } from "vitest";
import { SLOTS, portRangeOf, slotPaths } from "../../../docker/managed/slot.ts";

test("slots have 2048 ports each, one after the other, all below the host's 32768", () => {
  const ranges = SLOTS.map(portRangeOf);
  expect(ranges[0]).toEqual([13_312, 15_359]);
  expect(ranges[7]).toEqual([27_648, 29_695]);
  ranges.slice(1).forEach(([first], index) => {
    expect(first).toBe((ranges[index]?.[1] ?? 0) + 1);
  });
});

test("a socket's path is inside the runtime directory of its slot", () => {
  const { socket, runtimeDir } = slotPaths("/var/lib/rootless-stress", 3);
  expect(runtimeDir).toBe("/var/lib/rootless-stress/slots/3/run");
  expect(socket).toBe(`${runtimeDir}/docker.sock`);
});

test("a state directory too long for sockets is refused with the limit and the way out", () => {
  expect(() => slotPaths(`/home/${"x".repeat(60)}`, 0)).toThrow(
    /too long a path.*set STRESS_STATE_DIR to one of at most \d+ bytes/,
  );
});
