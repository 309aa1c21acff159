/**
 * Journals for tests, told in a few words: which arms, which waves, and what went wrong in which job. Every
 * instant follows from the script, so that whole summaries can be compared to literals.
 */
import type { EngineFacts, Event, EventOf } from "../../../harness/core/events.ts";
import type { Sight, SightOf, SocketSeen } from "../../../harness/core/evidence.ts";
import type { InjectedFault } from "../../../harness/core/nemesis.ts";
import type { Answer, Arm, Mode, OperationKind } from "../../../harness/core/model.ts";
import { millis } from "../../../harness/core/units.ts";

const SERVICES = ["mysql", "redis", "clickhouse"] as const;

/** What one operation of one job got instead of `done`; null: no answer before the journal ends. */
export interface Wrong {
  readonly operation: OperationKind;
  readonly service?: string;
  readonly answer: Answer | null;
}

interface WaveScript {
  readonly arm: string;
  /** In the order of the waves unless told otherwise; 0: a warm-up. */
  readonly block?: number;
  /** By job, 1 … N. */
  readonly wrong?: Readonly<Record<number, readonly Wrong[]>>;
  /** How many times slower than usual; 1 unless told otherwise. */
  readonly slowness?: number;
  readonly leaked?: Partial<EventOf<"wave.ended">["leaked"]>;
  readonly leakedPorts?: readonly number[] | null;
  readonly stuck?: readonly string[];
  /** What was seen two milliseconds after a failure, in five more. */
  readonly looks?: readonly {
    readonly job: number;
    readonly operation: OperationKind;
    readonly service?: string;
    readonly sight: Sight;
  }[];
  readonly faults?: readonly InjectedFault[];
  readonly netnsRestoreLines?: number | null;
  readonly portRetryLines?: number | null;
}

export interface RunScript {
  readonly arms: readonly Arm[];
  readonly waves: readonly WaveScript[];
  /** Waves planned, of all arms together; as many as there are unless told otherwise. */
  readonly planned?: number;
  /** Null: the process was killed after the last wave. */
  readonly ended?: EventOf<"run.ended">["reason"] | null;
  readonly engine?: Partial<EngineFacts>;
  /** What differs between the engines of the profiles; none where there is no profile. */
  readonly engines?: Readonly<Record<string, Partial<EngineFacts>>>;
}

export const RUN_ID = "k3x9";

export const arm = (mode: Mode, n: number): Arm => ({ id: mode, scenario: "stacks", mode, n });

export const refused = (
  operation: OperationKind,
  service: string | null,
  message: string,
  by: Extract<Answer, { kind: "refused" }>["by"] = "daemon",
): Wrong => ({
  operation,
  ...(service === null ? {} : { service }),
  answer: { kind: "refused", by, ...(by === "daemon" ? { status: 500 } : {}), message },
});

export const lost = (
  operation: OperationKind,
  service: string | null,
  reason: Extract<Answer, { kind: "unknown" }>["reason"],
): Wrong => ({
  operation,
  ...(service === null ? {} : { service }),
  answer: { kind: "unknown", reason, message: `no answer: ${reason}` },
});

export const unanswered = (operation: OperationKind, service: string | null): Wrong => ({
  operation,
  ...(service === null ? {} : { service }),
  answer: null,
});

/** The words of the failure this tool was made for, as Engine 29.6.0 says them. */
export const portTaken = (port: number): string =>
  "failed to set up container networking: driver failed programming external connectivity on endpoint " +
  `stress-${RUN_ID}-w1j01-mysql (${"4f0c".repeat(16)}): error while calling RootlessKit ` +
  `PortManager.AddPort(): listen tcp4 0.0.0.0:${String(port)}: bind: address already in use`;

/** Wall clock of every script's run. */
const STARTED_AT = "2026-11-21T04:00:00.000Z";

/** A line of the daemon's log as it is written at an instant of the run. */
export const logged = (at: number, text: string): string =>
  `time="${new Date(Date.parse(STARTED_AT) + at).toISOString()}" ${text}`;

/** As Engine 29.6.0 writes it. */
const NETNS_RESTORE =
  'level=warning msg="failed to restore thread\'s network namespace" error="operation not permitted"';
/** As Engine 28.5.2 writes it. */
const PORT_RETRY =
  'level=warning msg="Failed to allocate and map port" attempt=1 error="listen tcp4 0.0.0.0:32771: bind: address already in use"';

const ENGINE: EngineFacts = {
  simulated: false,
  address: "unix:///run/user/1000/docker.sock",
  version: "29.6.0",
  apiVersion: "1.52",
  rootless: true,
  components: { containerd: "2.2.1", rootlesskit: "3.0.1", runc: "1.3.4" },
  storageDriver: "overlay2",
  cgroupDriver: "none",
  networkDriver: "slirp4netns",
  portDriver: "builtin",
  kernel: "6.18.0",
  architecture: "x86_64",
  operatingSystem: "Debian GNU/Linux 12 (bookworm)",
  cores: 2,
  memoryBytes: 8 * 1024 ** 3,
  hostPortRange: [32768, 60999],
  enginePortRange: [32768, 60999],
  images: { "redis:7": "sha256:1111", "mysql:8.0": "sha256:2222" },
};

/** Nobody has the port, as far as can be seen. */
export const emptySight = (port: number, seen: Partial<SightOf<"port">> = {}): SightOf<"port"> => ({
  about: "port",
  port,
  hostIp: "0.0.0.0",
  host: [],
  engine: [],
  forwards: [],
  containers: [],
  rules: [],
  otherEngines: [],
  unprivilegedStart: 1024,
  ...seen,
});

/** A socket of the host on this port, by default a connection of somebody's to elsewhere. */
export const socket = (port: number, seen: Partial<SocketSeen> = {}): SocketSeen => ({
  family: 4,
  localAddress: "127.0.0.1",
  localPort: port,
  remoteAddress: "127.0.0.1",
  remotePort: 5432,
  state: "established",
  uid: 1000,
  holder: { pid: 4711, uid: 1000, user: "ci", command: "/usr/bin/node pull.js", part: "none" },
  ...seen,
});

/** Milliseconds from the request to its answer. */
const DURATION: Readonly<Record<OperationKind, number>> = {
  "network.create": 100,
  "container.create": 50,
  "container.start": 400,
  "container.inspect": 10,
  "network.connect": 100,
  command: 30,
  "stack.up": 3000,
  "stack.down": 500,
  health: 2000,
  "container.wait": 1000,
  ready: 1000,
  identity: 5,
  "routes.read": 5,
  "traffic.watch": 5000,
  "path.look": 50,
  "flow.measure": 3000,
  "requests.measure": 1000,
  "container.remove": 200,
  "network.remove": 100,
};

interface Step {
  readonly operation: OperationKind;
  readonly service?: string;
}

const burstOf = (mode: Mode): readonly (readonly Step[])[] => {
  const byHost = mode !== "noports";
  const kinds: readonly OperationKind[] = byHost
    ? ["container.create", "container.start", "container.inspect"]
    : ["container.create", "container.start"];
  const roles = byHost ? SERVICES : [...SERVICES, "job"];
  return [
    [{ operation: "network.create" }],
    ...roles.flatMap((service) => kinds.map((operation) => [{ operation, service }])),
    SERVICES.map((service) => ({ operation: "ready" as const, service })),
    SERVICES.map((service) => ({ operation: "identity" as const, service })),
  ];
};

const teardownOf = (mode: Mode): readonly (readonly Step[])[] => [
  (mode === "noports" ? [...SERVICES, "job"] : SERVICES).map((service) => ({
    operation: "container.remove" as const,
    service,
  })),
  [{ operation: "network.remove" }],
];

type Told = EventOf<"invoked"> | EventOf<"answered">;

/** The events of some phases of one job, up to the first phase in which anything went wrong. */
const told = (
  phases: readonly (readonly Step[])[],
  job: { readonly wave: number; readonly job: string; readonly from: number },
  wrong: readonly Wrong[],
  { slowness, stops }: { readonly slowness: number; readonly stops: boolean },
): readonly Told[] => {
  const events: Told[] = [];
  let at = job.from;
  for (const phase of phases) {
    const ends: number[] = [];
    let failed = false;
    for (const step of phase) {
      const ref = { wave: job.wave, job: job.job, ...step };
      const end = at + DURATION[step.operation] * slowness;
      const matched = wrong.find(
        ({ operation, service }) => operation === step.operation && service === step.service,
      );
      failed ||= matched !== undefined;
      ends.push(end);
      events.push({ event: "invoked", at: millis(at), ...ref });
      if (matched?.answer === null) continue;
      events.push({
        event: "answered",
        at: millis(end),
        ...ref,
        // A request leaves half a millisecond after it was asked for.
        writtenAt: millis(at + 0.5),
        answer: matched?.answer ?? { kind: "done" },
      });
    }
    at = Math.max(...ends);
    if (failed && stops) break;
  }
  return events;
};

/** The tenth of a millisecond by which each job starts after the one before. */
const SKEW = 0.1;

const lastOf = (events: readonly Told[], otherwise: number): number =>
  events.reduce((last, { at }) => Math.max(last, at), otherwise);

const inOrder = (events: readonly Told[]): readonly Told[] =>
  events.toSorted((a, b) => a.at - b.at);

/** The daemon's log of a wave: lines of the two kinds that the judge knows; none where it could not be read. */
const loggedBy = (
  { netnsRestoreLines, portRetryLines = 0 }: WaveScript,
  { n }: Arm,
  { wave, at }: { readonly wave: number; readonly at: number },
): readonly EventOf<"daemon.logged">[] => {
  if (netnsRestoreLines === null || portRetryLines === null) return [];
  const line = (text: string, amount: number): readonly string[] =>
    Array.from({ length: amount }, () => text);
  return [
    {
      event: "daemon.logged",
      at: millis(at),
      wave,
      lines: [
        ...line(logged(at, NETNS_RESTORE), netnsRestoreLines ?? 12 * n),
        ...line(logged(at, PORT_RETRY), portRetryLines),
      ],
      dropped: 0,
    },
  ];
};

const lookedAt = (
  { looks = [] }: WaveScript,
  jobs: readonly string[],
  burst: readonly Told[],
  wave: number,
): readonly EventOf<"looked">[] =>
  looks.map(({ job: number, operation, service, sight }) => {
    const ref = {
      wave,
      job: jobs[number - 1] ?? "",
      operation,
      ...(service === undefined ? {} : { service }),
    };
    const failed = burst.find(
      (each) =>
        each.event === "answered" &&
        each.job === ref.job &&
        each.operation === operation &&
        each.service === service,
    );
    if (failed === undefined) throw new Error(`${ref.job} was answered no ${operation}`);
    return {
      event: "looked",
      at: millis(failed.at + 7),
      ...ref,
      failedAt: failed.at,
      beganAt: millis(failed.at + 2),
      sight,
    };
  });

const waveEvents = (
  script: WaveScript,
  target: Arm,
  { index, block, from }: { readonly index: number; readonly block: number; readonly from: number },
): readonly Event[] => {
  const digits = String(target.n).length;
  const jobs = Array.from(
    { length: target.n },
    (_, job) => `w${String(index)}j${String(job + 1).padStart(digits, "0")}`,
  );
  const slowness = script.slowness ?? 1;
  const gate = from + 10;
  const wrongOf = (job: number): readonly Wrong[] => script.wrong?.[job + 1] ?? [];
  const burst = jobs.flatMap((job, number) =>
    told(burstOf(target.mode), { wave: index, job, from: gate + number * SKEW }, wrongOf(number), {
      slowness,
      stops: true,
    }),
  );
  const burstEnd = lastOf(burst, gate);
  const teardown = jobs.flatMap((job, number) =>
    told(teardownOf(target.mode), { wave: index, job, from: burstEnd + 10 }, wrongOf(number), {
      slowness: 1,
      stops: false,
    }),
  );
  const teardownEnd = lastOf(teardown, burstEnd + 10);
  return [
    {
      event: "wave.started",
      at: millis(from),
      wave: index,
      block,
      arm: target.id,
      jobs,
    },
    ...(script.faults ?? []).map((fault) => ({
      event: "fault.injected" as const,
      at: millis(gate),
      wave: index,
      fault,
    })),
    { event: "gate.opened", at: millis(gate), wave: index },
    ...inOrder(burst),
    {
      event: "burst.ended",
      at: millis(burstEnd),
      wave: index,
      processor: millis((burstEnd - gate) / 10),
      cores: 2,
    },
    ...lookedAt(script, jobs, burst, index),
    ...inOrder(teardown),
    {
      event: "wave.ended",
      at: millis(teardownEnd + 5),
      wave: index,
      teardown: millis(teardownEnd - burstEnd - 10),
      leaked: { containers: [], networks: [], volumes: [], ...script.leaked },
      leakedPorts: script.leakedPorts === undefined ? [] : script.leakedPorts,
      stuck: script.stuck ?? [],
    },
    ...loggedBy(script, target, { wave: index, at: teardownEnd + 5 }),
  ];
};

/** @throws Error for a wave on an arm that the script does not have */
export const journalOf = (script: RunScript): readonly Event[] => {
  const waves = script.planned ?? script.waves.filter(({ block }) => block !== 0).length;
  const events: Event[] = [
    {
      event: "run.started",
      at: millis(0),
      journal: 1,
      tool: "0.1.0",
      run: RUN_ID,
      seed: "seed-1",
      startedAt: STARTED_AT,
      command: ["run", "--n", "16", "--waves", "3", "--seed", "seed-1"],
      arms: script.arms,
      waves,
      engine: { ...ENGINE, ...script.engine },
    },
  ];
  for (const [profile, engine] of Object.entries(script.engines ?? {})) {
    events.push({
      event: "engine.started",
      at: millis(0),
      profile,
      engine: { ...ENGINE, ...script.engine, ...engine },
      capacity: null,
    });
  }
  for (const [position, wave] of script.waves.entries()) {
    const target = script.arms.find(({ id }) => id === wave.arm);
    if (target === undefined) throw new Error(`no arm ${wave.arm}`);
    const block = wave.block ?? Math.floor(position / script.arms.length) + 1;
    const from = (events.at(-1)?.at ?? 0) + 100;
    events.push(...waveEvents(wave, target, { index: position + 1, block, from }));
  }
  const ended = script.ended === undefined ? "completed" : script.ended;
  if (ended !== null) {
    events.push({ event: "run.ended", at: millis((events.at(-1)?.at ?? 0) + 10), reason: ended });
  }
  return events;
};

/** The journal as a process that was killed just before its n-th event would have left it. */
export const killedBefore = (events: readonly Event[], n: number): readonly Event[] =>
  events.slice(0, n);
