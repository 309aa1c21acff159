import type { DatapathScenario, FlowSpec } from "../harness/core/model.ts";
import { seconds } from "../harness/core/units.ts";

/**
 * What is counted of each flow and of the requests; a flow takes about two and a half seconds more, for its warm-up
 * and its end. Rounds are what an interval is made from, and more of them say more than longer ones.
 */
const COUNTED = seconds(2);

const FAMILIES = [4, 6] as const;

const flows = FAMILIES.flatMap((family) =>
  (["ingress", "egress"] as const).flatMap((direction) =>
    [1, 10].map((connections): FlowSpec => ({ direction, connections, family, duration: COUNTED })),
  ),
);

/** What a job's traffic costs on each way to a server; a wave, which is one way, takes about a minute. */
export const datapath: DatapathScenario = {
  kind: "datapath",
  name: "datapath",
  title: "the cost of each way to a server: throughput by iperf3, and small requests to Redis",
  flows,
  requests: FAMILIES.map((family) => ({ family, duration: COUNTED })),
};
