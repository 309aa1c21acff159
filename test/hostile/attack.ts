/**
 * One command against an engine that spoils its answers, and what is wrong with how the command took it.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { startHostileEngine, type SpoilName } from "./hostile-engine.ts";

const MAIN = join(import.meta.dirname, "../../dist/harness/cli/start.js");

/** Commands that ask an engine something, from argv. */
export const COMMANDS = ["clean", "images list", "doctor", "ports", "run --n 2 --waves 1"] as const;

export interface Attack {
  readonly command: (typeof COMMANDS)[number];
  readonly spoil: SpoilName;
  /** Proper answers before it. */
  readonly after: number;
}

/** Exit codes that say something: holds, violated, unknown, environment, usage, SIGINT. */
const DOCUMENTED = [0, 1, 2, 3, 64, 130];

/** For a command to end, in milliseconds: after its first Ctrl-C where the engine is silent. */
const PATIENCE_MS = 30_000;

/** @returns what is wrong, in words; empty if nothing is */
export const attack = async ({ command, spoil, after }: Attack): Promise<readonly string[]> => {
  const engine = await startHostileEngine(spoil, after);
  const home = mkdtempSync(join(tmpdir(), "stress-attacked-"));
  try {
    const argv = [...command.split(" "), "--host", `unix://${engine.socketPath}`];
    const images = command.startsWith("run") || command.startsWith("images");
    const out = command.startsWith("run") ? ["--out", join(home, "runs")] : [];
    const child = spawn(
      process.execPath,
      [MAIN, ...argv, ...(images ? ["--images", "hub"] : []), ...out],
      {
        env: { PATH: process.env["PATH"], HOME: home, STRESS_STATE_DIR: join(home, "state") },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    const ended = once(child, "exit");
    const over = new AbortController();
    const kill = async (): Promise<boolean> => {
      await sleep(PATIENCE_MS, undefined, { signal: over.signal });
      return child.kill("SIGKILL");
    };
    if (spoil === "silence") void engine.spoiled.then(() => child.kill("SIGINT"));
    const killed = kill().catch(() => false);
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    over.abort();
    return [
      ...((await killed) ? [`did not end within ${String(PATIENCE_MS / 1000)} s`] : []),
      ...(DOCUMENTED.includes(child.exitCode ?? -1)
        ? []
        : [`ended with ${String(child.exitCode ?? child.signalCode)}: ${stderr.slice(-500)}`]),
      ...(engine.elsewhereAsked() > 0 ? ["followed a redirect"] : []),
      ...(/bug in stress|\n {4}at /.test(stderr) ? [`called it a bug: ${stderr.slice(-500)}`] : []),
      ...(/\u001b\[31m|^::error::/m.test(stderr + stdout) ? ["passed the engine's words raw"] : []),
    ];
  } finally {
    await engine.close();
    rmSync(home, { recursive: true, force: true });
  }
};
