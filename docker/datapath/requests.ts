/**
 * Small requests along a way in, and what they cost.
 */
import type { Latency, RequestMeasurement } from "../../harness/core/datapath/measurements.ts";
import type { RequestsSpec } from "../../harness/core/model.ts";
import { median, quantile, sorted } from "../../harness/core/statistics.ts";
import type { DatapathLine } from "../probe/datapath-lines.ts";
import { startClient, type Client } from "./client.ts";
import { costOver } from "./cost.ts";
import type { Path, PathOptions } from "./target.ts";

/** New connections at most: enough for a 99th percentile, few enough that local ports are not used up. */
const CONNECTS = 500;
/** They may take as long as the requests on the connection that is held, but no longer than this. */
const LONGEST_CONNECTS_MS = 5000;
/** At the end of the requests, so that the client is still there when its time is read. */
const TAIL_MS = 250;

type Said<Step extends DatapathLine["step"]> = Extract<DatapathLine, { readonly step: Step }>;

/** @throws Error with the client's words when it says something else */
const expectStep = async <Step extends DatapathLine["step"]>(
  client: Client,
  step: Step,
  isStep: (line: DatapathLine) => line is Said<Step>,
): Promise<Said<Step>> => {
  const line = await client.next();
  if (isStep(line)) return line;
  throw new Error(
    line.step === "failed" ? line.words : `the client said ${line.step}, not ${step}`,
  );
};

const latency = (latencies: readonly number[]): Latency => {
  const ordered = sorted(latencies);
  return {
    samples: ordered.length,
    median: median(ordered),
    p95: quantile(ordered, 0.95),
    p99: quantile(ordered, 0.99),
  };
};

/** @throws Error with the words of the socket or of Redis */
export const measureRequests = async (
  { family, duration }: RequestsSpec,
  { engine, target }: Path,
  options: PathOptions,
): Promise<RequestMeasurement> => {
  const { host, port, from } = target;
  const client = await startClient(
    from,
    {
      kind: "requests",
      ...{ host, port, family },
      connects: CONNECTS,
      connectMs: Math.min(duration, LONGEST_CONNECTS_MS),
      holdMs: duration + TAIL_MS,
    },
    options,
  );
  const connected = await expectStep(client, "connected", (line) => line.step === "connected");
  await expectStep(client, "holding", (line) => line.step === "holding");
  const parties = {
    engine,
    server: { pid: target.serverPid, spender: "redis-server" },
    client: { pid: await client.pid(), spender: "redis-client" },
  } as const;
  const cost = await costOver(duration, parties, options.signal);
  const asked = await expectStep(client, "asked", (line) => line.step === "asked");
  return {
    kind: "requests",
    connect: latency(connected.latencies),
    requestsPerSecond: asked.requests / (asked.elapsedMs / 1000),
    ...cost,
  };
};
