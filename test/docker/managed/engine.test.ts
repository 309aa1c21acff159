import { expect, test } from "vitest";
import { environmentOfEngine, launcherScript } from "../../../docker/managed/daemon-launcher.ts";
import { engineEnvironment, meaningfulLines } from "../../../docker/managed/engine.ts";
import { mountPointsUnder } from "../../../docker/managed/take-down.ts";

test("the words kept of a failed start are neither the shell's trace nor ordinary progress", () => {
  const log = [
    "+ exec dockerd --config-file /x",
    'time="1" level=info msg="Starting up"',
    'time="2" level=warning msg="unimportant"',
    "failed to start daemon: no such driver",
    "[rootlesskit:child ] error: exit status 1",
    "[rootlesskit:parent] error: child exited",
    "",
  ].join("\n");
  expect(meaningfulLines(log)).toEqual([
    "failed to start daemon: no such driver",
    "[rootlesskit:child ] error: exit status 1",
    "[rootlesskit:parent] error: child exited",
  ]);
});

test("mounts are listed innermost first, and only those inside the directory", () => {
  const line = (path: string) => `36 35 98:0 / ${path} rw,noatime master:1 - ext4 /dev/root rw`;
  const mounts = ["/", "/s/slots/1", "/s/slots/1/run", "/s/slots/1/run/netns", "/s/slots/10/run"];
  expect(mountPointsUnder(mounts.map(line).join("\n"), "/s/slots/1")).toEqual([
    "/s/slots/1/run/netns",
    "/s/slots/1/run",
  ]);
});

test("a client is pointed at the engine's socket", () => {
  expect(engineEnvironment({ socketPath: "/s/slots/0/run/docker.sock" })).toEqual({
    DOCKER_HOST: "unix:///s/slots/0/run/docker.sock",
  });
});

test("the launcher sets the namespace up, says which ports there are and becomes the real daemon", () => {
  const script = launcherScript("/opt/engine/bin/dockerd", {
    portRange: [13_312, 15_359],
    sysctls: { "net.ipv6.conf.all.disable_ipv6": "1" },
  });
  expect(script).toContain(
    `sh -c 'echo "$1" > "$2"' sh 1 /proc/sys/net/ipv6/conf/all/disable_ipv6\n`,
  );
  expect(script).toContain(`sh '13312 15359' /proc/sys/net/ipv4/ip_local_port_range\n`);
  expect(script.trim().split("\n").at(-1)).toBe(`exec /opt/engine/bin/dockerd "$@"`);
});

test("the kernel's range is left alone", () => {
  const script = launcherScript("/opt/engine/bin/dockerd", { portRange: null, sysctls: {} });
  expect(script).not.toContain("echo");
});

test("an engine's environment is made of settings and places, flags of the user's last", () => {
  const environment = environmentOfEngine({
    home: "/s/home",
    runtimeDir: "/s/run",
    launcherDir: "/s/launcher",
    programs: "/opt/engine/bin",
    settings: {
      DOCKERD_ROOTLESS_ROOTLESSKIT_FLAGS: "--debug",
      DOCKERD_ROOTLESS_ROOTLESSKIT_MTU: "1500",
    },
  });
  expect(environment).toEqual({
    DOCKERD_ROOTLESS_ROOTLESSKIT_FLAGS: "--state-dir=/s/run/dockerd-rootless --debug",
    DOCKERD_ROOTLESS_ROOTLESSKIT_MTU: "1500",
    HOME: "/s/home",
    XDG_RUNTIME_DIR: "/s/run",
    PATH: "/s/launcher:/opt/engine/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  });
});
