import { expect, test } from "vitest";
import { holdersOfName, subnetsTaken } from "../../../docker/evidence/holders-of-names.ts";
import { LABEL } from "../../../harness/core/model.ts";
import { answering } from "./answering.ts";

const askedWith = async (json: unknown) => {
  const engine = await answering(() => ({ json }));
  return { ...engine, questions: { ask: engine.ask, deadlineMs: 2000 } };
};

test("networks come with their subnets and the run that made them", async () => {
  const { questions } = await askedWith([
    { Name: "bridge", Labels: {}, IPAM: { Config: [{ Subnet: "172.17.0.0/16" }, {}] } },
    { Name: "host", Labels: null, IPAM: { Config: null } },
    { Name: "job", Labels: { [LABEL.run]: "r1" }, IPAM: { Config: [{ Subnet: "fd00::/64" }] } },
  ]);
  expect(await subnetsTaken(questions)).toEqual([
    { name: "bridge", subnets: ["172.17.0.0/16"], run: null },
    { name: "host", subnets: [], run: null },
    { name: "job", subnets: ["fd00::/64"], run: "r1" },
  ]);
});

test("of containers that match the filter, the one of exactly that name has it", async () => {
  const { questions, asked } = await askedWith([
    { Id: "a", Names: ["/job.1"], Labels: { [LABEL.run]: "r1" }, Created: 1_795_000_000 },
    { Id: "b", Names: ["/job-1"], Labels: {}, Created: 1_795_000_000 },
  ]);
  const named = { kind: "container", name: "job.1" } as const;
  expect(await holdersOfName(questions, named)).toEqual([
    { id: "a", name: "job.1", run: "r1", job: null, createdAt: "2026-11-18T11:06:40.000Z" },
  ]);
  expect(asked).toEqual([String.raw`/containers/json?all=true&filters={"name":["^/job\\.1$"]}`]);
});

test("two networks may have one name, and times are told in UTC", async () => {
  const network = { Name: "n", Labels: {}, Created: "2026-11-21T09:00:00.123456789+01:00" };
  const { questions } = await askedWith([
    { Id: "a", ...network },
    { Id: "b", ...network },
    { Id: "c", ...network, Name: "n2" },
  ]);
  const holders = await holdersOfName(questions, { kind: "network", name: "n" });
  expect(holders?.map(({ id, createdAt }) => [id, createdAt])).toEqual([
    ["a", "2026-11-21T08:00:00.123Z"],
    ["b", "2026-11-21T08:00:00.123Z"],
  ]);
});
