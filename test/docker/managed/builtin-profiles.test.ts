import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import {
  BUILTIN_PROFILES,
  profileOfDaemonJson,
  readProfile,
} from "../../../docker/managed/builtin-profiles.ts";
import { AS_DOCKER_COMES, profileSchema } from "../../../harness/core/profile.ts";

const scratch = (): string => {
  const directory = mkdtempSync(join(tmpdir(), "profiles-"));
  onTestFinished(() => {
    rmSync(directory, { recursive: true });
  });
  return directory;
};

test.each(Object.entries(BUILTIN_PROFILES))("%s is a profile of its own name", (name, profile) => {
  expect(profile.name).toBe(name);
  expect(profileSchema.parse(profile)).toEqual(profile);
  expect(readProfile(name)).toBe(profile);
});

test("default changes nothing, and every other one something", () => {
  const changed = Object.values(BUILTIN_PROFILES).filter(
    ({ name, title, ...rest }) =>
      JSON.stringify({ ...rest, title }) !== JSON.stringify({ ...AS_DOCKER_COMES, title }) &&
      name !== "default",
  );
  expect(changed).toHaveLength(Object.keys(BUILTIN_PROFILES).length - 1);
  expect(BUILTIN_PROFILES["default"]).toMatchObject(AS_DOCKER_COMES);
});

test("a file is read, even where a built-in profile has its name", () => {
  const path = join(scratch(), "default");
  writeFileSync(path, "title: mine\nrootlesskit: { mtu: 1500 }\n");
  expect(readProfile(path)).toMatchObject({ name: "default", title: "mine", mtu: 1500 });
});

test.each(["narrow-pools", "constructor", "./missing.yaml"])(
  "%s, which is neither, is refused with all there are",
  (name) => {
    const read = () => readProfile(name);
    expect(read).toThrow(expect.objectContaining({ code: "usage" }));
    expect(read).toThrow(
      `--profile ${name}: no such file, and no profile of that name; there are default, wide-pools, no-userland-proxy, disjoint-port-range, pasta-implicit, slirp4netns-port-driver, no-ipv6, strict-rp-filter, rootful, rootful-no-userland-proxy, detached-off, nftables`,
    );
  },
);

test.each([
  ["daemon.json", "daemon"],
  ["Wide Pools (v2).json", "wide-pools-v2"],
  ["---", "daemon-json"],
])("the daemon.json %s makes the profile %s", (file, name) => {
  const path = join(scratch(), file);
  writeFileSync(path, '{ "userland-proxy": false }');
  expect(profileOfDaemonJson(path)).toEqual({
    ...AS_DOCKER_COMES,
    name,
    title: `as Docker comes, with ${file}`,
    daemonJson: { "userland-proxy": false },
  });
});

test("a daemon.json that cannot be read, or is none, is refused by name", () => {
  const path = join(scratch(), "daemon.json");
  expect(() => profileOfDaemonJson(path)).toThrow(`--daemon-json ${path}: ENOENT`);
  writeFileSync(path, "[]");
  expect(() => profileOfDaemonJson(path)).toThrow(`${path} must hold a JSON object`);
});

test.each([
  ["debian:sid", "debian-sid", { kind: "debian", suite: "sid" }],
  ["28.5.2", "28.5.2", { kind: "version", version: "28.5.2" }],
])("%s is that engine as Docker comes, without a file", (given, name, engine) => {
  const { title, ...profile } = readProfile(given);
  const { title: usual, ...rest } = readProfile("default");
  expect(profile).toEqual({ ...rest, name, engine });
  expect(title).not.toBe(usual);
});
