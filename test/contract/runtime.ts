/**
 * What a run may rely on, whichever engine it talks to. One suite, performed on the fake and on a real engine:
 * where they differ, the fake is wrong.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { classifyAnswer } from "../../harness/core/classify.ts";
import type {
  Answer,
  ImageSet,
  JobPlan,
  Mode,
  Operation,
  PortBinding,
} from "../../harness/core/model.ts";
import { plan } from "../../harness/core/plan.ts";
import type { Runtime } from "../../harness/core/ports.ts";
import { seconds } from "../../harness/core/units.ts";
import { stacks } from "../../scenarios/stacks.ts";

/** An engine under test. */
export interface Subject {
  readonly runtime: Runtime;
  readonly images: ImageSet;
  readonly close: () => Promise<void>;
}

/** A command that ends at once with code 3, in the image of any service. */
const EXITS_AT_ONCE = ["sh", "-c", "exit 3"];

const signal = AbortSignal.timeout(600_000);

/** @param open - called once, before the first test of the suite */
export const runtimeContract = (name: string, open: () => Promise<Subject>): void => {
  let subject: Subject;
  let runs = 0;
  const bindings = new Map<string, readonly PortBinding[]>();

  beforeAll(async () => {
    subject = await open();
  });
  afterAll(async () => {
    await subject.close();
  });

  const jobs = (mode: Mode, services: readonly string[], n = 1) => {
    runs += 1;
    const run = `contract-${String(process.pid)}-${String(runs)}`;
    const laidOut = plan({
      run,
      seed: "contract",
      scenario: stacks,
      services,
      modes: [mode],
      ns: [n],
      waves: 1,
      ports: "minimal",
      images: subject.images,
      deadlines: { call: seconds(60), ready: seconds(60), teardown: seconds(60) },
      teardownConcurrency: 1,
      keepFailed: false,
      owner: "contract",
    });
    return { run, jobs: laidOut.waves.flatMap((wave) => wave.jobs) };
  };

  const perform = async (operation: Operation): Promise<Answer> => {
    const { answer } = await subject.runtime.perform(operation, { bindings }, signal);
    if (operation.kind === "container.inspect" && answer.kind === "done") {
      bindings.set(operation.container, answer.bindings ?? []);
    }
    return answer;
  };

  /** Performs operations in order, up to the first that is not done; that one's answer. */
  const performAll = async (operations: readonly Operation[]): Promise<Answer> => {
    for (const operation of operations) {
      const answer = await perform(operation);
      if (answer.kind !== "done") return answer;
    }
    return { kind: "done" };
  };

  const setUp = (job: JobPlan): readonly Operation[] => job.phases.flat();
  const tearDown = (job: JobPlan): Promise<Answer> => performAll(job.teardown.flat());
  const upTo = (job: JobPlan, kind: Operation["kind"]): readonly Operation[] => {
    const operations = setUp(job);
    return operations.slice(0, operations.findIndex((operation) => operation.kind === kind) + 1);
  };
  const first = ({ jobs: [job] }: ReturnType<typeof jobs>): JobPlan => {
    if (job === undefined) throw new Error("a plan without jobs");
    return job;
  };
  const classOf = (answer: Answer, kind: Operation["kind"]): string | undefined =>
    classifyAnswer(answer, kind)?.class;

  test.each(["ports", "ports-fixed", "ports-block", "ports-loopback", "noports"] as const)(
    `${name}: a job in mode %s is done from its network to its identity, and removed again`,
    async (mode) => {
      const { run, jobs: planned } = jobs(mode, []);
      for (const job of planned) {
        expect(await performAll(setUp(job))).toEqual({ kind: "done" });
        const there = await subject.runtime.inventory(run, signal);
        expect(there.networks).toHaveLength(1);
        expect(there.containers).toHaveLength(job.teardown[0]?.length ?? 0);
        expect(await tearDown(job)).toEqual({ kind: "done" });
      }
      const left = await subject.runtime.inventory(run, signal);
      expect({ ...left, volumes: [] }).toEqual({ containers: [], networks: [], volumes: [] });
    },
  );

  test(`${name}: every published port is bound once, and no two containers share one`, async () => {
    const { jobs: planned } = jobs("ports", ["redis"], 4);
    for (const job of planned) await performAll(upTo(job, "container.inspect"));
    const ports = planned.flatMap((job) =>
      job.phases
        .flat()
        .flatMap((operation) =>
          operation.kind === "container.inspect"
            ? (bindings.get(operation.container) ?? [])
                .filter(({ hostIp }) => !hostIp.includes(":"))
                .map(({ hostPort }) => hostPort)
            : [],
        ),
    );
    for (const job of planned) await tearDown(job);
    expect(ports).toHaveLength(4);
    expect(new Set(ports).size).toBe(4);
    expect(await subject.runtime.listening(ports)).toSatisfy(
      (open: readonly number[] | null) => open === null || open.length === 0,
    );
  });

  test(`${name}: a fixed port goes to one container at a time`, async () => {
    const { jobs: planned } = jobs("ports-fixed", ["redis"], 2);
    const [winner, loser] = planned;
    if (winner === undefined || loser === undefined) throw new Error("two jobs were planned");
    expect(await performAll(upTo(winner, "container.start"))).toEqual({ kind: "done" });
    const refused = await performAll(upTo(loser, "container.start"));
    expect(classOf(refused, "container.start")).toBe("port.already_allocated");
    await tearDown(winner);
    expect(await perform(upTo(loser, "container.start").at(-1) ?? neverAsked())).toEqual({
      kind: "done",
    });
    await tearDown(loser);
  });

  test(`${name}: the same network name twice is a conflict`, async () => {
    const job = first(jobs("noports", ["redis"]));
    const create = upTo(job, "network.create");
    await performAll(create);
    expect(classOf(await performAll(create), "network.create")).toBe("network.name_conflict");
    await tearDown(job);
  });

  test(`${name}: an image that is not there is named as missing`, async () => {
    const job = first(jobs("noports", ["redis"]));
    const operations = upTo(job, "container.create").map((operation): Operation =>
      operation.kind === "container.create"
        ? { ...operation, spec: { ...operation.spec, image: "rootless-stress/none:such" } }
        : operation,
    );
    const refused = await performAll(operations);
    await tearDown(job);
    expect(classOf(refused, "container.create")).toBe("image.missing");
  });

  test(`${name}: a network that is not there is named at start`, async () => {
    const job = first(jobs("noports", ["redis"]));
    const [, ...withoutNetwork] = upTo(job, "container.start");
    const refused = await performAll(withoutNetwork);
    await tearDown(job);
    expect(classOf(refused, "container.start")).toBe("network.not_found");
  });

  test(`${name}: removing what is not there is done`, async () => {
    const job = first(jobs("ports", []));
    expect(await tearDown(job)).toEqual({ kind: "done" });
  });

  test(`${name}: another job's nonce in the same service is cross-talk`, async () => {
    const job = first(jobs("ports", ["redis"]));
    expect(await performAll(setUp(job))).toEqual({ kind: "done" });
    const identity = setUp(job).at(-1) ?? neverAsked();
    const other = await perform({ ...identity, nonce: "another-job" } as Operation);
    await tearDown(job);
    expect(classOf(other, "identity")).toBe("identity.crosstalk");
  });

  test(`${name}: a service that ends at once has exited early, long before the deadline`, async () => {
    const job = first(jobs("ports", ["mysql"]));
    const operations = upTo(job, "ready").map((operation): Operation =>
      operation.kind === "container.create"
        ? { ...operation, spec: { ...operation.spec, command: EXITS_AT_ONCE } }
        : operation,
    );
    const refused = await performAll(operations);
    await tearDown(job);
    expect(classOf(refused, "ready")).toBe("container.exited_early");
  });

  test(`${name}: what a dead run left is found by its label, and removed at once`, async () => {
    const { run, jobs: planned } = jobs("noports", ["redis"], 2);
    for (const job of planned) await performAll(upTo(job, "container.start"));
    const left = await subject.runtime.inventory(run, signal);
    expect(left).toMatchObject({
      containers: { length: 2 },
      networks: { length: 2 },
    });
    expect(await subject.runtime.remove(run, { ...left, volumes: [] }, signal)).toEqual([]);
    const after = await subject.runtime.inventory(run, signal);
    expect([...after.containers, ...after.networks]).toEqual([]);
  });

  test(`${name}: a call that is cancelled is unknown, not refused`, async () => {
    const job = first(jobs("noports", ["redis"]));
    const [create] = setUp(job);
    const cancelled = AbortSignal.abort(new Error("cancelled"));
    const { answer } = await subject.runtime.perform(
      create ?? neverAsked(),
      { bindings },
      cancelled,
    );
    expect(answer).toMatchObject({ kind: "unknown", reason: "cancelled" });
    await tearDown(job);
  });
};

const neverAsked = (): never => {
  throw new Error("the plan has no such operation");
};
