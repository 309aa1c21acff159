/** Whose calls a job makes, from network to teardown. */
export const RUNNERS = [
  "api",
  "cli",
  "github",
  "github-container",
  "gitlab",
  "act",
  "compose",
  "testcontainers",
] as const;
export type RunnerName = (typeof RUNNERS)[number];
