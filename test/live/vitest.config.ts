import { defineConfig } from "vitest/config";

/** The live suite: real rootless engines, real services. One file at a time: they share two cores. */
export default defineConfig({
  root: import.meta.dirname,
  test: {
    include: ["**/*.test.ts"],
    fileParallelism: false,
    testTimeout: 240_000,
    hookTimeout: 600_000,
  },
});
