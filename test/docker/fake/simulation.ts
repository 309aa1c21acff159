import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Dockerode from "dockerode";
import { onTestFinished } from "vitest";
import { dialFake } from "../../../docker/fake/dial.ts";
import { startFakeEngine, type FakeEngine } from "../../../docker/fake/engine.ts";
import type { HeldPort } from "../../../docker/fake/held-port.ts";
import type { FakeEngineOptions } from "../../../docker/fake/options.ts";
import type { Dial } from "../../../docker/probe/dial.ts";

export interface Simulation {
  readonly engine: FakeEngine;
  readonly docker: Dockerode;
  readonly dial: (port: number) => Dial;
}

/** A fake engine with a real client, both gone when the test is. */
export const simulate = async (
  options: Omit<FakeEngineOptions, "socketPath"> = {},
): Promise<Simulation> => {
  const directory = await mkdtemp(join(tmpdir(), "stress-test-"));
  const socketPath = join(directory, "engine.sock");
  onTestFinished(() => rm(directory, { recursive: true }));
  const engine = await startFakeEngine({ ...options, socketPath });
  onTestFinished(engine.stop);
  return {
    engine,
    docker: new Dockerode({ socketPath }),
    dial: (port) => dialFake({ socketPath, host: "127.0.0.1", port }),
  };
};

/** Ports of the simulated host that are taken from the start. */
export const heldBy = (by: HeldPort["by"], ...ports: readonly number[]): readonly HeldPort[] =>
  ports.map((port) => ({ port, by }));

export interface Refusal {
  readonly status: number;
  readonly message: string;
}

/** What the daemon said instead of doing it; fails the test when it did it. */
export const refusalOf = async (call: Promise<unknown>): Promise<Refusal> => {
  try {
    await call;
  } catch (error) {
    const { statusCode, json } = error as { statusCode: number; json: { message: string } };
    return { status: statusCode, message: json.message };
  }
  throw new Error("it was not refused");
};

interface Wanted {
  readonly name: string;
  readonly image?: string;
  readonly network?: string;
  readonly aliases?: readonly string[];
  readonly command?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  /** Container port to host port; empty: the daemon chooses. */
  readonly ports?: Readonly<Record<number, string>>;
  readonly hostIp?: string;
}

export const createContainer = (
  docker: Dockerode,
  { name, image = "redis:7", network = "bridge", ports = {}, hostIp = "", ...more }: Wanted,
): Promise<Dockerode.Container> => {
  const bindings = Object.entries(ports).map(([port, HostPort]) => [
    `${port}/tcp`,
    [{ HostIp: hostIp, HostPort }],
  ]);
  return docker.createContainer({
    name,
    Image: image,
    Cmd: [...(more.command ?? [])],
    Labels: { ...more.labels },
    HostConfig: {
      NetworkMode: network,
      PortBindings: Object.fromEntries(bindings) as Dockerode.PortMap,
    },
    NetworkingConfig: { EndpointsConfig: { [network]: { Aliases: [...(more.aliases ?? [])] } } },
  });
};

export const startContainer = async (
  docker: Dockerode,
  wanted: Wanted,
): Promise<Dockerode.Container> => {
  const container = await createContainer(docker, wanted);
  await container.start();
  return container;
};

/** Host ports by container port, as inspect shows them. */
export const hostPorts = async (
  container: Dockerode.Container,
): Promise<Readonly<Record<string, readonly string[]>>> => {
  const { NetworkSettings } = await container.inspect();
  return Object.fromEntries(
    Object.entries(NetworkSettings.Ports).map(([key, bindings]) => [
      key,
      bindings.map(({ HostIp, HostPort }) => `${HostIp}:${HostPort}`),
    ]),
  );
};
