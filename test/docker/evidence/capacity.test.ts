import fc from "fast-check";
import { expect, test } from "vitest";
import { parseHost } from "../../../docker/client/find-engine.ts";
import { readCapacity } from "../../../docker/evidence/capacity.ts";
import { AddressPools } from "../../../docker/fake/address-pools.ts";
import { behaviourOf } from "../../../docker/fake/behaviour.ts";
import { Refused } from "../../../docker/fake/refused.ts";
import { addressText } from "../../../docker/fake/subnets.ts";
import { freeSubnets } from "../../../harness/core/capacity.ts";
import { DEFAULT_POOLS, type Pool } from "../../../harness/core/known-engines.ts";
import Dockerode from "dockerode";
import { simulate } from "../fake/simulation.ts";
import { answering } from "./answering.ts";

const capacityAt = (
  socketPath: string,
  daemonJson: Readonly<Record<string, unknown>> | null = null,
) =>
  readCapacity({
    docker: new Dockerode({ socketPath }),
    address: parseHost(`unix://${socketPath}`, "test"),
    daemonJson,
    deadlineMs: 30_000,
    signal: new AbortController().signal,
  });

test("an engine as Docker comes has room for 30 networks, and for fewer when some exist", async () => {
  const { engine, docker } = await simulate();
  const { socketPath } = engine;
  expect(await capacityAt(socketPath)).toEqual({ pools: DEFAULT_POOLS, total: 31, free: 30 });
  await docker.createNetwork({ Name: "one" });
  await docker.createNetwork({ Name: "two", IPAM: { Config: [{ Subnet: "192.168.0.0/18" }] } });
  expect(await capacityAt(socketPath)).toMatchObject({ total: 31, free: 25 });
});

test("pools that the daemon tells come before those it was started with", async () => {
  const pools = [{ base: "10.200.0.0/14", size: 24 }];
  const { engine } = await simulate({ pools });
  const daemonJson = { "default-address-pools": [{ base: "10.0.0.0/24", size: 28 }] };
  const capacity = await capacityAt(engine.socketPath, daemonJson);
  expect(capacity).toEqual({ pools, total: 1024, free: 1023 });
});

const NETWORKS = [{ Name: "bridge", IPAM: { Config: [{ Subnet: "10.0.0.0/28" }] } }];

test.each([
  [{}, 31],
  [{ "default-address-pools": [{ base: "10.0.0.0/24", size: 28 }] }, 15],
  [{ "default-address-pools": "nonsense" }, 31],
])("a daemon that tells no pools has those of %j", async (daemonJson, free) => {
  const { socketPath } = await answering((path) => ({
    json: path.startsWith("/networks") ? NETWORKS : {},
  }));
  expect(await capacityAt(socketPath, daemonJson)).toMatchObject({ free });
});

test("pools of IPv6 do not count", async () => {
  const { socketPath } = await answering((path) => ({
    json: path.startsWith("/networks")
      ? NETWORKS
      : {
          DefaultAddressPools: [
            { Base: "fd00::/48", Size: 64 },
            { Base: "10.0.0.0/24", Size: 28 },
          ],
        },
  }));
  expect(await capacityAt(socketPath)).toEqual({
    pools: [{ base: "10.0.0.0/24", size: 28 }],
    total: 16,
    free: 15,
  });
});

test("nothing is known of an engine that does not tell its networks", async () => {
  const { socketPath } = await answering((path) => (path === "/info" ? { json: {} } : 500));
  expect(await capacityAt(socketPath)).toBeNull();
});

/** Pools of a /16 each, none in another, cut into a few subnets. */
const someDisjointPools: fc.Arbitrary<readonly Pool[]> = fc
  .uniqueArray(fc.integer({ min: 0, max: 15 }), { minLength: 1, maxLength: 4 })
  .chain((seconds) =>
    fc.tuple(
      ...seconds.map((second) =>
        fc
          .integer({ min: 16, max: 21 })
          .map((size) => ({ base: `10.${String(second)}.0.0/16`, size })),
      ),
    ),
  );

const subnetInThem = fc
  .record({
    address: fc.integer({ min: 0, max: 0x0f_ff_ff }),
    bits: fc.integer({ min: 14, max: 26 }),
  })
  .map(({ address, bits }) => {
    const size = 2 ** (32 - bits);
    return `${addressText(0x0a_00_00_00 + Math.floor(address / size) * size)}/${String(bits)}`;
  });

const unlessRefused = <Result>(attempt: () => Result): Result | null => {
  try {
    return attempt();
  } catch (error) {
    if (error instanceof Refused) return null;
    throw error;
  }
};

test.each(["20.10.24", "29.6.0"])(
  "as many networks as are free are given out by %s, and then none",
  (version) => {
    fc.assert(
      fc.property(
        someDisjointPools,
        fc.array(subnetInThem, { maxLength: 6 }),
        fc.array(fc.boolean(), { maxLength: 12 }),
        (pools, named, kept) => {
          const engine = new AddressPools(pools, behaviourOf(version));
          const taken = named.flatMap(
            (cidr) => unlessRefused(() => engine.claim(cidr))?.cidr ?? [],
          );
          for (const keeps of kept) {
            const subnet = unlessRefused(() => engine.allocate());
            if (subnet === null) break;
            if (keeps) taken.push(subnet.cidr);
            else engine.release(subnet);
          }
          const predicted = freeSubnets(pools, taken);
          let given = 0;
          while (unlessRefused(() => engine.allocate()) !== null) given += 1;
          expect(given).toBe(predicted);
        },
      ),
    );
  },
);
