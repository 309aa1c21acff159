/**
 * The engine itself: is it there, and what is known of its version.
 */
import { knownProblems, retriesAddPort, RETRYING_VERSIONS } from "../known-engines.ts";
import { fine, notHere, risky, silent, wrong, type Judge } from "./check.ts";

export const engineAnswers: Judge = ({ daemon, silence, processes, address }) => {
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
      ],
      meaning: `No engine answers at ${address}`,
      fix: "start it, or name another with --host",
      commands: [
        processes?.rootless === true || address.includes("/user/")
          ? "systemctl --user start docker"
          : "systemctl start docker",
      ],
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
  const retries = retriesAddPort(daemon.version);
  if (retries === null) return notHere(`"${daemon.version}" is no released version`);
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
