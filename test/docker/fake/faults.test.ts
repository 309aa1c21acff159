import { request } from "node:http";
import { expect, test } from "vitest";
import { FaultInjector, type Fault } from "../../../docker/fake/faults.ts";
import { probeNonces } from "../../../docker/probe/probe.ts";
import { hostPorts, refusalOf, simulate, startContainer, createContainer } from "./simulation.ts";

const never = new AbortController().signal;

const refuse: Fault = {
  operation: "network.create",
  probability: 0.25,
  kind: "refuse",
  status: 500,
  message: "simulated failure",
};

const drawnBy = (seed: string, calls: number): readonly number[] => {
  const injector = new FaultInjector([refuse], seed);
  const draws = Array.from({ length: calls }, () => injector.draw("network.create", "n"));
  return draws.flatMap((fault, call) => (fault === null ? [] : [call]));
};

test("the same seed fails the same calls, another seed others", () => {
  expect(drawnBy("seed-1", 100)).toEqual(drawnBy("seed-1", 100));
  expect(drawnBy("seed-1", 100)).not.toEqual(drawnBy("seed-2", 100));
  const share = drawnBy("seed-3", 4000).length / 4000;
  expect(share).toBeGreaterThan(0.22);
  expect(share).toBeLessThan(0.28);
});

test("a fault draws alike whatever other faults and operations there are", () => {
  const other: Fault = { operation: "container.start", probability: 0.5, kind: "hang" };
  const injector = new FaultInjector([refuse, other], "seed-1");
  const hits = Array.from({ length: 100 }, (_, call) => {
    injector.draw("container.start", "c");
    return injector.draw("network.create", "n") === null ? [] : [call];
  });
  expect(hits.flat()).toEqual(drawnBy("seed-1", 100));
});

test("the nth call is refused with the given words, does nothing, and is recorded by name", async () => {
  const { docker, engine } = await simulate({
    faults: [{ operation: "network.create", nth: 2, kind: "refuse", status: 503, message: "no" }],
  });
  await docker.createNetwork({ Name: "one" });
  expect(await refusalOf(docker.createNetwork({ Name: "two" }))).toEqual({
    status: 503,
    message: "no",
  });
  await docker.createNetwork({ Name: "three" });
  expect(engine.world.networks.all().map(({ name }) => name)).not.toContain("two");
  expect(engine.world.injected).toEqual([
    { operation: "network.create", kind: "refuse", name: "two" },
  ]);
});

test.each(["container.create", "container.start", "container.remove", "network.remove"] as const)(
  "%s can be refused, and the next try succeeds",
  async (operation) => {
    const { docker, engine } = await simulate({
      faults: [{ operation, nth: 1, kind: "refuse", status: 500, message: "not now" }],
    });
    const network = await docker.createNetwork({ Name: "n" });
    const steps = [
      async () => {
        await createContainer(docker, { name: "c" });
      },
      () => docker.getContainer("c").start() as Promise<unknown>,
      () => docker.getContainer("c").remove({ force: true }) as Promise<unknown>,
      () => network.remove() as Promise<unknown>,
    ];
    const refusals: string[] = [];
    for (const step of steps) {
      await step().catch(async (error: unknown) => {
        refusals.push(String(error));
        await step();
      });
    }
    expect(refusals).toEqual([expect.stringContaining("not now")]);
    expect(engine.world.injected).toHaveLength(1);
  },
);

test("a hang does the work and never answers", async () => {
  const { docker, engine } = await simulate({
    faults: [{ operation: "container.create", nth: 1, kind: "hang" }],
  });
  const abort = new AbortController();
  let answered = false;
  const call = docker
    .createContainer({ name: "c", Image: "redis", abortSignal: abort.signal })
    .finally(() => {
      answered = true;
    });
  await expect.poll(() => engine.world.containers.all().length).toBe(1);
  // Another call on the same daemon is answered meanwhile, and the first is not.
  expect(await docker.listContainers({ all: true })).toHaveLength(1);
  expect(answered).toBe(false);
  abort.abort();
  await expect(call).rejects.toThrow(/abort/i);
});

/** What arrives of an answer, byte for byte, and how it ends. */
const rawAnswer = (socketPath: string, method: string, path: string, body: unknown) =>
  new Promise<{ received: string; announced: number; complete: boolean } | string>((resolve) => {
    const headers = { "Content-Type": "application/json" };
    const asking = request({ socketPath, method, path, headers, agent: false }, (response) => {
      let received = "";
      response.on("data", (part: Buffer) => {
        received += part.toString();
      });
      response.on("error", () => undefined);
      response.on("close", () => {
        const announced = Number(response.headers["content-length"]);
        resolve({ received, announced, complete: response.complete });
      });
    });
    asking.on("error", (error) => {
      resolve(error.message);
    });
    asking.end(JSON.stringify(body));
  });

test("an answer breaks off in the middle although the work is done", async () => {
  const { engine } = await simulate({
    faults: [
      { operation: "network.create", nth: 1, kind: "close-mid-answer" },
      { operation: "network.remove", nth: 1, kind: "close-mid-answer" },
    ],
  });
  const { socketPath } = engine;
  const created = await rawAnswer(socketPath, "POST", "/networks/create", { Name: "n" });
  expect(created).toMatchObject({ complete: false, announced: expect.any(Number) as unknown });
  expect(created).toHaveProperty("received", expect.stringMatching(/^\{"Id":"[0-9a-f]+$/));
  expect(engine.world.networks.find("n").name).toBe("n");
  // Without a body, the head is what breaks off.
  expect(await rawAnswer(socketPath, "DELETE", "/networks/n", undefined)).toBe("socket hang up");
  expect(engine.world.networks.all()).toHaveLength(3);
});

test("a slow call is answered late, and others do not wait for it", async () => {
  const { docker } = await simulate({
    faults: [{ operation: "network.create", nth: 1, kind: "slow", ms: 60 }],
  });
  const order: string[] = [];
  const create = async (Name: string): Promise<void> => {
    await docker.createNetwork({ Name });
    order.push(Name);
  };
  await Promise.all([create("slow"), create("quick")]);
  expect(order).toEqual(["quick", "slow"]);
});

test("cross-talk brings one container's clients to another job's service", async () => {
  const { docker, dial, engine } = await simulate({
    faults: [{ operation: "container.start", nth: 2, kind: "crosstalk" }],
  });
  for (const job of ["job1", "job2"]) {
    await docker.createNetwork({ Name: job });
    await startContainer(docker, { name: `${job}-r`, network: job, ports: { 6379: "" } });
  }
  expect(await probeNonces("redis", dial(32_768), "job1", never)).toEqual(["job1"]);
  expect(await probeNonces("redis", dial(32_769), "job2", never)).toEqual(["job1", "job2"]);
  expect(engine.world.injected).toEqual([
    { operation: "container.start", kind: "crosstalk", name: "job2-r" },
  ]);
});

test("a container that exits early has started, and is found exited with its ports gone", async () => {
  const { docker, engine } = await simulate({
    faults: [{ operation: "container.start", nth: 1, kind: "exit-early" }],
  });
  const container = await startContainer(docker, { name: "c", ports: { 6379: "" } });
  expect((await container.inspect()).State).toMatchObject({ Running: false, ExitCode: 1 });
  expect(await hostPorts(container)).toEqual({});
  expect(engine.world.rootlesskit.listening()).toEqual([]);
  expect((await container.logs({ stderr: true })).toString()).toContain("exited early");
});

test.each([
  [{ operation: "network.create", kind: "hang" }],
  [{ operation: "network.create", kind: "hang", nth: 1, probability: 0.5 }],
  [{ operation: "network.create", kind: "crosstalk", nth: 1 }],
  [{ operation: "network.create", kind: "refuse", nth: 1 }],
])("%j is no fault", async (fault) => {
  await expect(simulate({ faults: [fault as Fault] })).rejects.toThrow();
});
