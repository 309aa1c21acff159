import { expect, test } from "vitest";
import { netnsRestoreLines, portRetryLines } from "../../../harness/core/known-log-lines.ts";

test.each([
  [
    `level=warning msg="failed to restore thread's network namespace" error="operation not permitted"`,
    true,
  ],
  [
    `level=error msg="libnetwork: restoring thread network namespace failed" error="operation not permitted"`,
    true,
  ],
  [`level=error msg="failed get network namespace"`, false],
])("%s is a netns-restore line: %s", (line, expected) => {
  expect(netnsRestoreLines([line])).toEqual(expected ? [line] : []);
});

test.each([
  [
    `level=warning msg="Failed to allocate and map port: Timed out proxy starting the userland proxy, retry: 2"`,
    true,
  ],
  [
    `level=warning msg="Failed to allocate and map port" attempt=1 error="error while calling …"`,
    true,
  ],
  [
    `level=warning msg="Failed to allocate and map port 6379-6379: Error starting userland proxy: …"`,
    false,
  ],
])("%s is a retry of a dynamic port: %s", (line, expected) => {
  expect(portRetryLines([line])).toEqual(expected ? [line] : []);
});
