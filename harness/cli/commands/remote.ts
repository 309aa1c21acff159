import { mkdirSync } from "node:fs";
import { hostsJson, hostsText, type HostReport } from "../../../reports/hosts.ts";
import { compareRuns } from "../../core/comparison/compare-runs.ts";
import { EXIT, messageOf, StressError } from "../../core/errors.ts";
import type { RemoteHost } from "../remote/hosts.ts";
import { remoteRun, type RemoteResult } from "../remote/remote-run.ts";
import { findSsh } from "../remote/ssh.ts";
import type { Shell } from "../shell.ts";

export interface RemoteOptions {
  readonly hosts: readonly RemoteHost[];
  /** As behind ssh's `-o`. */
  readonly sshOptions: readonly string[];
  /** What starts the program over there. */
  readonly command: string;
  /** Its arguments, `run` first. */
  readonly args: readonly string[];
  readonly out: string;
  readonly json: boolean;
}

const reportOf = (result: RemoteResult): HostReport => {
  if (result.kind === "lost") return result;
  const { kind, host, summary, directory, exitCode } = result;
  return { kind, host, summary, directory, exitCode };
};

/** The worst of all hosts; one that is lost, or ended without a verdict, is unknown. */
const exitCodeOf = (reports: readonly HostReport[]): number => {
  const codes = reports.map((report) => (report.kind === "lost" ? null : report.exitCode));
  if (codes.includes(EXIT.violated)) return EXIT.violated;
  return codes.every((code) => code === EXIT.holds) ? EXIT.holds : EXIT.unknown;
};

/**
 * `stress remote`: the same run on several machines at once, each beside its own daemon, and their journals here.
 */
export const remoteCommand = async (
  { hosts, sshOptions, command, args, out, json }: RemoteOptions,
  shell: Pick<Shell, "environment" | "signal" | "interruptedBy" | "say" | "print" | "paint">,
): Promise<number> => {
  const { environment, signal, say } = shell;
  const ssh = { program: findSsh(environment), options: sshOptions, environment };
  try {
    mkdirSync(out, { recursive: true });
  } catch (error) {
    throw new StressError("usage", `--out ${out} cannot be written to: ${messageOf(error)}`, {
      cause: error,
    });
  }
  // They are different machines: at once, so that a night on four takes as long as on one.
  const results = await Promise.all(
    hosts.map(async (host) => {
      const result = await remoteRun({ host, command, args, out }, { ssh, say, signal });
      say(
        `${host.name}: ${result.kind === "lost" ? result.why : `run ${result.run.started.run} is in ${result.directory}`}`,
      );
      return result;
    }),
  );
  const reports = results.map(reportOf);
  const runs = results.flatMap((result) => (result.kind === "lost" ? [] : [result.run]));
  const comparison = runs.length < 2 ? null : compareRuns(runs);
  shell.print(json ? hostsJson(reports, comparison) : hostsText(reports, comparison, shell.paint));
  const interrupted = shell.interruptedBy();
  if (interrupted !== null) return interrupted;
  if (reports.every(({ kind }) => kind === "lost")) {
    throw new StressError("environment", "no host delivered a run; the lines above say why");
  }
  return exitCodeOf(reports);
};
