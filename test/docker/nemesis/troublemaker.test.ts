import { expect, test } from "vitest";
import { fakeArsenal } from "../../../docker/fake/arsenal.ts";
import type { Arsenal } from "../../../docker/nemesis/trouble.ts";
import { createTroublemaker, type TroubleOptions } from "../../../docker/nemesis/troublemaker.ts";
import { DeadlinePassed, StressError } from "../../../harness/core/errors.ts";
import { LABEL, type Mode, type WavePlan } from "../../../harness/core/model.ts";
import { parseNemesis, type InjectedFault } from "../../../harness/core/nemesis.ts";
import { plan } from "../../../harness/core/plan.ts";
import { seconds } from "../../../harness/core/units.ts";
import { stacks } from "../../../scenarios/stacks.ts";
import { simulate } from "../fake/simulation.ts";

const SIGNAL = new AbortController().signal;

const waveOf = (mode: Mode, n: number): WavePlan => {
  const redis = { reference: "redis:7", command: null, env: {} };
  const [wave] = plan({
    run: "r",
    seed: "s",
    scenario: stacks,
    services: ["redis"],
    modes: [mode],
    ns: [n],
    waves: 1,
    ports: "minimal",
    images: { name: "i", images: { redis } },
    deadlines: { call: seconds(1), ready: seconds(1), teardown: seconds(1) },
    teardownConcurrency: 1,
    keepFailed: false,
    owner: "o",
  }).waves;
  if (wave === undefined) throw new Error("a plan without waves");
  return wave;
};

type Bounded = TroubleOptions["bounded"];

const unbounded: Bounded = (outer, body) => body(outer);

/** Every step is given up in the moment in which it begins to wait. */
const impatient: Bounded = async (_outer, body) => {
  const patience = new AbortController();
  const done = body(patience.signal);
  patience.abort(new DeadlinePassed(seconds(30)));
  return await done;
};

const trouble = async (
  nemeses: readonly string[],
  instead: Partial<Arsenal> = {},
  bounded: Bounded = unbounded,
) => {
  const { docker, engine } = await simulate();
  const arsenal = { ...fakeArsenal(docker, engine.socketPath), ...instead };
  const parsed = nemeses.map(parseNemesis);
  const { strike, lift } = createTroublemaker({
    ...{ arsenal, run: "r", owner: "o", seed: "s" },
    nemesesOf: () => parsed,
    bounded,
  });
  const faults: InjectedFault[] = [];
  return {
    world: engine.world,
    faults,
    strike: (wave: WavePlan) => strike(wave, (fault) => void faults.push(fault), SIGNAL),
    lift,
  };
};

/** What is on the engine and on its machine that was not there from the beginning. */
const left = ({
  containers,
  networks,
  hostPorts,
  rootlesskit,
}: Awaited<ReturnType<typeof trouble>>["world"]) => ({
  containers: containers.all().map(({ name }) => name),
  networks: networks.all().length - 3,
  sockets: hostPorts.sockets().length,
  forwards: rootlesskit.all().length,
});

const NOTHING = { containers: [], networks: 0, sockets: 0, forwards: 0 };

const targetsOf = (faults: readonly InjectedFault[]): readonly string[] =>
  faults.map(({ target }) =>
    target.of === "port" ? String(target.port) : target.of === "name" ? target.name : target.of,
  );

test("several nemeses of one wave aim at different jobs, and each fault has an id of its own", async () => {
  const made = await trouble([
    "occupy:2:outbound",
    "occupy:2:forward",
    "second-engine:2",
    "name-clash",
  ]);
  await made.strike(waveOf("ports-block", 7));
  const ports = made.faults.flatMap(({ target }) => (target.of === "port" ? [target.port] : []));
  const [name] = made.faults.flatMap(({ target }) => (target.of === "name" ? [target.name] : []));
  expect(new Set(ports).size).toBe(6);
  const clashing = Number(/-w1j(\d)-/.exec(name ?? "")?.[1]) - 1;
  expect(ports).not.toContain(61_000 + clashing);
  expect(new Set(made.faults.map(({ id }) => id)).size).toBe(7);
  await made.lift();
  expect(left(made.world)).toEqual(NOTHING);
});

test("a port that somebody has already is left to him, and the next one is taken", async () => {
  const made = await trouble(["occupy:2:listener"]);
  const wave = waveOf("ports-block", 3);
  await made.world.occupy({ port: 61_000, by: "outbound" });
  await made.world.occupy({ port: 61_001, by: "forward" });
  await made.strike(wave);
  // One fault, and not two: that is what stands.
  expect(targetsOf(made.faults)).toEqual(["61002"]);
  await made.lift();
  expect(left(made.world)).toMatchObject({ sockets: 1, forwards: 1 });
});

test("where the daemon chooses ports, those that it hands out next are taken", async () => {
  const made = await trouble(["occupy:3:timewait"]);
  await made.strike(waveOf("ports", 2));
  expect(targetsOf(made.faults)).toEqual(["32768", "32769", "32770"]);
  await made.lift();
});

test("a connection of the host is ahead of the cursor where the ranges meet, and in nobody's way elsewhere", async () => {
  const near = await trouble(["occupy:2:ephemeral", "occupy:1:listener"]);
  await near.strike(waveOf("ports", 2));
  expect(targetsOf(near.faults)).toEqual(["32768", "32769", "32770"]);
  expect(near.faults.map(({ truth }) => truth)).toEqual([
    "outbound_connection",
    "outbound_connection",
    "host_listener",
  ]);
  await near.lift();

  const apart = await trouble(["occupy:2:ephemeral"], {
    nextPorts: () => Promise.resolve([13_312, 13_313]),
  });
  await apart.strike(waveOf("ports", 2));
  expect(targetsOf(apart.faults)).toEqual(["32768", "32769"]);
  await apart.lift();

  const byNumber = await trouble(["occupy:2:ephemeral"]);
  await byNumber.strike(waveOf("ports-block", 2));
  expect(targetsOf(byNumber.faults)).toEqual(["32768", "32769"]);
  await byNumber.lift();
  expect(left(byNumber.world)).toEqual(NOTHING);
});

test("a wave that publishes nothing has no port to take", async () => {
  const made = await trouble(["occupy:3:outbound"]);
  const { phases, ...job } = waveOf("ports", 1).jobs[0] ?? { phases: [], id: "", teardown: [] };
  await made.strike({
    index: 1,
    block: 1,
    arm: "noports",
    jobs: [{ ...job, phases: phases.slice(0, 1) }],
  });
  expect(made.faults).toEqual([]);
});

test("everything on the engine is marked with the run, for whoever cleans up after a killed harness", async () => {
  const made = await trouble(["name-clash", "exhaust-subnets"]);
  await made.strike(waveOf("ports-block", 1));
  const marked = { [LABEL.run]: "r", [LABEL.job]: "nemesis", [LABEL.owner]: "o" };
  const { containers, networks } = made.world;
  expect(containers.all().map(({ request }) => request.labels)).toEqual([marked]);
  const own = networks.all().filter(({ name }) => name.startsWith("stress-"));
  expect(own).toHaveLength(30);
  for (const { labels } of own) expect(labels).toEqual(marked);
  await made.lift();
  expect(left(made.world)).toEqual(NOTHING);
});

test("a strike that fails half way is undone all the same", async () => {
  const made = await trouble(["name-clash", "exhaust-subnets", "occupy:1:listener"], {
    occupant: () => Promise.reject(new StressError("environment", "no such thing here")),
  });
  await expect(made.strike(waveOf("ports-block", 1))).rejects.toThrow("no such thing here");
  expect(left(made.world)).not.toEqual(NOTHING);
  await made.lift();
  await made.lift();
  expect(left(made.world)).toEqual(NOTHING);
});

test.each([
  ["ports-block", "exhaust-subnets"],
  ["ports-block", "name-clash"],
  ["ports-block", "occupy:1:outbound"],
  ["ports", "occupy:1:outbound"],
] as const)("in mode %s, %s that never gets ready is given up in time", async (mode, nemesis) => {
  const made = await trouble([nemesis], {}, impatient);
  made.world.daemon.pause();
  const struck = made.strike(waveOf(mode, 1));
  await expect(struck).rejects.toMatchObject({ code: "environment" });
  await expect(struck).rejects.toThrow("no answer within 30.0s");
  made.world.daemon.resume();
  await made.lift();
  expect(left(made.world)).toEqual(NOTHING);
});

test("what was to come in the middle of a burst that never was does not come later", async () => {
  const made = await trouble(["slow-daemon:60", "kill-daemon"]);
  await made.strike(waveOf("ports-block", 2));
  await made.lift();
  for (let call = 0; call < 5; call += 1) made.world.daemon.called();
  expect(made.world.daemon.state).toBe("running");
  expect(made.faults).toEqual([]);
});

test("a daemon that was stopped goes on when the burst is over, however long it was to be", async () => {
  const made = await trouble(["slow-daemon:60"]);
  await made.strike(waveOf("ports-block", 1));
  await expect
    .poll(() => {
      made.world.daemon.called();
      return made.faults.length;
    })
    .toBe(1);
  expect(made.world.daemon.state).toBe("paused");
  await made.lift();
  expect(made.world.daemon.state).toBe("running");
});
