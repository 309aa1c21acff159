import type Dockerode from "dockerode";
import { StressError } from "../../harness/core/errors.ts";
import { portNamedIn } from "../../harness/core/questions.ts";
import { inspectContainer, removeContainer } from "../client/calls.ts";
import { containerAnswer, createdAnswer, decode } from "../client/daemon-schemas.ts";
import { exchange, Refusal } from "../client/exchange.ts";
import { NEMESIS_JOB, labelsOf, type Marks } from "./marks.ts";

/** A port of the container that nobody listens on: only its publication matters. */
const CONTAINER_PORT = "9/tcp";

/** For removing what was made, in milliseconds: it must be gone whatever happened. */
const REMOVE_MS = 30_000;

export interface CursorOptions {
  readonly docker: Dockerode;
  readonly marks: Marks;
  /** Of the host address at which ports are asked for: engines count for each address apart. */
  readonly hostIp: string;
  /** Any image that the engine has. */
  readonly image: string;
}

/**
 * The dynamic port that the daemon hands out last, found by being handed it: a container is started with one
 * published port and removed again. Ports are handed out in order, so the next ones follow.
 *
 * @throws StressError("environment") with the daemon's words when it cannot be started
 */
export const cursorOf = async (
  { docker, marks, hostIp, image }: CursorOptions,
  signal: AbortSignal,
): Promise<number> => {
  const name = `stress-${marks.run}-${NEMESIS_JOB}-cursor`;
  const body = {
    Image: image,
    Labels: labelsOf(marks),
    ExposedPorts: { [CONTAINER_PORT]: {} },
    HostConfig: { PortBindings: { [CONTAINER_PORT]: [{ HostIp: hostIp, HostPort: "" }] } },
  };
  let made: string | null = null;
  try {
    const create = `/containers/create?name=${encodeURIComponent(name)}`;
    const created = await exchange(docker, { method: "POST", path: create, body }, { signal });
    made = decode(createdAnswer, created, "container.create").Id;
    await exchange(docker, { method: "POST", path: `/containers/${made}/start` }, { signal });
    const answer = await exchange(docker, inspectContainer(made), { signal });
    const { NetworkSettings } = decode(containerAnswer, answer, "container.inspect");
    const bindings = Object.values(NetworkSettings.Ports).flat();
    const binding = bindings.find(({ HostIp }) => !HostIp.includes(":"));
    if (binding !== undefined) return Number(binding.HostPort);
    throw new StressError("environment", "the daemon published a port and does not say which");
  } catch (error) {
    // Refused because somebody holds the very port that was handed out: it is in the words.
    const named = error instanceof Refusal ? portNamedIn(error.message) : null;
    if (named !== null) return named;
    if (!(error instanceof Refusal)) throw error;
    const words = `the daemon's next port cannot be found out: ${error.message}`;
    throw new StressError("environment", words, { cause: error });
  } finally {
    const bounded = { signal: AbortSignal.timeout(REMOVE_MS) };
    // A container whose creation was not answered carries the run's labels: the wave sweeps it.
    if (made !== null) await exchange(docker, removeContainer(made), bounded).catch(() => null);
  }
};
