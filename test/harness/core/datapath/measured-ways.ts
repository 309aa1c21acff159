/**
 * Journals of datapath runs, told by what was measured of each way in each round.
 */
import {
  SPENDERS,
  type Carriers,
  type FlowMeasurement,
  type RequestMeasurement,
  type Spender,
} from "../../../../harness/core/datapath/measurements.ts";
import type { SocketSeen } from "../../../../harness/core/evidence.ts";
import type { Event } from "../../../../harness/core/events.ts";
import { history, type RunHistory } from "../../../../harness/core/history.ts";
import type { Measured } from "../../../../harness/core/measured.ts";
import type { OperationKind } from "../../../../harness/core/model.ts";
import type { ArmSpec, PlanRequest } from "../../../../harness/core/plan-request.ts";
import { sum } from "../../../../harness/core/statistics.ts";
import { millis } from "../../../../harness/core/units.ts";
import { datapath } from "../../../../scenarios/datapath.ts";
import { recorded, REQUEST } from "../recorded.ts";

const image = (reference: string) => ({ reference, command: ["its-own-command"], env: {} });

export const DATAPATH_REQUEST: PlanRequest = {
  ...REQUEST,
  scenario: datapath,
  services: [],
  modes: ["host"],
  ns: [1],
  images: { name: "test", images: { iperf3: image("iperf3:t"), redis: image("redis:t") } },
};

/** Which measurement of which arm, in which round. */
export interface Asked {
  readonly arm: string;
  readonly block: number;
  readonly operation: OperationKind;
  readonly step: string | null;
}

const NOTHING: Readonly<Record<Spender, number>> = {
  "docker-proxy": 0,
  rootlesskit: 0,
  slirp4netns: 0,
  pasta: 0,
  dockerd: 0,
  "iperf3-server": 0,
  "iperf3-client": 0,
  "redis-server": 0,
  "redis-client": 0,
  softirq: 0,
  other: 0,
};

const SECONDS = 2;
const CORES = 4;

/** Of two seconds on four cores, software interrupts booked to whom they interrupt. */
const costOf = (cores: Partial<Record<Spender, number>>) => {
  const processor = { ...NOTHING };
  for (const spender of SPENDERS) processor[spender] = (cores[spender] ?? 0) * SECONDS * 1000;
  const busyMs = sum(Object.values(processor)) - processor.softirq;
  return {
    seconds: SECONDS,
    processor,
    machine: {
      busyMs,
      softirqMs: processor.softirq,
      idleMs: CORES * SECONDS * 1000 - busyMs,
      stealMs: 0,
      cores: CORES,
    },
    softirq: "within" as const,
  };
};

/** @param cores - kept busy, by whom */
export const flowed = (
  gigabits: number,
  cores: Partial<Record<Spender, number>>,
): FlowMeasurement => ({
  kind: "flow",
  bitsPerSecond: gigabits * 1e9,
  retransmits: 0,
  program: "iperf 3.12",
  ...costOf(cores),
});

export const requested = (
  { rate, connect }: { readonly rate: number; readonly connect: number },
  cores: Partial<Record<Spender, number>>,
): RequestMeasurement => ({
  kind: "requests",
  connect: { samples: 500, median: connect, p95: connect * 2, p99: connect * 3 },
  requestsPerSecond: rate,
  ...costOf(cores),
});

const PROGRAMS: Readonly<Record<string, string>> = {
  rootlesskit: "rootlesskit --state-dir=/run/user/1000/dockerd-rootless --net=slirp4netns",
  "docker-proxy": "/usr/bin/docker-proxy -proto tcp -host-port 32768",
  iperf3: "iperf3 --server --port 5201",
};

export const listener = (
  program: string,
  pid: number,
  [localAddress, localPort]: readonly [string, number],
): SocketSeen => ({
  family: localAddress.includes(":") ? 6 : 4,
  localAddress,
  localPort,
  remoteAddress: "0.0.0.0",
  remotePort: 0,
  state: "listen",
  uid: 1000,
  holder: {
    pid,
    uid: 1000,
    user: "ci",
    command: PROGRAMS[program] ?? program,
    part: "this-engine",
  },
});

/** Nobody and nothing, but the server answers at both addresses. */
export const carriers = (seen: Partial<Carriers> = {}): Carriers => ({
  kind: "carriers",
  port: 32768,
  onHost: [],
  inEngine: [],
  inContainer: [listener("iperf3", 77, ["::", 5201])],
  proxies: [],
  rules: [],
  rootlesskit: null,
  reach: {
    "4": { address: "127.0.0.1", port: 32768, outcome: "answers", words: null },
    "6": { address: "::1", port: 32768, outcome: "answers", words: null },
  },
  ...seen,
});

export interface MeasuredRun {
  readonly arms: readonly ArmSpec[];
  readonly rounds: number;
  /** Of one round that warms up, before the others. */
  readonly warmups?: number;
  /** Profiles whose engines root starts. */
  readonly rootful?: readonly string[];
  readonly measured: (asked: Asked) => Measured;
}

const ASKED: readonly OperationKind[] = ["flow.measure", "requests.measure", "path.look"];

/** As planned, and answered as told. */
const measuredEvents = (run: MeasuredRun): readonly Event[] => {
  const request = {
    ...DATAPATH_REQUEST,
    arms: run.arms,
    waves: run.rounds,
    ...(run.warmups === undefined ? {} : { warmups: run.warmups }),
  };
  const waves = new Map<number, { readonly arm: string; readonly block: number }>();
  const profiles = [...new Set(run.arms.flatMap(({ profile }) => profile ?? []))];
  return recorded({ request }).flatMap((event): readonly Event[] => {
    switch (event.event) {
      case "run.started":
        return [
          event,
          ...profiles.map((profile) => ({
            event: "engine.started" as const,
            at: millis(0),
            profile,
            engine: { ...event.engine, rootless: run.rootful?.includes(profile) !== true },
            capacity: null,
          })),
        ];
      case "wave.started":
        waves.set(event.wave, event);
        return [event];
      case "answered": {
        const { operation, step = null } = event;
        const wave = waves.get(event.wave);
        if (wave === undefined || !ASKED.includes(operation)) return [event];
        const { arm, block } = wave;
        const measured = run.measured({ arm, block, operation, step });
        return [{ ...event, answer: { kind: "done", measured } }];
      }
      default:
        return [event];
    }
  });
};

export const measuredHistory = (run: MeasuredRun): RunHistory => history(measuredEvents(run));
