import { z } from "zod";
import type { ContainerRequest } from "./container.ts";
import type { PortWish } from "./port-mapper.ts";
import { Refused } from "./refused.ts";

const binding = z.object({ HostIp: z.string().default(""), HostPort: z.string().default("") });

/** The parts of the body of `POST /containers/create` that mean something here. */
const createSchema = z.object({
  Image: z.string().default(""),
  Cmd: z.union([z.array(z.string()), z.string()]).nullish(),
  Env: z.array(z.string()).nullish(),
  Labels: z.record(z.string(), z.string()).nullish(),
  ExposedPorts: z.record(z.string(), z.unknown()).nullish(),
  HostConfig: z
    .object({
      NetworkMode: z.string().nullish(),
      PortBindings: z.record(z.string(), z.array(binding).nullable()).nullish(),
    })
    .nullish(),
  NetworkingConfig: z
    .object({
      EndpointsConfig: z
        .record(z.string(), z.object({ Aliases: z.array(z.string()).nullish() }).nullable())
        .nullish(),
    })
    .nullish(),
});

const hostPortOf = (text: string): number | null => {
  if (text === "" || text === "0") return null;
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new Refused(400, `invalid port specification: ${JSON.stringify(text)}`);
};

type Bindings = Readonly<Record<string, readonly z.infer<typeof binding>[] | null>>;

const portsOf = (bindings: Bindings): readonly PortWish[] =>
  Object.entries(bindings).flatMap(([key, hosts]) =>
    (hosts ?? []).map(({ HostIp, HostPort }) => ({
      containerPort: Number.parseInt(key, 10),
      hostIp: HostIp,
      hostPort: hostPortOf(HostPort),
    })),
  );

const listOf = (command: string | readonly string[] | null | undefined): readonly string[] =>
  typeof command === "string" ? [command] : (command ?? []);

/** @throws Refused 400 for a port that is none; ZodError for a body that is none */
export const containerRequest = (name: string, body: unknown): ContainerRequest => {
  const wanted = createSchema.parse(body);
  const networks = Object.entries(wanted.NetworkingConfig?.EndpointsConfig ?? {});
  return {
    name,
    image: wanted.Image,
    command: listOf(wanted.Cmd),
    env: wanted.Env ?? [],
    labels: wanted.Labels ?? {},
    exposed: Object.keys(wanted.ExposedPorts ?? {}),
    ports: portsOf(wanted.HostConfig?.PortBindings ?? {}),
    networkMode: wanted.HostConfig?.NetworkMode ?? "default",
    networks: Object.fromEntries(networks.map(([key, value]) => [key, value?.Aliases ?? []])),
  };
};
