import { defineConfig } from "vitest/config";

/** The fast suite: no engine, no network, under a minute. */
export default defineConfig({
  root: import.meta.dirname,
  test: {
    include: ["**/*.test.ts"],
    exclude: ["live/**"],
    testTimeout: 10_000,
  },
});
