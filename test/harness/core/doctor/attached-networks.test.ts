import { expect, test } from "vitest";
import { attachedNetworks } from "../../../../harness/core/doctor/attached-networks.ts";
import { QUIET_FACTS } from "./quiet-facts.ts";

const containerOn = (networkMode: string | null, networks: readonly string[]) => ({
  ...QUIET_FACTS,
  attachments: {
    networks: [],
    containers: [
      {
        name: "web",
        networkMode,
        networks: networks.map((name) => ({ name, gatewayPriority: 0 })),
      },
    ],
  },
});

test("a running container that lost its network is a problem, with the command that removes it", () => {
  expect(attachedNetworks(containerOn("shop", []))).toMatchObject({
    status: "problem",
    evidence: ["container web: created on shop, attached to no network"],
    commands: ["docker rm --force web"],
  });
});

test.each([
  ["shop", ["shop"]],
  ["none", []],
  ["host", []],
  ["container:abc", []],
  [null, []],
])("in network mode %s a container on %j is as it should be", (mode, networks) => {
  expect(attachedNetworks(containerOn(mode, networks)).status).toBe("ok");
});

test("what the engine does not say is not known", () => {
  expect(attachedNetworks({ ...QUIET_FACTS, attachments: null }).status).toBe("unknown");
});
