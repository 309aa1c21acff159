/**
 * Journals of scenario routes: what each arm's jobs showed of their routes and of their connections.
 */
import type { EngineFacts, Event } from "../../../../harness/core/events.ts";
import type { PlanRequest } from "../../../../harness/core/plan-request.ts";
import { plan } from "../../../../harness/core/plan.ts";
import { routesAnswer, trafficAnswer } from "../../../../harness/core/routes/answers.ts";
import type { RouteTable } from "../../../../harness/core/routes/route-table.ts";
import type { HeldReport, TrafficReport } from "../../../../harness/core/routes/traffic.ts";
import { routes } from "../../../../scenarios/routes.ts";
import { recorded, REQUEST, type Trouble } from "../recorded.ts";

/** The interfaces of a container on one network, or on two; and the network that has the default route: 0, 1 or none. */
export const tableOf = (networks: 1 | 2, gateway: 0 | 1 | null): RouteTable => {
  const subnets = ["172.18.0", "172.19.0"].slice(0, networks);
  return {
    default4:
      gateway === null
        ? null
        : { gateway: `${subnets[gateway] ?? ""}.1`, interface: `eth${String(gateway)}` },
    default6: null,
    interfaces: subnets.map((subnet, index) => ({
      name: `eth${String(index)}`,
      addresses: [`${subnet}.2`],
    })),
  };
};

export const heldOf = (wish: Partial<HeldReport> = {}): HeldReport => ({
  kind: "stream",
  to: "uplink",
  address: "10.0.2.100",
  since: "before",
  state: "alive",
  before: 20,
  after: 50,
  longestSilence: 110,
  sent: null,
  words: null,
  ...wish,
});

export const trafficOf = (wish: Partial<TrafficReport> = {}): TrafficReport => ({
  kind: "traffic",
  watched: 5000,
  gateways: [],
  withoutRoute: 0,
  outside: { uplink: "10.0.2.100", bridge: "172.17.0.1" },
  held: [heldOf(), heldOf({ kind: "subscription", to: "bridge", address: "172.17.0.1" })],
  reachable: 40,
  requests: [
    {
      kind: "direct",
      sent: 48,
      answered: 48,
      lost: 0,
      firstAnswered: 6,
      median: 1,
      slowest: 9,
      first: [6, 2, 1],
      words: null,
    },
  ],
  ...wish,
});

/** What one kind of variant shows in every job of its arm. */
export interface Shown {
  readonly before: RouteTable;
  readonly after: RouteTable;
  readonly traffic: TrafficReport;
}

export const requestOf = (
  variants: readonly string[],
  more: Partial<PlanRequest> = {},
): PlanRequest => ({
  ...REQUEST,
  scenario: routes,
  services: [],
  modes: ["noports"],
  ns: [2],
  arms: variants.map((variant) => ({ mode: "noports", n: 2, variant })),
  images: {
    ...REQUEST.images,
    images: {
      ...REQUEST.images.images,
      job: { reference: "node:20", command: ["node", "/probe/job-main.js"], env: {} },
    },
  },
  ...more,
});

/** @param shown - by variant; a variant without it is only planned, and everything in it is done without a measurement */
export const routesRun = (
  shown: Readonly<Record<string, Shown>>,
  engine: Partial<EngineFacts> = {},
): readonly Event[] => {
  const request = requestOf(Object.keys(shown));
  const { waves, arms } = plan(request);
  const troubles = waves.flatMap(({ arm: id, jobs }): readonly Trouble[] => {
    const variant = arms.find((arm) => arm.id === id)?.variant ?? "";
    const seen = shown[variant];
    if (seen === undefined) return [];
    const { before, after, traffic } = seen;
    const common = {
      service: "app",
      networks: [
        { name: "app_stage_internal", gateway: "172.18.0.1" },
        { name: "app_stage", gateway: "172.19.0.1" },
      ],
      attached: "app_stage",
    };
    const read = { operation: "routes.read", service: "app" } as const;
    return jobs.flatMap(({ id: job }): readonly Trouble[] => [
      {
        job,
        ...read,
        step: "before",
        answer: routesAnswer({ ...common, before: null, now: before }),
      },
      { job, ...read, step: "after", answer: routesAnswer({ ...common, before, now: after }) },
      {
        job,
        operation: "traffic.watch",
        service: "app",
        answer: trafficAnswer(traffic, common),
      },
    ]);
  });
  return recorded({ request, engine, troubles });
};

/** As Engine 28.5.2 was seen to do it: the gateway moves, and who only listens on its bridge's address is not told. */
export const MOVED: Shown = {
  before: tableOf(1, 0),
  after: tableOf(2, 1),
  traffic: trafficOf({
    held: [
      heldOf(),
      heldOf({
        kind: "subscription",
        to: "bridge",
        address: "172.17.0.1",
        state: "silent",
        after: 0,
        longestSilence: 5000,
      }),
    ],
  }),
};

export const STAYED: Shown = {
  before: tableOf(1, 0),
  after: tableOf(2, 0),
  traffic: trafficOf(),
};
