import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { BUILTIN_PROFILES } from "../../../docker/managed/builtin-profiles.ts";
import { pastaDate, whyNot } from "../../../docker/managed/profile-fit.ts";
import { AS_DOCKER_COMES, type Profile } from "../../../harness/core/profile.ts";

/** An engine of that version whose programs print what they are told to. */
const engine = (
  version: string,
  {
    rootlesskit = "2.3.4",
    script = "",
    programs = {},
  }: {
    rootlesskit?: string;
    script?: string;
    programs?: Readonly<Record<string, string>>;
  } = {},
) => {
  const directory = mkdtempSync(join(tmpdir(), "engine-"));
  onTestFinished(() => {
    rmSync(directory, { recursive: true });
  });
  const all = {
    rootlesskit: `rootlesskit version ${rootlesskit}`,
    slirp4netns: "slirp4netns version 1.2.0",
    nft: "nftables v1.0.6",
    ...programs,
  };
  for (const [name, printed] of Object.entries(all)) {
    writeFileSync(join(directory, name), `#!/bin/sh\necho '${printed}'\n`);
    chmodSync(join(directory, name), 0o755);
  }
  const launcher = join(directory, "dockerd-rootless.sh");
  writeFileSync(launcher, script);
  return { origin: "named" as const, version, programs: directory, launcher };
};

const builtin = (name: string): Profile => {
  const profile = BUILTIN_PROFILES[name];
  if (profile === undefined) throw new Error(`no profile ${name}`);
  return profile;
};

const PLAIN: Profile = { ...AS_DOCKER_COMES, name: "plain", title: "" };
const DETACHES = ': "${DOCKERD_ROOTLESS_ROOTLESSKIT_DETACH_NETNS:=true}"';

test.each(["default", "wide-pools", "disjoint-port-range", "slirp4netns-port-driver", "no-ipv6"])(
  "%s runs on every engine",
  async (name) => {
    expect(await whyNot(builtin(name), engine("20.10.24", { rootlesskit: "1.1.0" }))).toBeNull();
  },
);

test.each([
  [
    "no-userland-proxy",
    "27.5.1",
    /^without its user-land proxy a rootless Engine 27\.5\.1 publishes nothing/,
  ],
  ["no-userland-proxy", "28.0.0", null],
  ["nftables", "28.5.2", "Engine 28.5.2 has no choice of firewall-backend: that came with 29.0.0"],
  ["nftables", "29.0.0", null],
])("%s on Engine %s: %s", async (name, version, reason) => {
  const why = await whyNot(builtin(name), engine(version));
  if (reason === null) expect(why).toBeNull();
  else expect(why).toMatch(reason);
});

test("a firewall back end is a setting of 29, whichever it is", async () => {
  const profile = { ...PLAIN, daemonJson: { "firewall-backend": "iptables" } };
  expect(await whyNot(profile, engine("28.5.2"))).toContain("no choice of firewall-backend");
  expect(await whyNot(profile, engine("29.6.0"))).toBeNull();
});

test("nothing can be turned off that is not there, unless more is asked for", async () => {
  const older = engine("28.5.2");
  const none = "Engine 28.5.2 has no detached network namespace: that came with 29.5.0";
  expect(await whyNot(builtin("detached-off"), older)).toBe(
    `${none}, so there is nothing to turn off`,
  );
  expect(await whyNot({ ...PLAIN, detachNetns: false, mtu: 1500 }, older)).toBeNull();
  expect(await whyNot({ ...PLAIN, detachNetns: true, mtu: 1500 }, older)).toBe(none);
  expect(await whyNot(builtin("detached-off"), engine("29.6.0", { script: DETACHES }))).toBeNull();
});

test.each([
  [
    "1.1.0",
    "pasta 0.0~git20261002.cba3570-1",
    "RootlessKit 1.1.0 has no network driver pasta: it came with 2.0.0",
  ],
  [
    "2.0.2",
    "pasta 0.0~git20230309.7c7625d-1",
    "pasta of 20230309 is too old for RootlessKit, which needs that of 20231204 or later",
  ],
  ["2.0.2", "pasta 0.0~git20261002.cba3570-1", null],
])("RootlessKit %s with %s: %s", async (rootlesskit, pasta, reason) => {
  const at = engine("28.5.2", { rootlesskit, programs: { pasta } });
  expect(await whyNot(builtin("pasta-implicit"), at)).toBe(reason);
});

test("a driver whose program is nowhere says which package has it", async () => {
  const vpnkit = { ...PLAIN, network: "vpnkit" as const };
  expect(await whyNot(vpnkit, engine("28.5.2"))).toBe(
    "vpnkit is neither among the engine's programs nor installed",
  );
  const inside = { ...PLAIN, network: "gvisor-tap-vsock" as const };
  expect(await whyNot(inside, engine("29.6.0", { rootlesskit: "2.3.6" }))).toContain(
    "it came with 3.0.0",
  );
  expect(await whyNot(inside, engine("29.6.0", { rootlesskit: "3.0.1" }))).toBeNull();
});

test("a setting that this kernel does not have is named", async () => {
  const profile = { ...PLAIN, sysctls: { "net.ipv4.no_such_thing": "1" } };
  expect(await whyNot(profile, engine("29.6.0"))).toBe(
    "this machine's kernel has no net.ipv4.no_such_thing",
  );
});

test.each([
  ["pasta 0.0~git20230309.7c7625d-1", 20_230_309],
  ["pasta 2024_10_30.ee7d0b6-1.fc41", 20_241_030],
  ["pasta unknown version", null],
])("%s is of %s", (printed, date) => {
  expect(pastaDate(printed)).toBe(date);
});
