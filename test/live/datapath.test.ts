/**
 * Ways to a real server, measured: a published port beside host networking, and what carries its traffic.
 */
import { expect, test } from "vitest";
import { outDirectory, runStress, summaryOf } from "./stress.ts";

test("a published port is dearer than host networking, and what carries it is named", async () => {
  const finished = await runStress([
    ...["run", "--scenario", "datapath", "--profile", "default,rootful", "--mode", "host,ports"],
    ...["--waves", "1", "--seconds", "1", "--json", "--out", outDirectory()],
  ]);
  const summary = summaryOf(finished);
  expect({ code: finished.code, leaks: summary.leaks }, finished.stderr).toEqual({
    code: 0,
    leaks: [],
  });
  const ways = summary.datapath?.ways ?? [];
  expect(ways.map(({ profile, mode, rootless }) => [profile, mode, rootless])).toEqual([
    ["default", "host", true],
    ["default", "ports", true],
    ["rootful", "host", false],
    ["rootful", "ports", false],
  ]);
  for (const { flows, requests } of ways) {
    expect(flows).toHaveLength(8);
    expect(requests).toHaveLength(2);
    expect(flows.every(({ throughput }) => (throughput?.median ?? 0) > 0)).toBe(true);
  }
  const published = ways.find(({ profile, mode }) => profile === "default" && mode === "ports");
  const most = published?.flows.find(
    ({ direction, connections, family }) =>
      direction === "ingress" && connections === 10 && family === 4,
  );
  expect(most?.perCoreRatio?.value).toBeLessThan(1);
  const spenders = new Map(most?.processor?.spenders.map((each) => [each.spender, each.cores]));
  expect(spenders.get("rootlesskit")).toBeGreaterThan(0);
  expect(published?.carriers?.proxied).toBe(true);
  expect(published?.carriers?.words.join("\n")).toMatch(
    /rootlesskit \(pid \d+\) listens on 0\.0\.0\.0:\d+ .*in the host's namespace/,
  );
}, 600_000);
