/**
 * Throw-away rootless engines: started for a run or by `stress engine up`, taken down without a trace.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { StressError } from "../../harness/core/errors.ts";
import { ensureAccount, type Account } from "./account.ts";
import type { Profile } from "../../harness/core/profile.ts";
import { daemonConfig, storageKey, type DaemonJson } from "./daemon-config.ts";
import { environmentOfEngine, launcherScript, portRangeSeen } from "./daemon-launcher.ts";
import type { EngineDirectory } from "./engine-directory.ts";
import { answersPing } from "./engine-ping.ts";
import {
  createRecord,
  readRecord,
  readRecords,
  updateRecord,
  type EngineRecord,
} from "./engine-record.ts";
import { namespaceSettings, setupOf, type EngineSetup } from "./engine-setup.ts";
import { exclusively } from "./exclusive.ts";
import { TO_RUN, ensureDevices, ensurePrograms, isRoot, type HostOptions } from "./host-needs.ts";
import {
  identify,
  processesWithRuntimeDir,
  slotsOnThisMachine,
  userNamespaceOf,
} from "./processes.ts";
import { runProgram } from "./program.ts";
import { SLOTS, portRangeOf, slotPaths, type SlotPaths } from "./slot.ts";
import { openStateDir } from "./state-directory.ts";
import { isAbandoned, removeTree, takeDown, thisProcess } from "./take-down.ts";

/** Measured: 1 s on an idle machine. */
const START_MS = 60_000;
const POLL_MS = 25;

export interface ManagedEngine {
  readonly name: string;
  readonly socketPath: string;
  /** As the daemon says, e.g. `28.5.2`. */
  readonly version: string;
  /** First and last dynamic port, as dockerd has read them. */
  readonly portRange: readonly [number, number];
  readonly logFile: string;
  readonly runtimeDir: string;
  /** Of RootlessKit. */
  readonly pid: number;
  /** Resolves when nothing of the engine is left; within about half a minute. May be called again. */
  readonly stop: () => Promise<void>;
}

export interface StartOptions extends HostOptions {
  readonly directory: EngineDirectory;
  /** How it is set up; without one, as Docker comes, but with ports of its own. */
  readonly profile?: Profile;
  /** The engine's `daemon.json` where there is no profile, which has its own; null for Docker's defaults. */
  readonly daemonJson: DaemonJson | null;
  readonly stateDir: string;
  /**
   * True, the default: when this process dies without stopping it, the next sweep does.
   * False: it runs until `stopEngine`.
   */
  readonly owned?: boolean;
}

/** The variables that point a Docker client at an engine. Pure. */
export const engineEnvironment = ({
  socketPath,
}: Pick<EngineRecord, "socketPath">): Readonly<Record<string, string>> => ({
  DOCKER_HOST: `unix://${socketPath}`,
});

/** Lines of an engine's log that may say why it ended, the last three; the shell's own trace says nothing. */
export const meaningfulLines = (log: string): readonly string[] =>
  log
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("+ ") && !/level=(info|debug)/.test(line))
    .slice(-3);

const giveTo = (account: Account, ...paths: readonly string[]): void => {
  if (isRoot()) for (const path of paths) chownSync(path, account.uid, account.gid);
};

const asAccount = (account: Account) =>
  isRoot() ? { account: { uid: account.uid, gid: account.gid } } : {};

/** Takes the first free slot, after taking down engines that nobody will stop. */
const claimSlot = async (
  draft: Pick<
    EngineRecord,
    "generation" | "owner" | "engine" | "userNamespace" | "version" | "directory"
  >,
  { stateDir, key, narrate, signal }: HostOptions & { stateDir: string; key: string },
): Promise<EngineRecord> =>
  exclusively(stateDir, signal, async () => {
    await sweepRecords(stateDir, narrate);
    // Slots of other users and state directories count too: a port range is for one engine on the machine.
    const elsewhere = slotsOnThisMachine();
    const slot = SLOTS.find(
      (candidate) => readRecord(stateDir, candidate) === null && !elsewhere.has(candidate),
    );
    if (slot === undefined) {
      throw new StressError(
        "environment",
        `${String(SLOTS.length)} managed engines run already; stop one with \`stress engine down\``,
      );
    }
    const paths = slotPaths(stateDir, slot);
    mkdirSync(paths.directory, { recursive: true });
    const record: EngineRecord = {
      ...draft,
      slot,
      name: `managed-${String(slot)}`,
      socketPath: paths.socket,
      runtimeDir: paths.runtimeDir,
      logFile: paths.logFile,
      dataRoot: join(paths.directory, `data-${key}`),
      portRange: portRangeOf(slot),
    };
    createRecord(stateDir, record);
    return record;
  });

/** How many more engines can be up at once on this machine; abandoned ones do not count, they are taken down first. */
export const freeSlots = (stateDir: string): number => {
  const taken = readRecords(stateDir)
    .filter((record) => !isAbandoned(record))
    .map(({ slot }) => slot);
  const elsewhere = slotsOnThisMachine();
  return SLOTS.filter((slot) => !taken.includes(slot) && !elsewhere.has(slot)).length;
};

/** What is known before a slot is taken. */
interface Prepared {
  readonly account: Account;
  readonly setup: EngineSetup;
}

/** Everything that must lie in the slot before the engine starts; what a predecessor left is replaced. */
const furnish = async (
  record: EngineRecord,
  paths: SlotPaths,
  { account, directory, setup, narrate }: StartOptions & Prepared,
): Promise<void> => {
  await removeTree(paths.runtimeDir);
  // Networks of a predecessor would hold address pools and come back as bridges.
  await removeTree(join(record.dataRoot, "network"));
  const home = join(paths.directory, "home");
  for (const path of [paths.runtimeDir, record.dataRoot, home, paths.launcherDir]) {
    mkdirSync(path, { recursive: true });
  }
  chmodSync(paths.runtimeDir, 0o700);
  giveTo(account, paths.runtimeDir, record.dataRoot, home);
  const { text, ignored } = daemonConfig(setup.daemonJson, record.dataRoot);
  if (ignored.length > 0) {
    narrate(`Leaving ${ignored.join(", ")} out of daemon.json: a managed engine has its own`);
  }
  writeFileSync(paths.configFile, text);
  const launcher = join(paths.launcherDir, "dockerd");
  const settings = namespaceSettings(setup, portRangeOf(record.slot));
  writeFileSync(launcher, launcherScript(directory.daemon, settings));
  chmodSync(launcher, 0o755);
};

/** The engine's programs may lie where only root can go; RootlessKit would say so less clearly. */
const checkReach = async (
  { directory, stateDir, signal }: StartOptions,
  account: Account,
): Promise<void> => {
  const options = { signal, cwd: "/", ...asAccount(account) };
  for (const path of [directory.daemon, stateDir]) {
    await runProgram("test", ["-x", path], options).catch((cause: unknown) => {
      signal.throwIfAborted();
      throw new StressError(
        "environment",
        `${path} cannot be reached by the user ${account.name}, whom the engine runs as; move it or open its parent directories`,
        { cause },
      );
    });
  }
};

const launch = (
  paths: SlotPaths,
  { account, directory, setup }: StartOptions & Prepared,
): ChildProcess => {
  const log = openSync(paths.logFile, "w");
  try {
    const child = spawn(directory.launcher, ["--config-file", paths.configFile], {
      cwd: "/",
      // A session of its own: Ctrl-C in the terminal is for the harness, which then stops the engine in order.
      detached: true,
      stdio: ["ignore", log, log],
      env: environmentOfEngine({
        home: join(paths.directory, "home"),
        runtimeDir: paths.runtimeDir,
        launcherDir: paths.launcherDir,
        programs: directory.programs,
        settings: setup.settings,
      }),
      ...(isRoot() ? { uid: account.uid, gid: account.gid } : {}),
    });
    child.unref();
    return child;
  } finally {
    closeSync(log);
  }
};

const started = (child: ChildProcess): Promise<number> =>
  new Promise((resolve, reject) => {
    child.once("error", (cause) => {
      reject(new StressError("environment", `Cannot run ${child.spawnfile}`, { cause }));
    });
    child.once("spawn", () => {
      if (child.pid !== undefined) resolve(child.pid);
    });
  });

/** The user namespace that RootlessKit made; null before it has. */
const namespaceMade = (runtimeDir: string): string | null =>
  processesWithRuntimeDir(runtimeDir)
    .map(userNamespaceOf)
    .find((namespace) => namespace !== null && namespace !== userNamespaceOf("self")) ?? null;

const portsText = ({ portRange }: EngineSetup, { slot }: EngineRecord): string =>
  portRange === "kernel"
    ? "ports as the kernel has them"
    : `ports ${(portRange === "own" ? portRangeOf(slot) : portRange).join("-")}`;

const failure = (what: string, logFile: string): StressError => {
  const lines = meaningfulLines(readFileSync(logFile, "utf8"));
  const words = lines.length === 0 ? "it logged nothing" : lines.join(" | ");
  return new StressError("environment", `${what}: ${words} (log: ${logFile})`);
};

const endedWhileStarting = (logFile: string): StressError =>
  failure("The engine ended while it started", logFile);

const notAnswering = (logFile: string): StressError =>
  failure(`The engine did not answer within ${String(START_MS / 1000)} s`, logFile);

/** Waits until the engine answers; keeps the record up to date so that others can take it down meanwhile. */
const untilReady = async (
  child: ChildProcess,
  initial: EngineRecord,
  {
    stateDir,
    signal,
    rootless,
  }: Pick<StartOptions, "stateDir" | "signal"> & Pick<Starting, "rootless">,
): Promise<EngineRecord> => {
  let record = initial;
  const end = performance.now() + START_MS;
  for (;;) {
    signal.throwIfAborted();
    if (rootless && record.userNamespace === null) {
      const userNamespace = namespaceMade(record.runtimeDir);
      if (userNamespace !== null) {
        record = { ...record, userNamespace };
        updateRecord(stateDir, record);
      }
    }
    const isInside = !rootless || record.userNamespace !== null;
    if (isInside && (await answersPing(record.socketPath))) return record;
    if (child.exitCode !== null || child.signalCode !== null) {
      throw endedWhileStarting(record.logFile);
    }
    if (performance.now() > end) throw notAnswering(record.logFile);
    await sleep(POLL_MS);
  }
};

/** An engine of one kind, for which the machine has all that it needs. */
interface Starting extends Prepared {
  /** In a user namespace of its own, which it has before it answers. */
  readonly rootless: boolean;
  /** As whom and where, for people. */
  readonly describe: (record: EngineRecord) => string;
  readonly launch: (record: EngineRecord, paths: SlotPaths) => ChildProcess;
}

/**
 * Takes a slot, starts the engine in it and waits until it answers; what went wrong on the way leaves none.
 *
 * @throws StressError("environment") when the engine ends while it starts (with the last lines of its log), does not
 * answer, or all slots are taken
 */
export const startInSlot = async (
  options: StartOptions,
  { account, setup, rootless, describe, launch }: Starting,
): Promise<ManagedEngine> => {
  const { directory, stateDir, narrate, signal } = options;
  let record = await claimSlot(
    {
      generation: randomUUID(),
      // Until it answers, so that nobody takes a starting engine for an abandoned one.
      owner: thisProcess(),
      engine: null,
      userNamespace: null,
      version: directory.version,
      directory: directory.daemon,
    },
    { stateDir, key: storageKey(setup.daemonJson, directory, account.uid), narrate, signal },
  );
  try {
    const paths = slotPaths(stateDir, record.slot);
    await furnish(record, paths, { ...options, account, setup });
    narrate(
      `Starting ${rootless ? "rootless" : "rootful"} engine ${record.name}: Docker ${directory.version}, ${directory.origin} in ${directory.daemon}, ${describe(record)}`,
    );
    const child = launch(record, paths);
    const pid = await started(child);
    record = { ...record, engine: identify(pid) };
    updateRecord(stateDir, record);
    record = await untilReady(child, record, { stateDir, signal, rootless });
    record = {
      ...record,
      portRange: portRangeSeen(paths.runtimeDir),
      owner: options.owned === false ? null : record.owner,
    };
    updateRecord(stateDir, record);
    return {
      name: record.name,
      socketPath: record.socketPath,
      version: directory.version,
      portRange: record.portRange,
      logFile: record.logFile,
      runtimeDir: record.runtimeDir,
      pid,
      stop: () => takeDown(stateDir, record),
    };
  } catch (thrown) {
    await takeDown(stateDir, record);
    throw thrown;
  }
};

/**
 * Starts an engine of its own data, sockets and ports beside whatever else runs on the machine.
 *
 * @throws StressError("environment") when the machine lacks something (with the command that helps), the
 * engine ends while it starts (with the last lines of its log), or all slots are taken
 */
export const startManagedEngine = async (options: StartOptions): Promise<ManagedEngine> => {
  const { profile = null, stateDir, narrate, signal } = options;
  const setup = setupOf(profile, options.daemonJson);
  openStateDir(stateDir);
  await ensurePrograms(TO_RUN, { narrate, signal });
  await ensureDevices({ narrate, signal });
  const account = await ensureAccount(stateDir, { narrate, signal });
  await checkReach(options, account);
  return await startInSlot(options, {
    account,
    setup,
    rootless: true,
    describe: (record) => `as user ${account.name}, ${portsText(setup, record)}`,
    launch: (_, paths) => launch(paths, { ...options, account, setup }),
  });
};

/** The engines that have a slot, running or dead. @throws StressError("corrupt") for an unreadable record */
export const listEngines = (stateDir: string): readonly EngineRecord[] => readRecords(stateDir);

/**
 * Takes an engine down by name, whoever owns it.
 *
 * @throws StressError("usage") when there is none of that name
 */
export const stopEngine = async (
  stateDir: string,
  name: string,
  narrate: (line: string) => void,
): Promise<void> => {
  const record = readRecords(stateDir).find((candidate) => candidate.name === name);
  if (record === undefined) {
    const names = readRecords(stateDir).map((candidate) => candidate.name);
    const known = names.length === 0 ? "none runs" : `there is ${names.join(", ")}`;
    throw new StressError("usage", `No managed engine ${name}: ${known}`);
  }
  narrate(`Taking down engine ${name}`);
  await takeDown(stateDir, record);
};

const sweepRecords = async (
  stateDir: string,
  narrate: (line: string) => void,
): Promise<readonly string[]> => {
  const abandoned = readRecords(stateDir).filter(isAbandoned);
  for (const record of abandoned) {
    narrate(`Taking down engine ${record.name}, whose owner is gone`);
    await takeDown(stateDir, record);
  }
  return abandoned.map(({ name }) => name);
};

/**
 * Takes down engines that a killed process left behind; those of living owners and of `engine up` stay.
 *
 * @returns the names of the engines taken down
 */
export const sweepDeadEngines = async ({
  stateDir,
  say,
  signal,
}: {
  readonly stateDir: string;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}): Promise<readonly string[]> => {
  if (!existsSync(join(stateDir, "slots"))) return [];
  const patience = AbortSignal.any([signal, AbortSignal.timeout(300_000)]);
  return await exclusively(stateDir, patience, () => sweepRecords(stateDir, say));
};
