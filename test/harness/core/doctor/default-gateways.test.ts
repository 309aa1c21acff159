import { expect, test } from "vitest";
import { defaultGateways } from "../../../../harness/core/doctor/default-gateways.ts";
import type { DoctorFacts } from "../../../../harness/core/doctor/facts.ts";
import type { GatewayCandidate } from "../../../../harness/core/routes/prediction.ts";
import { QUIET_FACTS } from "./quiet-facts.ts";

const network = (name: string, wish: Partial<GatewayCandidate> = {}): GatewayCandidate => ({
  name,
  internal: false,
  ipv6: false,
  gatewayPriority: null,
  ...wish,
});

const container = (name: string, networks: Readonly<Record<string, number>>) => ({
  name,
  networkMode: Object.keys(networks)[0] ?? null,
  networks: Object.entries(networks).map(([each, gatewayPriority]) => ({
    name: each,
    gatewayPriority,
  })),
});

const judged = (
  networks: readonly GatewayCandidate[],
  containers: readonly ReturnType<typeof container>[],
  facts: Partial<DoctorFacts> = {},
) =>
  defaultGateways({
    ...QUIET_FACTS,
    attachments: { networks: [network("bridge"), ...networks], containers },
    ...facts,
  });

const SEED = [network("app_stage_internal"), network("app_stage")];

test("the seed's container on its back network is warned of, with the network that would move it", () => {
  const outcome = judged(SEED, [container("app", { app_stage_internal: 0 })]);
  expect(outcome).toMatchObject({
    status: "warning",
    blocks: false,
    evidence: [
      "container app, gateway of app_stage_internal: attaching app_stage moves it (app_stage sorts before app_stage_internal)",
    ],
  });
  expect(outcome.fix).toContain("--gw-priority 1");
});

test.each([
  ["attached to both already", SEED, container("app", { app_stage_internal: 0, app_stage: 0 })],
  ["on the front network, which sorts first", SEED, container("app", { app_stage: 0 })],
  [
    "on a back network that sorts first",
    [network("app_back"), network("app_front")],
    container("app", { app_back: 0 }),
  ],
  ["that has a gateway priority", SEED, container("app", { app_stage_internal: 1 })],
  [
    "on an internal network, with no gateway to lose",
    [network("app_stage_internal", { internal: true }), network("app_stage")],
    container("app", { app_stage_internal: 0 }),
  ],
  [
    "beside another project's networks, which sort before by chance",
    [network("zoo_default"), network("aquarium_default")],
    container("lion", { zoo_default: 0 }),
  ],
  [
    "on a network of which nothing is known",
    [network("app_stage")],
    container("app", { app_stage_internal: 0 }),
  ],
  ["on the engine's own bridge", [network("aaa")], container("app", { bridge: 0 })],
])("nobody is warned of a container %s", (_, networks, app) => {
  expect(judged(networks, [app])).toMatchObject({ status: "ok" });
});

test("networks belong together too where another container is on both", () => {
  const networks = [network("services"), network("edge")];
  const app = container("app", { services: 0 });
  expect(judged(networks, [app]).status).toBe("ok");
  expect(judged(networks, [app, container("old", { services: 0, edge: 0 })])).toMatchObject({
    status: "warning",
    evidence: [
      "container app, gateway of services: attaching edge moves it (edge sorts before services)",
    ],
  });
});

test("a network with IPv6 is warned of whatever its name, an internal one never", () => {
  const app = container("app", { app_a: 0 });
  expect(judged([network("app_a"), network("app_b", { ipv6: true })], [app]).evidence).toEqual([
    "container app, gateway of app_a: attaching app_b moves it (app_b has IPv6 too, app_a has not)",
  ]);
  expect(
    judged(
      [network("app_b"), network("app_a", { internal: true })],
      [container("app", { app_b: 0 })],
    ).status,
  ).toBe("ok");
});

test("an engine without gateway priorities is not told to use them", () => {
  const daemon = QUIET_FACTS.daemon;
  if (daemon === null) throw new Error("the quiet engine answers");
  const outcome = judged(SEED, [container("app", { app_stage_internal: 0 })], {
    daemon: { ...daemon, version: "20.10.24", apiVersion: "1.41" },
  });
  expect(outcome.fix).not.toContain("--gw-priority");
});

test("an engine that does not tell who is on which network is not called well", () => {
  expect(defaultGateways({ ...QUIET_FACTS, attachments: null }).status).toBe("unknown");
});
