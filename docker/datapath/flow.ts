/**
 * One run of iperf3 along a way in, and what it cost.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Cost, FlowMeasurement } from "../../harness/core/datapath/measurements.ts";
import type { SocketState } from "../../harness/core/evidence.ts";
import type { FlowSpec } from "../../harness/core/model.ts";
import { readSockets } from "../evidence/sockets.ts";
import { costOver } from "./cost.ts";
import { iperf3Report, type Iperf3Report } from "./iperf3-report.ts";
import { outputOf, startIn, type StartedProgram } from "./place.ts";
import type { Path, PathOptions, Target } from "./target.ts";

/** Not counted: congestion windows grow. */
const WARM_UP_S = 1;
/** How much longer than it is counted the flow goes on, so that its ends are not counted either. */
const TAIL_S = 1;
/** From the last connection to the first bytes. */
const LEAD_MS = 250;
/** For connections to be made, and for results to be exchanged when the flow is over. */
const CONNECT_MS = 10_000;
const FAREWELL_MS = 10_000;
const POLL_MS = 50;

/** In whole seconds, as iperf3 wants it. */
const lengthOf = ({ duration }: FlowSpec): number => Math.ceil(duration / 1000) + TAIL_S;

/** States of the server's sockets on its port; null where they cannot be seen. */
const serverStates = async ({
  serverPid,
  containerPort,
  port,
}: Target): Promise<readonly SocketState[] | null> => {
  const table = await readSockets({ kind: "pid", pid: serverPid });
  return table?.onPort(containerPort ?? port).map(({ state }) => state) ?? null;
};

const commandOf = (
  iperf3: string,
  { target, flow }: { readonly target: Path["target"]; readonly flow: FlowSpec },
): readonly string[] => [
  iperf3,
  ...["--client", target.host, flow.family === 4 ? "--version4" : "--version6"],
  ...["--port", String(target.port)],
  ...["--time", String(lengthOf(flow))],
  ...["--omit", String(WARM_UP_S)],
  ...["--parallel", String(flow.connections)],
  ...(flow.direction === "egress" ? ["--reverse"] : []),
  "--json",
];

/** Until the server has all connections: that of the session, and those of the flow. */
const untilConnected = async (
  target: Target,
  { connections }: FlowSpec,
  signal: AbortSignal,
): Promise<void> => {
  for (const end = performance.now() + CONNECT_MS; performance.now() < end;) {
    const states = await serverStates(target);
    const made = states?.filter((state) => state === "established").length;
    if (made === undefined || made > connections) return;
    await sleep(POLL_MS, undefined, { signal });
  }
};

/** Counted in the middle of the flow; why it could not be, when it ended before. */
const costOf = async (
  started: StartedProgram,
  flow: FlowSpec,
  { engine, target }: Path,
  signal: AbortSignal,
): Promise<Cost | Error> => {
  const over = new AbortController();
  void started.ended.then(() => {
    over.abort();
  });
  const bounded = AbortSignal.any([signal, over.signal]);
  try {
    await untilConnected(target, flow, bounded);
    await sleep(WARM_UP_S * 1000 + LEAD_MS, undefined, { signal: bounded });
    const client = { pid: await started.pid(), spender: "iperf3-client" } as const;
    const server = { pid: target.serverPid, spender: "iperf3-server" } as const;
    return await costOver(flow.duration, { engine, server, client }, bounded);
  } catch (cause) {
    signal.throwIfAborted();
    return new Error("iperf3 ended before its time", { cause });
  }
};

/** One run of iperf3; its report, and what it cost. */
const runOnce = async (
  command: readonly string[],
  flow: FlowSpec,
  path: Path,
  { docker, signal }: Pick<PathOptions, "docker" | "signal">,
): Promise<{ readonly report: Iperf3Report; readonly cost: Cost | Error }> => {
  const patience = (WARM_UP_S + lengthOf(flow)) * 1000 + CONNECT_MS + FAREWELL_MS;
  const late = AbortSignal.timeout(patience);
  const bounded = AbortSignal.any([signal, late]);
  try {
    const started = await startIn(path.target.from, command, { docker, signal: bounded });
    const [output, cost] = await Promise.all([
      outputOf(started),
      costOf(started, flow, path, bounded),
    ]);
    return { report: iperf3Report(output), cost };
  } catch (error) {
    signal.throwIfAborted();
    if (!late.aborted) throw error;
    throw new Error(`iperf3 did not end within ${String(patience / 1000)} s`, { cause: error });
  }
};

/** For a server to be done with who came before. */
const IDLE_MS = 5000;

const IN_SESSION: ReadonlySet<SocketState> = new Set(["established", "close-wait", "syn-recv"]);

/** iperf3 serves one session at a time, and whoever asked whether it answers was one. */
const untilIdle = async (target: Target, signal: AbortSignal): Promise<void> => {
  for (const end = performance.now() + IDLE_MS; performance.now() < end;) {
    const states = await serverStates(target);
    // Where that cannot be seen, a moment has to do.
    if (states === null) break;
    if (states.includes("listen") && !states.some((state) => IN_SESSION.has(state))) break;
    await sleep(POLL_MS, undefined, { signal });
  }
  // What has ended in the kernel's table, the server learns next, and then it listens anew.
  await sleep(2 * POLL_MS, undefined, { signal });
};

/** Before a flow: the server was not done all the same. */
const NOT_YET = /the server is busy|control socket has closed|connection reset/i;
const TRIES = 3;

/** @throws Error with iperf3's words when it fails on a way that answers */
export const measureFlow = async (
  flow: FlowSpec,
  path: Path,
  { docker, programs, signal }: PathOptions,
): Promise<FlowMeasurement> => {
  const { target } = path;
  const iperf3 = target.from.kind === "host" ? (await programs()).iperf3 : "iperf3";
  const command = commandOf(iperf3, { target, flow });
  for (let tried = 1; ; tried += 1) {
    await untilIdle(target, signal);
    const { report, cost } = await runOnce(command, flow, path, { docker, signal });
    if (report.kind === "measured") {
      if (cost instanceof Error) throw cost;
      const { bitsPerSecond, retransmits, program } = report;
      return { kind: "flow", bitsPerSecond, retransmits, program, ...cost };
    }
    const isTooEarly = cost instanceof Error && NOT_YET.test(report.words);
    if (!isTooEarly || tried === TRIES) throw new Error(report.words);
  }
};
