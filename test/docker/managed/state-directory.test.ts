import { expect, test } from "vitest";
import { contentKey, defaultStateDir } from "../../../docker/managed/state-directory.ts";

test.each([
  [{ STRESS_STATE_DIR: "/srv/stress", HOME: "/root" }, 0, "/srv/stress"],
  [{ STRESS_STATE_DIR: "/srv/stress", HOME: "/home/me" }, 1000, "/srv/stress"],
  [{ STRESS_STATE_DIR: "", HOME: "/root" }, 0, "/var/lib/rootless-stress"],
  [{ XDG_DATA_HOME: "/data", HOME: "/home/me" }, 1000, "/data/rootless-stress"],
  [{ XDG_DATA_HOME: "relative", HOME: "/home/me" }, 1000, "/home/me/.local/share/rootless-stress"],
  [{ HOME: "/home/me" }, 1000, "/home/me/.local/share/rootless-stress"],
])("environment %j of user %i keeps its state in %s", (env, uid, expected) => {
  expect(defaultStateDir(env, uid)).toBe(expected);
});

test("a relative STRESS_STATE_DIR is refused, with what would be right", () => {
  expect(() => defaultStateDir({ STRESS_STATE_DIR: "here" }, 0)).toThrow(/absolute path, not here/);
});

test("no HOME and no STRESS_STATE_DIR is a usage error", () => {
  expect(() => defaultStateDir({}, 1000)).toThrow(/set STRESS_STATE_DIR/);
});

test("a content key tells parts apart that read the same when joined", () => {
  expect(contentKey(["ab", "c"])).not.toBe(contentKey(["a", "bc"]));
  expect(contentKey(["ab", "c"])).toMatch(/^[0-9a-f]{16}$/);
});
