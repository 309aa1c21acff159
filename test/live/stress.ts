/**
 * The built command, run as a user would run it.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { summarySchema, type Summary } from "../../harness/core/summary.ts";

export const MAIN = join(import.meta.dirname, "../../dist/harness/cli/start.js");

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A directory for the runs of one test, removed when the test is over. */
export const outDirectory = (): string => {
  const directory = mkdtempSync(join(tmpdir(), "stress-live-"));
  onTestFinished(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  return directory;
};

export interface Running {
  readonly process: ChildProcess;
  readonly finished: Promise<Finished>;
  /** Resolves to the match when stderr has said something that matches. */
  readonly said: (pattern: RegExp) => Promise<RegExpExecArray>;
}

/** Starts `stress` with these arguments in a test; it is killed if the test ends before it does. */
export const startStress = (argv: readonly string[]): Running => {
  const running = start(argv);
  onTestFinished(() => {
    running.process.kill("SIGKILL");
  });
  return running;
};

const start = (argv: readonly string[]): Running => {
  const child = spawn(process.execPath, [MAIN, ...argv], {
    env: { ...process.env, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const finished = once(child, "close").then((): Finished => ({
    code: child.exitCode,
    signal: child.signalCode,
    stdout,
    stderr,
  }));
  const said = (pattern: RegExp): Promise<RegExpExecArray> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const match = pattern.exec(stderr);
        if (match === null) return;
        child.stderr.off("data", look);
        resolve(match);
      };
      child.stderr.on("data", look);
      look();
      void finished.then(({ code }) => {
        reject(
          new Error(
            `stress ended with ${String(code)} before it said ${String(pattern)}: ${stderr}`,
          ),
        );
      });
    });
  return { process: child, finished, said };
};

/** Runs `stress` to its end. */
export const runStress = (argv: readonly string[]): Promise<Finished> => start(argv).finished;

/** A finished run's `--json` output. @throws with everything the command said when it is none */
export const summaryOf = ({ stdout, stderr, code }: Finished): Summary => {
  try {
    return summarySchema.parse(JSON.parse(stdout));
  } catch (cause) {
    throw new Error(`exit ${String(code)}, no summary: ${stdout}\n${stderr}`, { cause });
  }
};
