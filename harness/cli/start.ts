#!/usr/bin/env node
/**
 * Starts the command. Node's own exit codes are 1 and 13, and 1 is a verdict here: so the code is set before anything
 * can fail, and nothing is imported that could fail ahead of this.
 */
const ENVIRONMENT = 3;
const INTERNAL = 70;

process.exitCode = INTERNAL;

const failed = (error: unknown): void => {
  const words = error instanceof Error ? error.message : String(error);
  // A file that is missing or cannot be opened is the machine's; anything else is a bug.
  const isSystem = error instanceof Error && "code" in error && typeof error.code === "string";
  process.exitCode = isSystem ? ENVIRONMENT : INTERNAL;
  process.stderr.write(
    `stress: cannot start: ${words.slice(0, 1000).replace(/[^\x20-\x7e]+/g, " ")}\n`,
  );
};

process.on("uncaughtException", failed);
import("./main.ts")
  .then(({ start }) => {
    process.off("uncaughtException", failed);
    return start();
  })
  .catch(failed);
