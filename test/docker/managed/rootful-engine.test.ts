import { expect, test } from "vitest";
import { rootfulFlags } from "../../../docker/managed/rootful-engine.ts";

const PATHS = { socket: "/s/run/docker.sock", runtimeDir: "/s/run", configFile: "/s/daemon.json" };

test("the control groups of a rootful engine are its slot's own", () => {
  expect(rootfulFlags(PATHS, { slot: 3, daemonJson: {} }).join(" ")).toBe(
    "--config-file /s/daemon.json --host unix:///s/run/docker.sock --exec-root /s/run/docker" +
      " --pidfile /s/run/docker.pid --exec-opt native.cgroupdriver=cgroupfs" +
      " --cgroup-parent /rootless-stress-3",
  );
});

test("what daemon.json says of them is not said a second time, which would keep dockerd from starting", () => {
  const daemonJson = { "exec-opts": ["native.cgroupdriver=systemd"], "cgroup-parent": "a.slice" };
  const flags = rootfulFlags(PATHS, { slot: 3, daemonJson });
  expect(flags).not.toContain("--exec-opt");
  expect(flags).not.toContain("--cgroup-parent");
});
