/**
 * Ports of the host that a container has, or asks for, in the daemon's answers.
 */
import type { z } from "zod";
import type { portBindingsAnswer, publishedAnswer } from "./daemon-schemas.ts";

type Listed = z.infer<typeof publishedAnswer>[number];
type Inspected = z.infer<typeof portBindingsAnswer>;

export interface HostPort {
  /** `tcp`, `udp`, `sctp`. */
  readonly protocol: string;
  readonly hostIp: string;
  readonly hostPort: number;
  readonly containerPort: number;
}

/** Its ports are held: a paused container keeps them. */
export const isRunning = ({ State }: Pick<Listed, "State">): boolean =>
  State === "running" || State === "paused";

/** As the docker CLI shows it; its id where it has none. */
export const containerName = ({ Id, Names }: Pick<Listed, "Id" | "Names">): string =>
  Names[0]?.replace(/^\//, "") ?? Id;

/** What it has; nothing of one that does not run. */
export const publishedPorts = ({ Ports }: Pick<Listed, "Ports">): readonly HostPort[] =>
  Ports.flatMap(({ IP, PrivatePort, PublicPort, Type }) =>
    PublicPort === undefined
      ? []
      : [{ protocol: Type, hostIp: IP, hostPort: PublicPort, containerPort: PrivatePort }],
  );

const PORT = /^\d{1,5}$/;

/** What it asks for by number: without one the daemon chooses, and with two and a hyphen between them. */
export const wishedPorts = ({ HostConfig }: Inspected): readonly HostPort[] =>
  Object.entries(HostConfig.PortBindings).flatMap(([key, bindings]) => {
    const [containerPort = "", protocol = "tcp"] = key.split("/");
    return bindings.flatMap(({ HostIp, HostPort }) =>
      PORT.test(HostPort) && PORT.test(containerPort)
        ? [
            {
              protocol,
              hostIp: HostIp,
              hostPort: Number(HostPort),
              containerPort: Number(containerPort),
            },
          ]
        : [],
    );
  });
