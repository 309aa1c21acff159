import { expect, test } from "vitest";
import { namespaceSettings, setupOf } from "../../../docker/managed/engine-setup.ts";
import { AS_DOCKER_COMES, type Profile } from "../../../harness/core/profile.ts";

const OWN = [13_312, 15_359] as const;

const PLAIN: Profile = { ...AS_DOCKER_COMES, name: "plain", title: "" };

test("without a profile an engine has its daemon.json and ports of its own", () => {
  const setup = setupOf(null, { debug: true });
  expect(setup).toEqual({
    daemonJson: { debug: true },
    settings: {},
    portRange: "own",
    sysctls: {},
  });
  expect(namespaceSettings(setup, OWN)).toEqual({ portRange: OWN, sysctls: {} });
  expect(setupOf(null, null).daemonJson).toEqual({});
});

test("what a profile leaves open is left to the engine's script and to the kernel", () => {
  const setup = setupOf(PLAIN, { debug: true });
  expect(setup).toEqual({ daemonJson: {}, settings: {}, portRange: "kernel", sysctls: {} });
  expect(namespaceSettings(setup, OWN)).toEqual({ portRange: null, sysctls: {} });
});

test("what it asks for reaches dockerd-rootless.sh and the namespace", () => {
  const setup = setupOf(
    {
      ...PLAIN,
      network: "pasta",
      portDriver: "implicit",
      mtu: 1500,
      detachNetns: false,
      portRange: [20_000, 29_999],
      sysctls: { "net.ipv4.ip_forward": "1" },
    },
    null,
  );
  expect(setup.settings).toEqual({
    DOCKERD_ROOTLESS_ROOTLESSKIT_NET: "pasta",
    DOCKERD_ROOTLESS_ROOTLESSKIT_PORT_DRIVER: "implicit",
    DOCKERD_ROOTLESS_ROOTLESSKIT_MTU: "1500",
    DOCKERD_ROOTLESS_ROOTLESSKIT_DETACH_NETNS: "false",
  });
  expect(namespaceSettings(setup, OWN)).toEqual({
    portRange: [20_000, 29_999],
    sysctls: { "net.ipv4.ip_forward": "1" },
  });
});
