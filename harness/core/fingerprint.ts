/**
 * On what a run was made: two runs whose fingerprints differ are compared with a warning, and one is never the
 * baseline of the other. What the runs themselves vary (mode, number of jobs, mitigation) is in the arms' ids.
 */
import { z } from "zod";
import type { EngineFacts } from "./events.ts";
import type { RunHistory } from "./history.ts";
import type { Profile } from "./profile.ts";

export const fingerprintSchema = z.object({
  /** Short, and the same for the same fields on every machine: for names and tables, not for secrets. */
  digest: z.string(),
  /** What was found, by what it is of, e.g. `kernel`, `engine`, `wide-pools: engine`, `image redis:7`. */
  fields: z.record(z.string(), z.string()).readonly(),
});
export type Fingerprint = z.infer<typeof fingerprintSchema>;

type Fields = readonly (readonly [name: string, value: string])[];

const GIBIBYTE = 1024 ** 3;

/** Where nobody could look. */
const NOT_KNOWN = "not known";

const rangeText = (range: readonly [number, number] | null): string =>
  range === null ? NOT_KNOWN : range.join("–");

/** With the keys of every object in order: the same settings are the same text. */
const stable = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(stable).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, each]) => `${JSON.stringify(key)}:${stable(each)}`).join(",")}}`;
};

const machineFields = (engine: EngineFacts): Fields => [
  ["simulated", engine.simulated ? "yes" : "no"],
  ["architecture", engine.architecture],
  ["kernel", engine.kernel],
  ["system", engine.operatingSystem],
  ["cores", String(engine.cores)],
  ["memory", `${(engine.memoryBytes / GIBIBYTE).toFixed(0)} GiB`],
  ["ports of the host", rangeText(engine.hostPortRange)],
];

/**
 * An image that is built here is named by what it is built from, and has another id in every engine: the time at which it
 * came there is in it.
 */
const imageText = (image: string, id: string): string =>
  image.startsWith("rootless-stress/") ? "built here" : id;

/** An engine that is told to keep apart takes whichever range is free: which one it was says nothing. */
const enginePorts = (engine: EngineFacts, profile: Profile | null): string =>
  profile?.portRange === "own" ? "own" : rangeText(engine.enginePortRange);

const engineFields = (engine: EngineFacts, profile: Profile | null): Fields => [
  ["engine", engine.version],
  ["rootless", engine.rootless ? "yes" : "no"],
  ...Object.entries(engine.components),
  ["storage driver", engine.storageDriver],
  ["cgroup driver", engine.cgroupDriver],
  ["network driver", engine.networkDriver ?? NOT_KNOWN],
  ["port driver", engine.portDriver ?? NOT_KNOWN],
  ["ports of the engine", enginePorts(engine, profile)],
  ...Object.entries(engine.images).map(
    ([image, id]) => [`image ${image}`, imageText(image, id)] as const,
  ),
];

/** All of it but what it is called. */
const settingsOf = (profile: Profile): string => stable({ ...profile, name: "", title: "" });

const requestFields = ({ started }: RunHistory): Fields => {
  const { request } = started;
  if (request === undefined) return [];
  const { services, ports, deadlines } = request;
  return [
    ["services", services.length === 0 ? "all" : services.toSorted().join(", ")],
    ["ports published", ports],
    ["deadlines", `${String(deadlines.call)}/${String(deadlines.ready)} ms`],
  ];
};

/** The first engine of each profile; of a fresh engine a wave, the others are the same again. */
const enginesOf = ({ started, engines }: RunHistory): Fields => {
  const first = new Map<string | null, EngineFacts>();
  for (const { profile, engine } of engines) {
    if (!first.has(profile)) first.set(profile, engine);
  }
  if (first.size === 0) first.set(null, started.engine);
  return [...first].flatMap(([name, engine]) => {
    if (name === null) {
      const { daemonJson } = started;
      const settings: Fields =
        daemonJson === undefined ? [] : [["daemon.json", stable(daemonJson)]];
      return [...engineFields(engine, null), ...settings];
    }
    const profile = started.profiles?.find((each) => each.profile.name === name)?.profile ?? null;
    const settings: Fields = profile === null ? [] : [["profile", settingsOf(profile)]];
    return [...engineFields(engine, profile), ...settings].map(
      ([field, value]) => [`${name}: ${field}`, value] as const,
    );
  });
};

/** FNV-1a, 64 bits, over UTF-16 units. */
const digestOf = (text: string): string => {
  let state = 0xcbf29ce484222325n;
  for (let index = 0; index < text.length; index += 1) {
    state = BigInt.asUintN(64, (state ^ BigInt(text.charCodeAt(index))) * 0x100000001b3n);
  }
  return state.toString(16).padStart(16, "0");
};

/** The version of this tool is not in it: a night after an upgrade is still compared with the nights before. */
export const fingerprintOf = (run: RunHistory): Fingerprint => {
  const found = [...machineFields(run.started.engine), ...requestFields(run), ...enginesOf(run)];
  const fields = Object.fromEntries(found.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  return { digest: digestOf(stable(fields)), fields };
};

export const sameFingerprint = (a: Fingerprint, b: Fingerprint): boolean =>
  stable(a.fields) === stable(b.fields);

/** Longest value that is said whole; of longer ones (the settings of a profile) only that they differ. */
const LONGEST = 80;

/** The tag of an image that is built here: of its release, if that is in it, and of its recipe on an architecture. */
const BUILT_TAG = /(image rootless-stress\/[^:]+:(?:[a-z]+-)?)[0-9a-f]{12}$/;
/** The engine of a profile as settings have it: an archive is of one architecture, its checksum too. */
const ENGINE_ARCHIVE = /"engine":\{"from":"(?:[^"\\]|\\.)*","kind":"archive"\}/;

/** Fields without what differs between two architectures in any case: builds of one image, archives of one engine. */
const onAnyArchitecture = (fields: Fingerprint["fields"]): Fingerprint["fields"] =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) =>
      /(?:^|: )image /.test(name)
        ? [name.replace(BUILT_TAG, "$1…"), "of its architecture"]
        : [name, value.replace(ENGINE_ARCHIVE, '"engine":"an archive"')],
    ),
  );

/**
 * `kernel: 6.1.0 and 6.18.0`, one line a field; a field that only one of them has says so. Between two architectures
 * images are compared by name alone, and an engine from an archive by its version.
 */
export const differences = (a: Fingerprint, b: Fingerprint): readonly string[] => {
  const sameArchitecture = a.fields["architecture"] === b.fields["architecture"];
  const [first, second] = sameArchitecture
    ? [a.fields, b.fields]
    : [onAnyArchitecture(a.fields), onAnyArchitecture(b.fields)];
  const names = [...new Set([...Object.keys(first), ...Object.keys(second)])];
  return names.flatMap((name) => {
    const [here, there] = [first[name], second[name]];
    if (here === there) return [];
    if (here === undefined || there === undefined) {
      return [`${name}: only in the ${here === undefined ? "second" : "first"}`];
    }
    const tooLong = here.length > LONGEST || there.length > LONGEST;
    return [tooLong ? `${name}: not the same` : `${name}: ${here} and ${there}`];
  });
};
