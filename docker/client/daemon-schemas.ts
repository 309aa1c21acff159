/**
 * The parts of the daemon's answers that are read, from API 1.40 to 1.55. Anything else in them is ignored;
 * a part that is missing is an error at once, not an `undefined` later.
 */
import { z } from "zod";
import { StressError } from "../../harness/core/errors.ts";

/** Go writes an empty list or map as `null`. */
const list = <Item extends z.ZodType>(item: Item) =>
  z
    .array(item)
    .nullish()
    .transform((items) => items ?? []);
export const map = <Value extends z.ZodType>(value: Value) =>
  z
    .record(z.string(), value)
    .nullish()
    .transform((entries) => entries ?? {});

export const versionAnswer = z.object({
  Version: z.string(),
  ApiVersion: z.string(),
  Components: list(z.object({ Name: z.string(), Version: z.string(), Details: map(z.string()) })),
});

export const infoAnswer = z.object({
  Driver: z.string(),
  CgroupDriver: z.string().default("unknown"),
  KernelVersion: z.string(),
  OperatingSystem: z.string(),
  Architecture: z.string(),
  NCPU: z.int(),
  MemTotal: z.number(),
  SecurityOptions: list(z.string()),
});

/** Of `/info`; null: it names none, so it has the defaults. */
export const addressPools = z
  .array(z.object({ Base: z.string(), Size: z.int() }))
  .nullish()
  .transform((pools) => pools?.map(({ Base, Size }) => ({ base: Base, size: Size })) ?? null);

export const poolsAnswer = z.object({ DefaultAddressPools: addressPools });

export const createdAnswer = z.object({ Id: z.string() });

/** Engines send null for the digests of images that were never pulled. */
export const imageAnswer = z.object({ Id: z.string(), RepoDigests: list(z.string()) });

export const waitAnswer = z.object({ StatusCode: z.int() });

export const containerAnswer = z.object({
  Id: z.string(),
  State: z.object({
    Running: z.boolean(),
    ExitCode: z.int(),
    OOMKilled: z.boolean().default(false),
    Health: z.object({ Status: z.string() }).nullish(),
  }),
  HostConfig: z.object({ NetworkMode: z.string().optional() }).optional(),
  NetworkSettings: z.object({
    Ports: z
      .record(
        z.string().regex(/^\d{1,5}\/[a-z]+$/),
        list(z.object({ HostIp: z.string(), HostPort: z.string().regex(/^\d{0,5}$/) })),
      )
      .nullish()
      .transform((ports) => ports ?? {}),
    Networks: z.record(z.string(), z.unknown()).nullish(),
  }),
});

const labels = map(z.string());

export const containersAnswer = z.array(
  z.object({ Id: z.string(), Names: list(z.string()), Labels: labels, State: z.string() }),
);

export const networksAnswer = z.array(
  z.object({ Id: z.string(), Name: z.string(), Labels: labels }),
);

export const labelledContainerAnswer = z
  .object({ Id: z.string(), Config: z.object({ Labels: labels }) })
  .transform(({ Id, Config }) => ({ Id, Labels: Config.Labels }));

export const labelledNetworkAnswer = z.object({ Id: z.string(), Labels: labels });

/** What the list of containers says of published ports; of those that do not run, nothing. */
export const publishedAnswer = z.array(
  z.object({
    Id: z.string(),
    Names: list(z.string()),
    Labels: labels,
    State: z.string(),
    Ports: list(
      z.object({
        IP: z.string().default(""),
        PrivatePort: z.int(),
        PublicPort: z.int().optional(),
        Type: z.string(),
      }),
    ),
  }),
);

/** What a container asks for, whether it runs or not. */
export const portBindingsAnswer = z.object({
  HostConfig: z.object({
    PortBindings: map(list(z.object({ HostIp: z.string().default(""), HostPort: z.string() }))),
  }),
});

export const subnetsAnswer = z.array(
  z.object({
    Name: z.string(),
    Labels: labels,
    IPAM: z.object({ Config: list(z.object({ Subnet: z.string().optional() })) }),
  }),
);

export const namedContainersAnswer = z.array(
  z.object({
    Id: z.string(),
    Names: list(z.string()),
    Labels: labels,
    /** Seconds since 1970. */
    Created: z.number(),
  }),
);

export const namedNetworksAnswer = z.array(
  z.object({ Id: z.string(), Name: z.string(), Labels: labels, Created: z.string() }),
);

export const volumesAnswer = z.object({
  Volumes: list(z.object({ Name: z.string(), Labels: labels })),
});

/** An answer of success that does not say what such an answer says: no engine, or one we do not understand. */
export class UnusableAnswer extends StressError {
  constructor(what: string, detail: string, cause: unknown) {
    super("engine-lost", `the engine's answer to ${what} cannot be understood${detail}`, { cause });
  }
}

/** Most of what an engine said in a sentence, in characters. */
const SAID_WIDTH = 200;

const partAt = (answer: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (part, key) => (typeof part === "object" && part !== null ? Reflect.get(part, key) : undefined),
    answer,
  );

/** The first part that is not of the shape, as it came: what could not be read is evidence too. */
const unusablePart = (answer: unknown, { issues }: z.ZodError): string => {
  const path = issues[0]?.path ?? [];
  const part = partAt(answer, path);
  const said = part === undefined ? "missing" : JSON.stringify(part).slice(0, SAID_WIDTH);
  return `: ${path.length === 0 ? "it" : path.map(String).join(".")} is ${said}`;
};

/** @throws UnusableAnswer when the answer is not of that shape, with the part that is not */
export const decode = <Schema extends z.ZodType>(
  schema: Schema,
  answer: unknown,
  what: string,
): z.infer<Schema> => {
  const decoded = schema.safeParse(answer);
  if (decoded.success) return decoded.data;
  throw new UnusableAnswer(what, unusablePart(answer, decoded.error), decoded.error);
};
