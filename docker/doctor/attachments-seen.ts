/**
 * Who is on which network, as the daemon lists it. Two GETs.
 */
import type Dockerode from "dockerode";
import { z } from "zod";
import type { AttachmentsSeen } from "../../harness/core/doctor/facts.ts";
import { containersAnswer, decode, map } from "../client/daemon-schemas.ts";
import { ask } from "../client/labelled.ts";
import { containerName } from "../client/published-ports.ts";

const listAnswer = z.array(
  containersAnswer.element.extend({
    HostConfig: z.object({ NetworkMode: z.string().optional() }).nullish(),
    NetworkSettings: z
      .object({ Networks: map(z.object({ GwPriority: z.number().nullish() })) })
      .nullish(),
  }),
);

const networksAnswer = z.array(
  z.object({
    Name: z.string(),
    Driver: z.string(),
    Internal: z.boolean().default(false),
    EnableIPv6: z.boolean().default(false),
  }),
);

/** Networks of these drivers give a container a gateway; those of swarm are attached by it. */
const DRIVERS = ["bridge", "macvlan", "ipvlan"];

/** @throws StressError("engine-lost") when the daemon does not tell */
export const attachmentsSeen = async (
  docker: Dockerode,
  signal: AbortSignal,
): Promise<AttachmentsSeen> => {
  const [listed, known] = await Promise.all([
    ask(docker, "/containers/json", signal).then((answer) =>
      decode(listAnswer, answer, "/containers/json"),
    ),
    ask(docker, "/networks", signal).then((answer) => decode(networksAnswer, answer, "/networks")),
  ]);
  const networks = known
    .filter(({ Driver }) => DRIVERS.includes(Driver))
    .map(({ Name, Internal, EnableIPv6 }) => ({
      name: Name,
      internal: Internal,
      ipv6: EnableIPv6,
      gatewayPriority: null,
    }));
  const containers = listed.map((container) => ({
    name: containerName(container),
    networkMode: container.HostConfig?.NetworkMode ?? null,
    networks: Object.entries(container.NetworkSettings?.Networks ?? {}).map(
      ([name, { GwPriority }]) => ({ name, gatewayPriority: GwPriority ?? 0 }),
    ),
  }));
  return { networks, containers };
};
