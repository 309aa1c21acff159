import { defineConfig } from "vitest/config";

/** The fast suite: no engine, no network, some two minutes. */
export default defineConfig({
  root: import.meta.dirname,
  test: {
    include: ["**/*.test.ts"],
    exclude: ["live/**"],
    // No test mocks a module or keeps state in one: loading each module once halves the suite's processor time.
    isolate: false,
    // Much of the time is spent waiting for spawned commands; by default one core would stay free.
    maxWorkers: "100%",
    // For what hangs: on two busy cores, a test that spawns the command several times has taken over ten seconds.
    testTimeout: 60_000,
  },
});
