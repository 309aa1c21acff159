/**
 * A program that stands where ssh would, and runs the script with this machine's own shell, as sshd does at the
 * other end: standard input and output are the session's.
 */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** Ends with the code of the script, which is the last argument; `unreachable` never gets that far. */
const program = (before: string): string => `#!/bin/sh
${before}
for word do last=$word; done
case "$*" in *unreachable*) echo "ssh: connect to host unreachable port 22: No route to host" >&2; exit 255;; esac
exec /bin/sh -c "$last"
`;

export const scratch = (): string => {
  const directory = mkdtempSync(join(tmpdir(), "stress-remote-"));
  onTestFinished(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  return directory;
};

/**
 * A PATH on which `ssh` is that program.
 *
 * @param before - shell, run at the beginning of each session
 */
export const pathWithSsh = (before = ""): string => {
  const directory = scratch();
  writeFileSync(join(directory, "ssh"), program(before));
  chmodSync(join(directory, "ssh"), 0o755);
  return `${directory}:${process.env["PATH"] ?? ""}`;
};
