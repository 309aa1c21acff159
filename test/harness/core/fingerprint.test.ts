import { expect, test } from "vitest";
import type { Event, EventOf } from "../../../harness/core/events.ts";
import { differences, fingerprintOf, sameFingerprint } from "../../../harness/core/fingerprint.ts";
import { history } from "../../../harness/core/history.ts";
import type { Profile } from "../../../harness/core/profile.ts";
import { millis } from "../../../harness/core/units.ts";
import { arm, journalOf, type RunScript } from "./history.ts";
import { recorded } from "./recorded.ts";

const SCRIPT: RunScript = { arms: [arm("ports", 1)], waves: [{ arm: "ports" }] };

const printOf = (script: Partial<RunScript> = {}) =>
  fingerprintOf(history(journalOf({ ...SCRIPT, ...script })));

const BASE = printOf();

test("the same machine and engine have the same fingerprint, whatever the run did", () => {
  const other = printOf({
    arms: [arm("noports", 3)],
    waves: [{ arm: "noports" }, { arm: "noports" }],
    ended: "interrupted",
  });
  expect(sameFingerprint(BASE, other)).toBe(true);
  expect(other.digest).toBe(BASE.digest);
  expect(differences(BASE, other)).toEqual([]);
});

test.each([
  [{ kernel: "6.19.0" }, "kernel: 6.18.0 and 6.19.0"],
  [{ version: "28.5.2" }, "engine: 29.6.0 and 28.5.2"],
  [{ architecture: "aarch64" }, "architecture: x86_64 and aarch64"],
  [{ storageDriver: "vfs" }, "storage driver: overlay2 and vfs"],
  [
    { hostPortRange: [15000, 60999] as [number, number] },
    "ports of the host: 32768–60999 and 15000–60999",
  ],
  [{ enginePortRange: null }, "ports of the engine: 32768–60999 and not known"],
  [{ simulated: true }, "simulated: no and yes"],
  [
    { images: { "redis:7": "sha256:3333", "mysql:8.0": "sha256:2222" } },
    "image redis:7: sha256:1111 and sha256:3333",
  ],
  [{ components: { containerd: "2.2.1", rootlesskit: "3.0.1" } }, "runc: only in the first"],
])("%j makes another, and is named", (engine, words) => {
  const other = printOf({ engine });
  expect(sameFingerprint(BASE, other)).toBe(false);
  expect(other.digest).not.toBe(BASE.digest);
  expect(differences(BASE, other)).toEqual([words]);
});

test("the order in which an engine lists its parts makes no difference", () => {
  const other = printOf({
    engine: { components: { runc: "1.3.4", rootlesskit: "3.0.1", containerd: "2.2.1" } },
  });
  expect(other).toEqual(BASE);
});

test("an image that is built here has another id in every engine, and is the same by its name", () => {
  const [one, other] = ["sha256:1111", "sha256:3333"].map((id) =>
    printOf({ engine: { images: { "rootless-stress/redis:bookworm-a6f308b18dc1": id } } }),
  );
  expect(one).toEqual(other);
  const changed = printOf({
    engine: { images: { "rootless-stress/redis:bookworm-000000000000": "sha256:1111" } },
  });
  expect(changed).not.toEqual(one);
});

test("between two architectures an image is the same by its name, whichever build of it each has", () => {
  const on = (architecture: string, key: string, id: string) =>
    printOf({
      engine: {
        architecture,
        images: {
          [`rootless-stress/redis:bookworm-${key}`]: "sha256:1111",
          [`rootless-stress/job:${key}`]: "sha256:1111",
          "redis:7": id,
        },
      },
    });
  const one = on("x86_64", "a6f308b18dc1", "sha256:1111");
  const architectures = "architecture: x86_64 and aarch64";
  expect(differences(one, on("aarch64", "000000000000", "sha256:3333"))).toEqual([architectures]);
  const without = printOf({ engine: { architecture: "aarch64", images: {} } });
  expect(differences(one, without)).toEqual([
    architectures,
    "image redis:7: only in the first",
    "image rootless-stress/job:…: only in the first",
    "image rootless-stress/redis:bookworm-…: only in the first",
  ]);
});

test("the digest is the same on every machine and in every version", () => {
  expect(BASE.digest).toBe("ed0d22a19265fc7f");
});

test("what a run asked of its jobs is part of it", () => {
  const [one, other] = [["redis"], []].map((services) =>
    fingerprintOf(history(recorded({ request: { services } }))),
  );
  if (one === undefined || other === undefined) throw new Error("no fingerprints");
  expect(differences(one, other)).toEqual(["services: redis and all"]);
});

const PROFILE: Profile = {
  name: "wide-pools",
  title: "more networks",
  engine: { kind: "at-hand" },
  rootful: false,
  daemonJson: { "default-address-pools": [{ base: "10.64.0.0/10", size: 24 }] },
  network: null,
  portDriver: null,
  mtu: null,
  detachNetns: null,
  portRange: "own",
  sysctls: {},
};

const isStart = (event: Event): event is EventOf<"run.started"> => event.event === "run.started";

/** A run of one profile, whose engine was started twice. */
const profiled = (profile: Profile, enginePortRange: [number, number], architecture = "x86_64") => {
  const events = journalOf(SCRIPT);
  const start = events.find(isStart);
  if (start === undefined) throw new Error("no start");
  const started = (version: string): Event => ({
    event: "engine.started",
    at: millis(1),
    profile: profile.name,
    engine: { ...start.engine, version, enginePortRange },
    capacity: null,
  });
  return fingerprintOf(
    history([
      {
        ...start,
        engine: { ...start.engine, architecture },
        profiles: [{ profile, skipped: null }],
      },
      started("29.6.0"),
      started("29.6.0"),
      ...events.slice(1),
    ]),
  );
};

test("a profile's fields bear its name, and its settings are among them", () => {
  const one = profiled(PROFILE, [41000, 42000]);
  expect(one.fields["wide-pools: engine"]).toBe("29.6.0");
  const narrower = { ...PROFILE, daemonJson: { "default-address-pools": [] } };
  expect(differences(one, profiled(narrower, [41000, 42000]))).toEqual([
    "wide-pools: profile: not the same",
  ]);
  const renamed = { ...PROFILE, title: "the same in other words" };
  expect(sameFingerprint(one, profiled(renamed, [41000, 42000]))).toBe(true);
});

test("between two architectures a profile's engine from an archive is the same by its version", () => {
  const from = (architecture: string): Profile => ({
    ...PROFILE,
    engine: { kind: "archive", from: `./${architecture}/docker-29.6.0.tgz#sha256=00` },
  });
  const one = profiled(from("x86_64"), [41000, 42000]);
  expect(differences(one, profiled(from("aarch64"), [41000, 42000], "aarch64"))).toEqual([
    "architecture: x86_64 and aarch64",
  ]);
  expect(differences(one, profiled(from("other"), [41000, 42000]))).toEqual([
    "wide-pools: profile: not the same",
  ]);
});

test("which range an engine took that keeps apart from others is chance, and no difference", () => {
  const [one, other] = [41000, 43000].map((first) => profiled(PROFILE, [first, first + 999]));
  expect(one).toEqual(other);
  const kernel = { ...PROFILE, portRange: "kernel" } as const;
  const [third, fourth] = [41000, 43000].map((first) => profiled(kernel, [first, first + 999]));
  expect(third).not.toEqual(fourth);
});

test("another daemon.json is another engine, also where nothing else tells", () => {
  const [started, ...rest] = journalOf(SCRIPT);
  if (started?.event !== "run.started") throw new Error("no start");
  const withPools = (base: string) =>
    fingerprintOf(
      history([
        { ...started, daemonJson: { "default-address-pools": [{ base, size: 24 }] } },
        ...rest,
      ]),
    );
  const narrow = withPools("10.1.0.0/20");
  expect(sameFingerprint(BASE, narrow)).toBe(false);
  expect(sameFingerprint(narrow, withPools("10.1.0.0/16"))).toBe(false);
  expect(sameFingerprint(narrow, withPools("10.1.0.0/20"))).toBe(true);
});
