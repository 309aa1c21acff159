/**
 * The engine itself: is it there, and what is known of its version.
 */
import { knownProblems, retriesAddPort, RETRYING_VERSIONS } from "../known-engines.ts";
import { shellWords } from "../shell-words.ts";
import { fine, notHere, risky, silent, wrong, type Judge, type Outcome } from "./check.ts";
import { askedText } from "./conflict.ts";
import type { DoctorFacts, OtherEngineSeen } from "./facts.ts";

/** `a rootless engine runs as pid 4001 of ada: --host unix:///run/user/1000/docker.sock` */
const described = ({ rootless, pid, user, uid, host }: OtherEngineSeen): string =>
  `a ${rootless ? "rootless" : "rootful"} engine runs as pid ${String(pid)} of ${user ?? `uid ${String(uid)}`}` +
  (host === null ? "" : `: --host ${host}`);

/** How to come by an engine: one that runs, one that this machine can start, one of this tool's own. */
const comeByOne = (facts: DoctorFacts): Pick<Outcome, "commands"> & { readonly fix: string } => {
  const { asked, address, processes, otherEngines, machine } = facts;
  const reachable = (otherEngines ?? []).flatMap(({ host }) => host ?? []);
  if (reachable.length > 0) {
    const question = ["stress", "doctor", ...(asked === null ? [] : [askedText(asked)])];
    return {
      fix: "name the engine that is meant with --host",
      commands: reachable.map((host) => shellWords([...question, "--host", host])),
    };
  }
  const { system, user } = machine.dockerUnits;
  const isUsers = processes?.rootless === true || address.includes("/user/");
  if (user && (isUsers || !system)) {
    const fix = "start it, or name another with --host";
    return { fix, commands: ["systemctl --user start docker"] };
  }
  if (system && !isUsers) {
    const fix = "start it, or name another with --host";
    return { fix, commands: ["systemctl start docker"] };
  }
  return {
    fix: "start one, or name another with --host; no unit called docker is set up here (`stress engine up` brings a rootless engine of its own)",
    commands: [],
  };
};

export const engineAnswers: Judge = (facts) => {
  const { daemon, silence, processes, address, otherEngines } = facts;
  if (daemon === null) {
    return wrong({
      blocks: true,
      evidence: [
        silence ?? "no answer",
        ...(processes === null
          ? []
          : [
              `dockerd runs all the same: pid ${String(processes.daemon)} of ${processes.user ?? `uid ${String(processes.uid)}`}`,
            ]),
        ...(otherEngines ?? []).map(described),
      ],
      meaning: `No engine answers at ${address}`,
      ...comeByOne(facts),
    });
  }
  const kind = daemon.rootless ? "rootless" : "rootful";
  return fine(`A ${kind} engine ${daemon.version} answers`, [
    `${address}, API ${daemon.apiVersion}`,
    ...(processes === null
      ? []
      : [
          `dockerd is pid ${String(processes.daemon)} of ${processes.user ?? `uid ${String(processes.uid)}`}`,
        ]),
    ...(daemon.rootless
      ? [
          `RootlessKit: network driver ${daemon.networkDriver ?? "unknown"}, port driver ${daemon.portDriver ?? "unknown"}`,
        ]
      : []),
  ]);
};

export const knownEngine: Judge = (facts) => {
  const { daemon } = facts;
  if (daemon === null) return silent("the engine's version", facts);
  const problems = knownProblems(daemon);
  if (problems.length === 0 && retriesAddPort(daemon.version) === null)
    return notHere(`"${daemon.version}" is no released version`);
  const evidence = problems.map(
    ({ what, versions, source }) => `Engine ${daemon.version} (${versions}): ${what} [${source}]`,
  );
  const fix = problems.map(({ remedy }) => remedy).join("; ");
  const breaking = problems.filter(({ weight }) => weight === "problem");
  if (breaking.length > 0) {
    return wrong({
      blocks: true,
      evidence,
      meaning: "This version is known to fail at publishing ports, whoever has them",
      fix,
    });
  }
  if (problems.length > 0) {
    return risky({
      evidence,
      meaning: "Something is known of this version that may explain a failure",
      fix,
    });
  }
  return fine(
    daemon.rootless
      ? `Nothing is known against Engine ${daemon.version}: a dynamic port that RootlessKit refuses is tried again, up to ten times (as ${RETRYING_VERSIONS} do)`
      : `Nothing is known against Engine ${daemon.version}`,
  );
};
