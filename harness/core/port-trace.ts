/**
 * Where each published port of a wave came from and what became of it: asked for, bound in the daemon's namespace,
 * forwarded by RootlessKit, told by the daemon. And where a port is missing in the row, who may have it.
 */
import { z } from "zod";
import { isSix } from "./addresses.ts";
import { forwardSchema } from "./evidence.ts";
import type { JobHistory, RunHistory, WaveHistory } from "./history.ts";
import type { WavePlan } from "./model.ts";
import { letsDaemonChoose, MODE_RULES } from "./modes.ts";
import { failureOf } from "./outcome.ts";
import { plannedJob } from "./planned.ts";
import { portRetries } from "./port-retries.ts";
import { portNamedIn } from "./questions.ts";

const port = z.int().positive();
const count = z.int().nonnegative();

const tracedPortSchema = z.object({
  kind: z.literal("port"),
  port,
  /**
   * `refused`: a start failed by it, and its job unless that was tried again. `retried`: the daemon lost it and took
   * another, as its log says.
   */
  fate: z.enum(["bound", "refused", "retried"]),
  /** Null for `retried`: the log names no job. */
  job: z.string().nullable(),
  service: z.string().nullable(),
  /** Null where a refusal does not say which of the service's ports it was. */
  containerPort: z.int().nullable(),
  /** Over which of IPv4 and IPv6 the port is the job's; empty where that is not told. */
  families: z.array(z.union([z.literal(4), z.literal(6)])).readonly(),
  /** Somebody listens on it in the daemon's namespace at the burst's end; null: could not be read. */
  engineListens: z.boolean().nullable(),
  /** Ids of RootlessKit's forwards of it, ascending; null: could not be read. */
  forwards: z.array(z.int()).readonly().nullable(),
  /** What the words of a refusal or of a retry say. */
  class: z.string().nullable(),
});
export type TracedPort = z.infer<typeof tracedPortSchema>;

/** Why a port between two others was not used. */
const GAP_REASONS = ["given back", "engine listens", "forwarded", "unknown", "unread"] as const;

const gapSchema = z.object({
  kind: z.literal("gap"),
  from: port,
  to: port,
  /**
   * `given back`: the refused start beside it asked for so many ports (inferred). `engine listens`: somebody in the
   * daemon's namespace has it. `forwarded`: RootlessKit has a forward of it that is no job's. `unknown`: nobody was
   * seen to have it. `unread`: there was no table of sockets to see anybody in.
   */
  why: z.enum(GAP_REASONS),
});
export type PortGap = z.infer<typeof gapSchema>;

export const portTraceSchema = z.object({
  wave: z.int().positive(),
  arm: z.string(),
  /** `dynamic`: the daemon chose; only then is the order that of allocation, and are there gaps. */
  asked: z.enum(["dynamic", "fixed"]),
  /** Only such an engine has RootlessKit's forwards, and a namespace of the daemon's own. */
  rootless: z.boolean(),
  steps: z.array(z.discriminatedUnion("kind", [tracedPortSchema, gapSchema])).readonly(),
  bound: count,
  refused: count,
  retried: count,
  /** Of the dynamic ports that were refused or retried. */
  parity: z.object({
    even: count,
    odd: count,
    /** Linux gives connect() ports of the parity of the range's first, bind(0) the others; null: too few to say. */
    suggests: z.enum(["outbound connections", "listeners", "both"]).nullable(),
  }),
  /**
   * Container ports with one port for IPv4 and another for IPv6, as engines up to 27 give them when starts get into each
   * other's way: each of the two has an allocator of its own.
   */
  split: z
    .array(
      z.object({
        job: z.string(),
        service: z.string().nullable(),
        containerPort: z.int(),
        ports: z.array(port).readonly(),
      }),
    )
    .readonly(),
  /** Ports that are one job's over IPv4 and another's over IPv6: `localhost` may reach either. */
  shared: z.array(z.object({ port, jobs: z.array(z.string()).readonly() })).readonly(),
  /** Of neighbouring bound ports, how often RootlessKit's ids stand in the other order; null: no ids. */
  outOfOrder: z.object({ pairs: count, of: count }).nullable(),
  /** Forwards of ports that no job of the wave is known to have; null: could not be read. */
  unclaimed: z.array(forwardSchema).readonly().nullable(),
  /** Services that were started and whose ports nobody asked for: an unclaimed forward may be theirs. */
  notLearnt: count,
});
export type PortTrace = z.infer<typeof portTraceSchema>;

type Used = Omit<TracedPort, "kind" | "engineListens" | "forwards">;

const familyOf = (address: string): 4 | 6 => (isSix(address) ? 6 : 4);

const boundOf = ({ id, burst }: JobHistory): readonly Used[] =>
  burst.flatMap(({ answer, service }) => {
    if (answer.kind !== "done") return [];
    // A port published for IPv4 and IPv6 has two bindings.
    const bound = new Map<string, Used>();
    for (const { hostPort, hostIp, containerPort } of answer.bindings ?? []) {
      const key = `${String(hostPort)} ${String(containerPort)}`;
      const before = bound.get(key)?.families ?? [];
      const families = [...new Set([...before, familyOf(hostIp)])].toSorted((x, y) => x - y);
      const place = { port: hostPort, job: id, service, containerPort };
      bound.set(key, { ...place, fate: "bound", families, class: null });
    }
    return [...bound.values()];
  });

const refusedOf = ({ id, burst }: JobHistory): readonly Used[] =>
  burst.flatMap((step) => {
    const failure = failureOf(step);
    if (failure === null || !failure.class.startsWith("port.")) return [];
    const named = portNamedIn(failure.message);
    if (named === null) return [];
    return [
      {
        port: named,
        fate: "refused" as const,
        job: id,
        service: step.service,
        containerPort: null,
        families: [],
        class: failure.class,
      },
    ];
  });

const retriedOf = ({ log }: WaveHistory): readonly Used[] =>
  portRetries(log?.lines ?? []).flatMap(({ port: taken, class: words }) =>
    taken === null
      ? []
      : [
          {
            port: taken,
            fate: "retried" as const,
            job: null,
            service: null,
            containerPort: null,
            families: [],
            class: words,
          },
        ],
  );

/**
 * In the order in which an allocator that goes round hands them out: it begins after the widest part of the range
 * that it left alone.
 */
const inOrder = (
  used: readonly Used[],
  range: readonly [number, number] | null,
): readonly Used[] => {
  const ascending = used.toSorted((a, b) => a.port - b.port);
  const [lowest, highest] = [ascending[0], ascending.at(-1)];
  if (range === null || lowest === undefined || highest === undefined) return ascending;
  let widest = { from: 0, length: lowest.port - range[0] + (range[1] - highest.port) };
  for (const [index, { port: next }] of ascending.entries()) {
    const length = next - (ascending[index - 1]?.port ?? next);
    if (length > widest.length) widest = { from: index, length };
  }
  return [...ascending.slice(widest.from), ...ascending.slice(0, widest.from)];
};

/** How many ports one start of each service asks for: as planned, else as its containers were seen to have. */
const portsPerStart = (
  jobs: readonly JobHistory[],
  planned: WavePlan | null,
): ((job: string, service: string | null) => number) => {
  const seen = new Map<string | null, number>();
  for (const { service, answer } of jobs.flatMap(({ burst }) => burst)) {
    if (answer.kind !== "done" || answer.bindings === undefined) continue;
    const ports = new Set(answer.bindings.map(({ containerPort }) => containerPort)).size;
    seen.set(service, Math.max(seen.get(service) ?? 0, ports));
  }
  return (job, service) => {
    const create = plannedJob(planned === null ? [] : [planned], job)
      ?.phases.flat()
      .find((each) => each.kind === "container.create" && each.service === service);
    return create?.kind === "container.create"
      ? create.spec.publish.length
      : (seen.get(service) ?? 1);
  };
};

/** A range that is read as one gap is at most this wide; a wider one is where the allocator was elsewhere. */
const WIDEST_GAP = 256;

/** Neighbours with the same reason, as one. */
const merged = (gaps: readonly PortGap[]): readonly PortGap[] => {
  const result: PortGap[] = [];
  for (const gap of gaps) {
    const last = result.at(-1);
    if (last?.why === gap.why && last.to + 1 === gap.from)
      result.splice(-1, 1, { ...last, to: gap.to });
    else result.push(gap);
  }
  return result;
};

const numbers = (from: number, to: number): readonly number[] =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);

const SMALLEST_SAMPLE = 6;

/** How likely a fair coin is to fall this unevenly, or more so, in either direction. */
const coinChance = (even: number, odd: number): number => {
  const tosses = even + odd;
  // In logarithms: two to the power of a thousand is no number any more.
  let ways = -tosses * Math.LN2;
  let tail = 0;
  for (let heads = 0; heads <= Math.min(even, odd); heads += 1) {
    tail += Math.exp(ways);
    ways += Math.log((tosses - heads) / (heads + 1));
  }
  return Math.min(1, 2 * tail);
};

/**
 * @see torvalds/linux net/ipv4/inet_hashtables.c, `__inet_hash_connect` ("In first pass we try ports of @low parity")
 *   and inet_connection_sock.c, `inet_csk_find_open_port`
 */
const parityOf = (
  lost: readonly Used[],
  hostRange: readonly [number, number] | null,
): PortTrace["parity"] => {
  const ports = [...new Set(lost.map((each) => each.port))];
  const even = ports.filter((each) => each % 2 === 0).length;
  const odd = ports.length - even;
  if (ports.length < SMALLEST_SAMPLE) return { even, odd, suggests: null };
  if (coinChance(even, odd) >= 0.05) return { even, odd, suggests: "both" };
  const connects = (hostRange?.[0] ?? 0) % 2 === 0 ? even : odd;
  return {
    even,
    odd,
    suggests: connects > ports.length / 2 ? "outbound connections" : "listeners",
  };
};

const splitOf = (bound: readonly Used[]): PortTrace["split"] => {
  const groups = new Map<string, PortTrace["split"][number]>();
  for (const { job, service, containerPort, port: number } of bound) {
    if (job === null || containerPort === null) continue;
    const key = JSON.stringify([job, service, containerPort]);
    const ports = [...(groups.get(key)?.ports ?? []), number];
    groups.set(key, { job, service, containerPort, ports });
  }
  return [...groups.values()].filter(({ ports }) => ports.length > 1);
};

/** Two jobs may also have one number on different addresses of one family: that is nothing to `localhost`. */
const sharedOf = (bound: readonly Used[]): PortTrace["shared"] => {
  const ports = new Map<number, Map<string, Set<4 | 6>>>();
  for (const { port: number, job, families } of bound) {
    if (job === null) continue;
    const jobs = ports.get(number) ?? new Map<string, Set<4 | 6>>();
    jobs.set(job, new Set([...(jobs.get(job) ?? []), ...families]));
    ports.set(number, jobs);
  }
  return [...ports]
    .flatMap(([number, jobs]) => {
      const only = [...jobs].filter(([, having]) => having.size === 1);
      const apart = ([4, 6] as const).every((family) => only.some(([, has]) => has.has(family)));
      return apart ? [{ port: number, jobs: only.map(([job]) => job) }] : [];
    })
    .toSorted((a, b) => a.port - b.port);
};

const outOfOrderOf = (ports: readonly TracedPort[]): PortTrace["outOfOrder"] => {
  const ids = ports.flatMap(({ fate, families, forwards }) => {
    const first = forwards?.[0];
    // IPv6 may have its ports from an allocator of its own.
    return fate === "bound" && families.includes(4) && first !== undefined ? [first] : [];
  });
  if (ids.length < 2) return null;
  const pairs = ids.filter((id, index) => index > 0 && id < (ids[index - 1] ?? id)).length;
  return { pairs, of: ids.length - 1 };
};

const notLearntOf = (jobs: readonly JobHistory[]): number =>
  jobs.reduce((total, { burst }) => {
    const done = burst.filter(({ answer }) => answer.kind === "done");
    const learnt = new Set(
      done
        .filter(({ operation }) => operation === "container.inspect")
        .map(({ service }) => service),
    );
    const started = done.filter(({ operation }) => operation === "container.start");
    return total + started.filter(({ service }) => !learnt.has(service)).length;
  }, 0);

/**
 * The trace of one wave; null where its jobs publish nothing.
 *
 * @param planned - the wave as planned; null where that is not known
 */
export const portTrace = (
  run: RunHistory,
  wave: WaveHistory,
  planned: WavePlan | null,
): PortTrace | null => {
  const { arms, engine } = run.started;
  const arm = arms.find(({ id }) => id === wave.started.arm);
  if (arm === undefined || MODE_RULES[arm.mode].publish === null) return null;
  const dynamic = letsDaemonChoose(arm.mode);

  const refused = wave.jobs.flatMap(refusedOf);
  // The last of ten attempts is in the log and in the refusal.
  const lost = new Set(refused.map((each) => each.port));
  const retried = dynamic ? retriedOf(wave).filter((each) => !lost.has(each.port)) : [];
  const bound = wave.jobs.flatMap(boundOf);
  const used = [...bound, ...refused, ...retried];
  const seen = wave.portsSeen;
  const listening = seen?.engineListening == null ? null : new Set(seen.engineListening);
  const forwards = seen?.forwards ?? null;
  const forwarded = new Set((forwards ?? []).map(({ parentPort }) => parentPort));
  const ports = inOrder(used, dynamic ? engine.enginePortRange : null).map((each): TracedPort => ({
    kind: "port",
    ...each,
    engineListens: listening?.has(each.port) ?? null,
    forwards:
      forwards === null
        ? null
        : forwards
            .filter(
              ({ parentPort, parentIp, protocol }) =>
                parentPort === each.port &&
                (each.families.length === 0 ||
                  each.families.includes(protocol.endsWith("6") ? 6 : familyOf(parentIp))),
            )
            .map(({ id }) => id)
            .toSorted((a, b) => a - b),
  }));

  const perStart = portsPerStart(wave.jobs, planned);
  const givenBack = new Set(
    refused.flatMap(({ port: taken, job, service }) => {
      const others = perStart(job ?? "", service) - 1;
      return [...numbers(taken - others, taken - 1), ...numbers(taken + 1, taken + others)];
    }),
  );
  const whyOf = (missing: number): PortGap["why"] => {
    if (listening?.has(missing) === true) return "engine listens";
    if (forwarded.has(missing)) return "forwarded";
    if (givenBack.has(missing)) return "given back";
    return listening === null ? "unread" : "unknown";
  };
  const gapsAfter = (from: number, next: number | undefined): readonly PortGap[] =>
    !dynamic || next === undefined || next - from > WIDEST_GAP
      ? []
      : merged(
          numbers(from + 1, next - 1).map((each) => ({
            kind: "gap",
            from: each,
            to: each,
            why: whyOf(each),
          })),
        );

  const claimed = new Set(bound.map((each) => each.port));
  return {
    wave: wave.started.wave,
    arm: wave.started.arm,
    asked: dynamic ? "dynamic" : "fixed",
    rootless: engine.rootless,
    steps: ports.flatMap((each, index) => [each, ...gapsAfter(each.port, ports[index + 1]?.port)]),
    bound: bound.length,
    refused: refused.length,
    retried: retried.length,
    // Of ports that somebody has written down, parity tells nothing.
    parity: parityOf(dynamic ? [...refused, ...retried] : [], engine.hostPortRange),
    split: splitOf(bound),
    shared: sharedOf(bound),
    outOfOrder: dynamic ? outOfOrderOf(ports) : null,
    unclaimed: forwards?.filter(({ parentPort }) => !claimed.has(parentPort)) ?? null,
    notLearnt: notLearntOf(wave.jobs),
  };
};
