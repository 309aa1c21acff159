import { expect, test } from "vitest";
import { reservedPrefixes, routesIn } from "../../../docker/evidence/reserved-prefixes.ts";

test("of the kernel's routes those on the link are prefixes", () => {
  const table = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
tap0\t00000000\t0202000A\t0003\t0\t0\t0\t00000000\t0\t0\t0
tap0\t0002000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
tap0\t0000A8C0\t0202000A\t0003\t0\t0\t0\t0000FFFF\t0\t0\t0
`;
  expect(routesIn(table)).toEqual(["10.0.2.0/24", "172.17.0.0/16"]);
});

test("of this very namespace something is reserved, and of one that is gone nothing is known", async () => {
  expect(await reservedPrefixes({ kind: "host" }, null)).not.toBeNull();
  expect(await reservedPrefixes({ kind: "pid", pid: 2 ** 30 }, null)).toBeNull();
});
