import { expect, test } from "vitest";
import {
  predictedGateway,
  predictedMove,
  type GatewayCandidate,
} from "../../../../harness/core/routes/prediction.ts";
import { routes } from "../../../../scenarios/routes.ts";

const ENGINES = {
  "20.10.24": { version: "20.10.24+dfsg1", apiVersion: "1.41" },
  "26.1.5": { version: "26.1.5+dfsg1", apiVersion: "1.45" },
  "28.5.2": { version: "28.5.2+dfsg4", apiVersion: "1.51" },
  "29.6.0": { version: "29.6.0", apiVersion: "1.54" },
} as const;
type Engine = keyof typeof ENGINES;

const on = (name: string, wish: Partial<GatewayCandidate> = {}): GatewayCandidate => ({
  name,
  internal: false,
  gatewayPriority: null,
  ...wish,
});

const moveOf = (engine: Engine, first: GatewayCandidate, attached: GatewayCandidate) =>
  predictedMove({ first, attached }, ENGINES[engine]);

/** As measured: what the networks are, and the gateway's network before and after; null: no default route. */
const MEASURED: readonly (readonly [
  engines: readonly Engine[],
  first: GatewayCandidate,
  attached: GatewayCandidate,
  before: string | null,
  after: string,
])[] = [
  [
    ["20.10.24", "26.1.5", "28.5.2"],
    on("app_stage_internal"),
    on("app_stage"),
    "app_stage_internal",
    "app_stage",
  ],
  [
    ["20.10.24", "26.1.5", "28.5.2"],
    on("BACK_app_stage"),
    on("FRONT_app_stage"),
    "BACK_app_stage",
    "BACK_app_stage",
  ],
  [
    ["20.10.24"],
    on("app_stage_internal", { internal: true }),
    on("app_stage"),
    "app_stage_internal",
    "app_stage",
  ],
  [
    ["26.1.5", "28.5.2"],
    on("app_stage_internal", { internal: true }),
    on("app_stage"),
    null,
    "app_stage",
  ],
  [
    ["20.10.24", "26.1.5", "28.5.2"],
    on("app_stage_internal"),
    on("app_stage", { internal: true }),
    "app_stage_internal",
    "app_stage_internal",
  ],
  [
    ["20.10.24"],
    on("BACK_app_stage", { internal: true }),
    on("FRONT_app_stage"),
    "BACK_app_stage",
    "FRONT_app_stage",
  ],
  [
    ["20.10.24", "26.1.5", "28.5.2"],
    on("app_stage"),
    on("app_stage_internal"),
    "app_stage",
    "app_stage",
  ],
  [
    ["20.10.24", "26.1.5", "28.5.2"],
    on("FRONT_app_stage"),
    on("BACK_app_stage"),
    "FRONT_app_stage",
    "BACK_app_stage",
  ],
  [["20.10.24", "26.1.5", "28.5.2"], on("back_x"), on("FRONT_x"), "back_x", "FRONT_x"],
  [["20.10.24", "26.1.5", "28.5.2"], on("app_1"), on("app-2"), "app_1", "app-2"],
  [
    ["20.10.24", "26.1.5"],
    on("app_stage_internal", { gatewayPriority: 10 }),
    on("app_stage"),
    "app_stage_internal",
    "app_stage",
  ],
  [
    ["28.5.2"],
    on("app_stage_internal", { gatewayPriority: 10 }),
    on("app_stage"),
    "app_stage_internal",
    "app_stage_internal",
  ],
  [
    ["28.5.2"],
    on("app_stage_internal"),
    on("app_stage", { gatewayPriority: -1 }),
    "app_stage_internal",
    "app_stage_internal",
  ],
  [
    ["28.5.2"],
    on("BACK_app_stage"),
    on("FRONT_app_stage", { gatewayPriority: 10 }),
    "BACK_app_stage",
    "FRONT_app_stage",
  ],
  [
    ["20.10.24", "28.5.2"],
    on("app_stage_internal", { gatewayPriority: 5 }),
    on("app_stage", { gatewayPriority: 5 }),
    "app_stage_internal",
    "app_stage",
  ],
  [
    ["28.5.2"],
    on("BACK_app_stage"),
    on("FRONT_app_stage", { internal: true, gatewayPriority: 10 }),
    "BACK_app_stage",
    "BACK_app_stage",
  ],
  [
    ["20.10.24", "26.1.5", "28.5.2"],
    on("a_back"),
    on("b_front", { ipv6: true }),
    "a_back",
    "b_front",
  ],
  [
    ["20.10.24", "26.1.5", "28.5.2"],
    on("b_back", { ipv6: true }),
    on("a_front"),
    "b_back",
    "b_back",
  ],
  [
    ["28.5.2"],
    on("b_back", { ipv6: true }),
    on("a_front", { gatewayPriority: 10 }),
    "b_back",
    "b_back",
  ],
];

test.each(MEASURED)(
  "Engines %j: on %j, attached to %j, the gateway is of %s and then of %s",
  (engines, first, attached, before, after) => {
    for (const engine of engines) {
      const move = moveOf(engine, first, attached);
      expect([engine, move?.before.network, move?.after?.network]).toEqual([engine, before, after]);
    }
  },
);

test("from 29.5 on a priority decides before IPv6 does", () => {
  const networks = [on("b_back", { ipv6: true }), on("a_front", { gatewayPriority: 10 })];
  expect(predictedGateway(networks, ENGINES["29.6.0"])).toMatchObject({
    network: "a_front",
    rule: "priority",
  });
});

test("the order in which networks are attached plays no part", () => {
  const networks = [on("app_stage"), on("app_stage_internal")];
  for (const engine of Object.values(ENGINES)) {
    expect(predictedGateway(networks.toReversed(), engine)).toEqual(
      predictedGateway(networks, engine),
    );
  }
});

test("a container on no network has no gateway", () => {
  expect(predictedGateway([], ENGINES["28.5.2"])).toBeNull();
});

const MOVES = (engine: Engine) =>
  Object.fromEntries(
    routes.variants.map((variant) => {
      const move = predictedMove(variant, ENGINES[engine]);
      return [variant.name, [move?.moves, move?.after?.rule ?? null, move?.after?.because ?? null]];
    }),
  );

test("of the scenario's variants the seed's names alone move the gateway on Engine 28", () => {
  expect(MOVES("28.5.2")).toEqual({
    app_stage: [true, "lexical order", "app_stage sorts before app_stage_internal"],
    BACK_FRONT: [false, "lexical order", "BACK_app_stage sorts before FRONT_app_stage"],
    // It had none to lose.
    "internal-back": [false, "internal", "app_stage_internal is internal"],
    "gateway-priority": [
      false,
      "priority",
      "app_stage_internal has gateway priority 1, app_stage 0",
    ],
    reversed: [false, "lexical order", "app_stage sorts before app_stage_internal"],
    "one-network": [false, null, null],
  });
});

test("before Engine 25 an internal back network has a default gateway to lose, before 28 a priority is passed over", () => {
  expect(MOVES("20.10.24")).toMatchObject({
    app_stage: [true, "lexical order", expect.anything()],
    BACK_FRONT: [false, "lexical order", expect.anything()],
    "internal-back": [true, "internal", expect.anything()],
    "gateway-priority": [true, "lexical order", expect.anything()],
    reversed: [false, "lexical order", expect.anything()],
  });
});
