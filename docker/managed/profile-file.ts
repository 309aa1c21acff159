/**
 * A profile from a YAML file.
 *
 *     title: address pools for 1024 networks
 *     engine: debian:sid
 *     daemon.json: { default-address-pools: [{ base: 10.200.0.0/14, size: 24 }] }
 *     rootlesskit: { net: slirp4netns, port-driver: builtin, mtu: 65520 }
 *     ip-local-port-range: own
 */
import { basename, dirname, resolve } from "node:path";
import { z } from "zod";
import { isIpv4, poolSchema } from "../../harness/core/capacity.ts";
import { isAddress, parseEngineSource } from "../../harness/core/engine-source.ts";
import { StressError } from "../../harness/core/errors.ts";
import {
  AS_DOCKER_COMES,
  NETWORK_DRIVERS,
  PORT_DRIVERS,
  profileSchema,
  type EngineSource,
  type Profile,
} from "../../harness/core/profile.ts";
import { parseYaml, type Objection, type Path } from "../parse-yaml.ts";
import { DECIDED_HERE } from "./daemon-config.ts";

const words = (right: string) => ({ error: right });
const oneOf = (values: readonly string[]): string => `must be one of ${values.join(", ")}`;
const text = z.string(words("must be a text; put numbers and true/false in quotes")).min(1);
const yesOrNo = z.boolean(words("must be true or false"));
const { name } = profileSchema.shape;

/** A range that begins lower no namespace takes: ports below are for privileged programs. */
const FIRST_PORT = 1024;
const RIGHT_PORT = words(`must be a port from ${String(FIRST_PORT)} to 65535`);
const port = z.int(RIGHT_PORT).min(FIRST_PORT, RIGHT_PORT).max(65_535, RIGHT_PORT);

const RIGHT_MTU = words("must be a whole number from 576 to 65521");
const RIGHT_SETTING = words("must be a number, or a text of one line");
const BACKENDS = ["iptables", "nftables"] as const;

const fileSchema = z
  .strictObject({
    name: name.describe("Names the arms; the file's base name unless told otherwise."),
    title: text.describe("One line, for reports."),
    engine: text.describe(
      "Whose programs: installed, a directory, a .tgz file or its address, debian:SUITE, or a version that `stress engine add` has put there.",
    ),
    "daemon.json": z
      .record(z.string(), z.unknown(), words("must be a mapping, as daemon.json is"))
      .describe("As in the file of that name."),
    rootlesskit: z
      .strictObject(
        {
          net: z
            .enum(NETWORK_DRIVERS, words(oneOf(NETWORK_DRIVERS)))
            .describe("Network driver; named, it comes with an MTU of 1500 in most versions."),
          "port-driver": z.enum(PORT_DRIVERS, words(oneOf(PORT_DRIVERS))),
          mtu: z.int(RIGHT_MTU).min(576, RIGHT_MTU).max(65_521, RIGHT_MTU),
          "detach-netns": yesOrNo.describe("Engine 29.5 and later; true there by default."),
        },
        words("must be a mapping"),
      )
      .partial(),
    "ip-local-port-range": z
      .union(
        [z.enum(["kernel", "own"]), z.tuple([port, port])],
        words(
          `must be kernel, own, or two ports from ${String(FIRST_PORT)} on, such as [20000, 29999]`,
        ),
      )
      .describe(
        "Dynamic ports: kernel is the range that the host has too, own is apart from it and from other engines.",
      ),
    rootful: yesOrNo.describe(
      "Run by root, without RootlessKit, in a network namespace of its own: to compare with.",
    ),
    sysctls: z
      .record(
        z.string().regex(/^net(?:\.[\w-]+)+$/),
        z.union([z.string().regex(/^[\x20-\x7e]+$/, RIGHT_SETTING), z.number()], RIGHT_SETTING),
        words("must be a mapping of net.… to a number or a text"),
      )
      .describe("Settings of the kernel for the namespace of the engine's networks."),
    "userland-proxy": yesOrNo,
    "firewall-backend": z
      .enum(BACKENDS, words(oneOf(BACKENDS)))
      .describe("nftables: Engine 29 and later."),
    "storage-driver": text,
  })
  .partial();
type ProfileFile = z.infer<typeof fileSchema>;

/** For editors; `profile.schema.json` is this. */
export const profileJsonSchema = (): unknown => z.toJSONSchema(fileSchema, { io: "input" });

const pathText = (path: Path): string => path.map(String).join(".");

const knownKeys = (path: Path): string =>
  Object.keys(
    path.length === 0 ? fileSchema.shape : fileSchema.shape.rootlesskit.unwrap().shape,
  ).join(", ");

const objectionOf = (issue: z.core.$ZodIssue): Objection => {
  const { path } = issue;
  switch (issue.code) {
    case "unrecognized_keys": {
      const [key = ""] = issue.keys;
      const where = path.length === 0 ? "" : ` of ${pathText(path)}`;
      return {
        path: [...path, key],
        right: `unknown key "${key}"${where}; known: ${knownKeys(path)}`,
      };
    }
    case "invalid_key":
      return {
        path,
        right: `${pathText(path)}: only settings that begin with net. are a namespace's`,
      };
    default:
      return {
        path,
        right:
          path.length === 0
            ? "the file must be a mapping of keys to values"
            : `${pathText(path)} ${issue.message}`,
      };
  }
};

/** Keys of their own that are settings of daemon.json. */
const OF_DAEMON_JSON = ["userland-proxy", "firewall-backend", "storage-driver"] as const;

const objectionsToDaemonJson = (file: ProfileFile): readonly Objection[] => {
  const json = file["daemon.json"] ?? {};
  const own = DECIDED_HERE.filter((key) => key in json).map((key) => ({
    path: ["daemon.json", key],
    right: `"${key}" cannot be chosen: every engine that is started here has its own`,
  }));
  const twice = OF_DAEMON_JSON.filter(
    (key) => file[key] !== undefined && key in json && json[key] !== file[key],
  ).map((key) => ({
    path: [key],
    right: `${key} is ${String(file[key])} here and ${JSON.stringify(json[key])} in daemon.json; keep one of them`,
  }));
  return [...own, ...twice];
};

const poolsSchema = z.array(z.object({ base: z.string(), size: z.int() }));

const objectionsToPools = (file: ProfileFile): readonly Objection[] => {
  const key = "default-address-pools";
  const given = file["daemon.json"]?.[key];
  if (given === undefined) return [];
  const path = ["daemon.json", key];
  const pools = poolsSchema.safeParse(given).data;
  if (pools === undefined) {
    return [{ path, right: `${key} must be a list, such as [{ base: 10.200.0.0/14, size: 24 }]` }];
  }
  return pools.flatMap(({ base, size }, index) => {
    if (!isIpv4({ base })) {
      return base.includes(":")
        ? []
        : [{ path: [...path, index, "base"], right: `${base} is no prefix` }];
    }
    const fits = poolSchema.safeParse({ base, size }).success;
    return fits && size >= Number(base.split("/")[1] ?? 32)
      ? []
      : [
          {
            path: [...path, index, "size"],
            right: `no subnet of /${String(size)} can be cut from ${base}`,
          },
        ];
  });
};

/** The network driver that a port driver works on; any of the others for `builtin`. */
const NETWORK_OF = {
  implicit: "pasta",
  slirp4netns: "slirp4netns",
  "gvisor-tap-vsock": "gvisor-tap-vsock",
} as const satisfies Partial<Record<NonNullable<Profile["portDriver"]>, Profile["network"]>>;

/** @see rootless-containers/rootlesskit cmd/rootlesskit/main.go, createParentOpt */
const objectionsToDrivers = ({ rootlesskit = {} }: ProfileFile): readonly Objection[] => {
  const { net, "port-driver": driver } = rootlesskit;
  const path = ["rootlesskit", "port-driver"];
  if (driver === undefined) return [];
  if (driver === "builtin") {
    return net === "pasta"
      ? [{ path, right: "net: pasta forwards ports by itself, with port-driver: implicit" }]
      : [];
  }
  const needed = NETWORK_OF[driver];
  return net === needed ? [] : [{ path, right: `port-driver: ${driver} needs net: ${needed}` }];
};

const RANGE_SYSCTL = "net.ipv4.ip_local_port_range";

const objectionsToPorts = (file: ProfileFile): readonly Objection[] => {
  const range = file["ip-local-port-range"];
  const backwards =
    Array.isArray(range) && range[0] > range[1]
      ? [
          {
            path: ["ip-local-port-range"],
            right: `ip-local-port-range ends (${String(range[1])}) before it begins (${String(range[0])})`,
          },
        ]
      : [];
  const bySysctl = Object.keys(file.sysctls ?? {})
    .filter((key) => key === RANGE_SYSCTL)
    .map((key) => ({
      path: ["sysctls", key],
      right: `say ip-local-port-range: [FIRST, LAST] for ${key}: the daemon has to see it too`,
    }));
  return [...backwards, ...bySysctl];
};

/** What RootlessKit would have done. */
const objectionsToRootful = ({ rootful, rootlesskit }: ProfileFile): readonly Objection[] =>
  rootful === true && rootlesskit !== undefined
    ? [{ path: ["rootlesskit"], right: "a rootful engine has no RootlessKit: leave it away" }]
    : [];

const objectionsTo = (file: ProfileFile): readonly Objection[] => [
  ...objectionsToDaemonJson(file),
  ...objectionsToPools(file),
  ...objectionsToDrivers(file),
  ...objectionsToPorts(file),
  ...objectionsToRootful(file),
];

/** Paths in a profile are meant from where the file is. */
const placed = (source: EngineSource, file: string): EngineSource => {
  const from = (path: string): string => resolve(dirname(file), path);
  switch (source.kind) {
    case "directory":
      return { ...source, path: from(source.path) };
    case "archive":
      return isAddress(source.from) ? source : { ...source, from: from(source.from) };
    default:
      return source;
  }
};

/**
 * The profile that a file describes. Pure.
 *
 * @param file - its path: named in messages, it names the profile too, and paths in it begin there
 * @throws StressError("usage") with file, line and what would be right
 */
export const parseProfileFile = (source: string, file: string): Profile => {
  const { value, refusal } = parseYaml(source, file);
  const parsed = fileSchema.safeParse(value ?? {});
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw refusal(
      issue === undefined ? { path: [], right: "is no profile" } : objectionOf(issue),
      parsed.error,
    );
  }
  const { data } = parsed;
  const [objection] = objectionsTo(data);
  if (objection !== undefined) throw refusal(objection);
  const called = name.safeParse(data.name ?? basename(file).replace(/\.ya?ml$/, ""));
  if (!called.success) {
    throw refusal({
      path: [],
      right: `the file's name is none for a profile; add name: with lower-case letters, digits, dots and hyphens`,
    });
  }
  const settings = OF_DAEMON_JSON.flatMap((key) =>
    data[key] === undefined ? [] : [[key, data[key]] as const],
  );
  const { net, "port-driver": driver, mtu, "detach-netns": detach } = data.rootlesskit ?? {};
  return {
    name: called.data,
    title: data.title ?? called.data,
    engine:
      data.engine === undefined ? AS_DOCKER_COMES.engine : engineOf(data.engine, file, refusal),
    rootful: data.rootful ?? false,
    daemonJson: { ...data["daemon.json"], ...Object.fromEntries(settings) },
    network: net ?? null,
    portDriver: driver ?? (net === "pasta" ? "implicit" : null),
    mtu: mtu ?? null,
    detachNetns: detach ?? null,
    portRange: data["ip-local-port-range"] ?? AS_DOCKER_COMES.portRange,
    sysctls: Object.fromEntries(
      Object.entries(data.sysctls ?? {}).map(([key, setting]) => [key, String(setting)]),
    ),
  };
};

const engineOf = (
  given: string,
  file: string,
  refusal: (objection: Objection, cause: unknown) => StressError,
): EngineSource => {
  try {
    return placed(parseEngineSource(given), file);
  } catch (error) {
    if (error instanceof StressError)
      throw refusal({ path: ["engine"], right: error.message }, error);
    throw error;
  }
};
