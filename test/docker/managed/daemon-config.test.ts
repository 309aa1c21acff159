import { expect, test } from "vitest";
import {
  daemonConfig,
  parseDaemonJson,
  storageKey,
} from "../../../docker/managed/daemon-config.ts";

const engine = { daemon: "/opt/engine/bin/dockerd", version: "28.5.2" };

test("without a daemon.json only the place of the data is set", () => {
  expect(daemonConfig(null, "/d")).toEqual({ text: '{\n  "data-root": "/d"\n}\n', ignored: [] });
});

test("the user's settings are kept, except for where the engine is", () => {
  const json = { hosts: ["tcp://0.0.0.0"], "userland-proxy": false, "data-root": "/theirs" };
  const { text, ignored } = daemonConfig(json, "/d");
  expect(JSON.parse(text)).toEqual({ "userland-proxy": false, "data-root": "/d" });
  expect(ignored).toEqual(["hosts", "data-root"]);
});

test("data are shared by settings that do not touch storage, and by nothing else", () => {
  const key = storageKey(null, engine, 1000);
  expect(storageKey({ "userland-proxy": false }, engine, 1000)).toBe(key);
  const others = [
    storageKey({ "storage-driver": "vfs" }, engine, 1000),
    storageKey({ features: { "containerd-snapshotter": true } }, engine, 1000),
    storageKey(null, { ...engine, version: "29.0.0" }, 1000),
    storageKey(null, { ...engine, daemon: "/other/dockerd" }, 1000),
    storageKey(null, engine, 1001),
  ];
  expect(new Set([key, ...others]).size).toBe(6);
});

test.each([
  ["{", /daemon.json is not JSON/],
  ["[]", /must hold a JSON object/],
  ["null", /must hold a JSON object/],
])("%j is no daemon.json", (source, words) => {
  expect(() => parseDaemonJson(source, "daemon.json")).toThrow(words);
});
