import { format } from "prettier";
import { expect, test } from "vitest";
import { runFlags } from "../../../../harness/cli/command-line/run.ts";
import { parseNightlyFile, readNightlyFile } from "../../../../harness/cli/nightly/config-file.ts";
import { nightlyJsonSchema, RUN_KEYS } from "../../../../harness/core/nightly/config.ts";

const parsed = (source: string) => parseNightlyFile(source, "nightly.yaml");

test("a night is what its file says, with the flags of a run as they are on the command line", () => {
  const { config, run } = parsed(`
runs: /var/lib/stress/runs
run:
  engine: managed
  profile: [default, wide-pools]
  mode: [ports, noports]
  n: [16, 40]
  waves: 12
  until: verdict
  shared-engine: false
  expect:
    - failure_rate(noports) < 1%
    - median(burst, ports) < 1.2 * baseline
seed: fixed
baseline: { run: 20261101-040000-abcd }
outputs: { junit: out/stress.xml }
keep: 30
`);
  expect(run).toMatchObject({
    engine: { kind: "managed" },
    profiles: ["default", "wide-pools"],
    modes: ["ports", "noports"],
    ns: [16, 40],
    waves: 12,
    until: "verdict",
    sharedEngine: false,
    out: "/var/lib/stress/runs",
    expectations: { length: 2 },
  });
  expect(config).toMatchObject({
    seed: "fixed",
    baseline: { run: "20261101-040000-abcd" },
    confirm: true,
    keep: 30,
    slower: 1.1,
  });
});

test.each([
  ["run: { n: 16 }\nkept: 3", /^nightly\.yaml:2: unknown key "kept"; known: runs, run, seed/],
  ["run:\n  n: 16\n  out: x", /^nightly\.yaml:3: unknown key "out" of run; known: engine, host/],
  ["run:\n  mode: ports\n  n: many", /^nightly\.yaml:3: run\.n must be a whole number/],
  ["run:\n  mode: sideways", /^nightly\.yaml:2: run\.mode "sideways" is not one of/],
  ["run:\n  expect: failure_rate(x", /^nightly\.yaml:2: run\.expect/],
  ["run: {}\nkeep: 0", /^nightly\.yaml:2: keep must be a whole number from 1 to 10000/],
  ["run: {}\nbaseline: { nights: 7, run: x }", /^nightly\.yaml:2: baseline must be nights/],
  ["run: {}\noutputs: { xml: a }", /^nightly\.yaml:2: unknown key "xml" of outputs; known: junit/],
  ["keep: 3", /^nightly\.yaml: run must be a mapping/],
  ["run: [", /^nightly\.yaml:1: not YAML/],
  ["- a", /^nightly\.yaml: must be a mapping of keys to values/],
])("%j is refused with its line", (source, words) => {
  expect(() => parsed(source)).toThrow(words);
});

test("a file that is not there is named", () => {
  expect(() => readNightlyFile("/nonexistent.yaml")).toThrow(
    /^--config \/nonexistent\.yaml: ENOENT/,
  );
});

test("every key of a night's run is a flag of a run, and the flags that are none are known", () => {
  const flags = Object.keys(runFlags);
  expect(RUN_KEYS.filter((key) => !flags.includes(key))).toEqual([]);
  const keys: readonly string[] = RUN_KEYS;
  expect(flags.filter((flag) => !keys.includes(flag)).toSorted()).toEqual([
    "baseline",
    "benchmark-json",
    "dry-run",
    "github",
    "json",
    "junit",
    "keep-failed",
    "openmetrics",
    "out",
    "seed",
  ]);
});

test("the committed schema is the one that the file is checked against", async () => {
  const schema = await format(JSON.stringify(nightlyJsonSchema()), {
    parser: "json",
    printWidth: 100,
  });
  await expect(schema).toMatchFileSnapshot("../../../../reports/nightly.schema.json");
});
