/**
 * What of a run can be turned into a file of settings: only what it shows to make failures rarer.
 */
import { armPairs, type Pair } from "./comparison/arm-pairs.ts";
import { compareArms, type ComparedPair } from "./comparison/compare.ts";
import { rateWords } from "./comparison/words.ts";
import type { RunHistory } from "./history.ts";
import type { Rate } from "./measures.ts";
import type { Arm, Service } from "./model.ts";
import type { Profile } from "./profile.ts";
import { samplesOf } from "./samples.ts";
import { HIDDEN } from "./without-secrets.ts";

export const EMITTED = ["daemon.json", "sysctl", "systemd", "workflow"] as const;
export type Emitted = (typeof EMITTED)[number];

/** The run that a file rests on. */
export interface Support {
  readonly run: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** Version. */
  readonly engine: string;
  readonly simulated: boolean;
  readonly arm: string;
  readonly baseline: string;
  readonly failures: Rate;
  readonly baselineFailures: Rate;
  /** After the correction for everything that the run compares with that baseline. */
  readonly p: number;
  /** Faults that were injected on purpose. */
  readonly faults: number;
}

/** How jobs are to publish. */
type Publishing = "nothing" | "loopback" | "used-ports";

export type Emission =
  | {
      readonly kind: "daemon.json";
      readonly support: Support;
      readonly daemonJson: Profile["daemonJson"];
    }
  | { readonly kind: "sysctl"; readonly support: Support }
  | {
      readonly kind: "systemd";
      readonly support: Support;
      /** For dockerd-rootless.sh. */
      readonly environment: Readonly<Record<string, string>>;
      /** Of the network namespace of daemon and containers. */
      readonly portRange: readonly [number, number] | null;
      readonly sysctls: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: "workflow";
      readonly support: Support;
      readonly publishing: Publishing;
      readonly services: readonly (Service & { readonly image: string })[];
    };

/** Why there is no file. */
export interface Unsupported {
  readonly kind: "unsupported";
  readonly emitted: Emitted;
  readonly why: string;
}

/** Two arms that differ in one thing, with what became of them. */
interface Candidate extends Pair {
  readonly pair: ComparedPair;
}

/** What sets an engine up: all but its names. */
type Setting = Exclude<keyof Profile, "name" | "title">;

const SETTINGS_OF: Readonly<Record<Exclude<Emitted, "workflow">, readonly Setting[]>> = {
  "daemon.json": ["daemonJson"],
  sysctl: ["portRange"],
  systemd: ["network", "portDriver", "mtu", "detachNetns", "portRange", "sysctls"],
};

const profileOf = ({ started }: RunHistory, { profile: name }: Arm): Profile | null =>
  started.profiles?.find(({ profile }) => profile.name === name)?.profile ?? null;

const changedIn = (one: Profile, other: Profile): readonly Setting[] => {
  const keys: readonly Setting[] = [
    ...SETTINGS_OF["daemon.json"],
    ...SETTINGS_OF.systemd,
    "engine",
  ];
  return keys.filter((key) => JSON.stringify(one[key]) !== JSON.stringify(other[key]));
};

/** Whether the arm's profile is the baseline's with something set that such a file can set. */
const isSetBy = (
  emitted: Exclude<Emitted, "workflow">,
  run: RunHistory,
  { arm, baseline }: Pair,
): boolean => {
  const [own, other] = [profileOf(run, arm), profileOf(run, baseline)];
  if (own === null || other === null) return false;
  const changed = changedIn(own, other);
  const isOurs = changed.length > 0 && changed.every((key) => SETTINGS_OF[emitted].includes(key));
  if (!isOurs) return false;
  // The other way round, it is what an engine is without the file.
  switch (emitted) {
    case "daemon.json":
      return Object.keys(own.daemonJson).length > 0;
    case "sysctl":
      return own.portRange !== "kernel" && other.portRange === "kernel";
    case "systemd":
      return changed.every(
        (key) => own[key] !== null && own[key] !== "kernel" && JSON.stringify(own[key]) !== "{}",
      );
  }
};

const PUBLISHING: Partial<Record<Arm["mode"], Publishing>> = {
  noports: "nothing",
  "ports-loopback": "loopback",
};

const publishingOf = ({ arm, baseline, differsIn }: Pair): Publishing | null => {
  const [axis] = differsIn;
  if (axis === "mode" && baseline.mode === "ports") return PUBLISHING[arm.mode] ?? null;
  return axis === "ports" && arm.ports === "minimal" ? "used-ports" : null;
};

const fits = (emitted: Emitted, run: RunHistory, pair: Pair): boolean => {
  if (pair.differsIn.length !== 1) return false;
  return emitted === "workflow"
    ? publishingOf(pair) !== null
    : pair.differsIn.includes("profile") && isSetBy(emitted, run, pair);
};

const candidatesFor = (emitted: Emitted, run: RunHistory): readonly Candidate[] => {
  const { arms } = run.started;
  const samples = samplesOf(run);
  return arms.flatMap(({ id }) => {
    const pairs = armPairs(arms, id).filter((pair) => fits(emitted, run, pair));
    if (pairs.length === 0) return [];
    // With all that the run compares with that baseline: the correction is for them all.
    const compared = compareArms(samples, { baseline: id }).pairs;
    return pairs.flatMap((pair): Candidate[] => {
      const found = compared.find(({ arm }) => arm === pair.arm.id);
      return found === undefined ? [] : [{ ...pair, pair: found }];
    });
  });
};

const valueOf = (found: Rate): number => found?.value ?? 1;

const isShown = ({ pair: { failures } }: Candidate): boolean =>
  failures.verdict === "differs" && valueOf(failures.arm.rate) < valueOf(failures.baseline.rate);

/** The rarest failures first, then the surest difference. */
const byWorth = (a: Candidate, b: Candidate): number =>
  valueOf(a.pair.failures.arm.rate) - valueOf(b.pair.failures.arm.rate) ||
  (a.pair.failures.adjustedP ?? 1) - (b.pair.failures.adjustedP ?? 1);

const NEEDS: Readonly<Record<Emitted, string>> = {
  "daemon.json": "two profiles that differ in their daemon.json alone",
  sysctl: "two profiles that differ in the range of dynamic ports alone",
  systemd: "two profiles that differ in RootlessKit's settings or the namespace's alone",
  workflow: "an arm of noports, ports-loopback or fewer ports beside one of ports",
};

const supportOf = (run: RunHistory, { arm, baseline, pair }: Candidate): Support => ({
  run: run.started.run,
  startedAt: run.started.startedAt,
  engine: run.started.engine.version,
  simulated: run.started.engine.simulated,
  arm: arm.id,
  baseline: baseline.id,
  failures: pair.failures.arm.rate,
  baselineFailures: pair.failures.baseline.rate,
  p: pair.failures.adjustedP ?? 1,
  faults: run.waves.reduce((total, { faults }) => total + faults.length, 0),
});

/** Variables of dockerd-rootless.sh. @see moby/moby contrib/dockerd-rootless.sh */
const environmentOf = (own: Profile, changed: readonly Setting[]): Record<string, string> => {
  const values: Partial<Record<Setting, [variable: string, value: string]>> = {
    network: ["NET", own.network ?? ""],
    portDriver: ["PORT_DRIVER", own.portDriver ?? ""],
    mtu: ["MTU", String(own.mtu ?? "")],
    detachNetns: ["DETACH_NETNS", String(own.detachNetns ?? "")],
  };
  return Object.fromEntries(
    changed.flatMap((key) => {
      const entry = values[key];
      return entry === undefined ? [] : [[`DOCKERD_ROOTLESS_ROOTLESSKIT_${entry[0]}`, entry[1]]];
    }),
  );
};

/** The range that the engines of a profile had in this run. */
const rangeIn = (run: RunHistory, profile: Profile): readonly [number, number] | null => {
  if (typeof profile.portRange !== "string") return profile.portRange;
  const seen = run.engines.find((each) => each.profile === profile.name);
  return seen?.engine.enginePortRange ?? null;
};

const servicesOf = ({ started }: RunHistory) => {
  const { request } = started;
  if (request?.scenario.kind !== "stacks") return [];
  const wanted = (name: string): boolean =>
    request.services.length === 0 || request.services.includes(name);
  return request.scenario.services
    .filter(({ name }) => wanted(name))
    .map((service) => ({
      ...service,
      image: request.images.images[service.name]?.reference ?? service.name,
    }));
};

const emissionOf = (emitted: Emitted, run: RunHistory, best: Candidate): Emission | string => {
  const support = supportOf(run, best);
  if (emitted === "workflow") {
    const publishing = publishingOf(best);
    if (publishing === null) return NEEDS.workflow;
    return { kind: emitted, support, publishing, services: servicesOf(run) };
  }
  const [own, other] = [profileOf(run, best.arm), profileOf(run, best.baseline)];
  if (own === null || other === null) return NEEDS[emitted];
  switch (emitted) {
    case "daemon.json":
      if (JSON.stringify(own.daemonJson).includes(HIDDEN)) {
        return "its daemon.json holds a secret, which the journal does not keep: take the file that the run was given";
      }
      return { kind: emitted, support, daemonJson: own.daemonJson };
    case "sysctl":
      return { kind: emitted, support };
    case "systemd": {
      const changed = changedIn(own, other);
      const moved = changed.includes("portRange");
      const portRange = moved ? rangeIn(run, own) : null;
      if (moved && portRange === null) return "its journal does not hold the range of the engine";
      return {
        ...{ kind: emitted, support, portRange },
        environment: environmentOf(own, changed),
        sysctls: changed.includes("sysctls") ? own.sysctls : {},
      };
    }
  }
};

/**
 * The best supported file of this kind: the arm with the rarest failures whose difference from its baseline is shown,
 * where the file is what the two differ in.
 */
export const emission = (run: RunHistory, emitted: Emitted): Emission | Unsupported => {
  const unsupported = (why: string): Unsupported => ({ kind: "unsupported", emitted, why });
  const candidates = candidatesFor(emitted, run).toSorted(byWorth);
  const [nearest] = candidates;
  if (nearest === undefined) return unsupported(`it needs ${NEEDS[emitted]}`);
  const best = candidates.find(isShown);
  if (best === undefined) {
    const { arm, baseline, pair } = nearest;
    return unsupported(`${arm.id} against ${baseline.id}: ${rateWords(pair.failures)}`);
  }
  const found = emissionOf(emitted, run, best);
  return typeof found === "string" ? unsupported(found) : found;
};
