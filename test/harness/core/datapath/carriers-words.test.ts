import { expect, test } from "vitest";
import { carriersWords } from "../../../../harness/core/datapath/carriers-words.ts";
import { carriers, listener } from "./measured-ways.ts";

const PROXY = {
  pid: 42,
  program: "docker-proxy",
  hostIp: "0.0.0.0",
  hostPort: 32768,
  containerIp: "172.18.0.2",
  containerPort: 5201,
};

const ROOTLESSKIT = {
  version: "3.0.1",
  networkDriver: "slirp4netns",
  portDriver: "builtin",
  forwards: [
    {
      id: 1,
      protocol: "tcp",
      parentIp: "0.0.0.0",
      parentPort: 32768,
      childIp: "127.0.0.1",
      childPort: 32768,
    },
  ],
};

const RULE = {
  backend: "iptables-nft",
  chain: "DOCKER",
  line: 3,
  rule: "-A DOCKER ! -i br-1 -p tcp -m tcp --dport 32768 -j DNAT --to-destination 172.18.0.2:5201",
} as const;

test("a published port of a rootless engine is followed from the host to the container", () => {
  const seen = carriers({
    onHost: [
      listener("rootlesskit", 12, ["0.0.0.0", 32768]),
      listener("rootlesskit", 12, ["::", 32768]),
    ],
    inEngine: [listener("docker-proxy", 42, ["0.0.0.0", 32768])],
    proxies: [PROXY],
    rules: [RULE],
    rootlesskit: ROOTLESSKIT,
  });
  expect(carriersWords(seen, { mode: "ports", rootless: true })).toEqual([
    "rootlesskit (pid 12) listens on 0.0.0.0:32768 and [::]:32768 in the host's namespace",
    "docker-proxy (pid 42) listens on 0.0.0.0:32768 in the engine's namespace",
    "iperf3 (pid 77) listens on [::]:5201 in the container's namespace",
    "RootlessKit 3.0.1 (network slirp4netns, ports builtin) forwards 0.0.0.0:32768 to 127.0.0.1:32768",
    "docker-proxy (pid 42) was told to take 0.0.0.0:32768 to 172.18.0.2:5201",
    "iptables-nft rule 3 of chain DOCKER sends port 32768 to 172.18.0.2:5201",
    "127.0.0.1:32768 answers",
    "[::1]:32768 answers",
  ]);
});

test("a listener that leads nowhere is told from one that refuses", () => {
  const nowhere = {
    address: "::1",
    port: 32768,
    outcome: "leads-nowhere",
    words: "accepted, and closed without an answer",
  } as const;
  const seen = carriers({
    onHost: [listener("/usr/bin/dockerd --debug", 9, ["::1", 32768])],
    rules: [RULE],
    reach: { ...carriers().reach, "6": nowhere },
  });
  const words = carriersWords(seen, { mode: "ports", rootless: false });
  expect(words[0]).toBe("dockerd (pid 9) listens on [::1]:32768 in the host's namespace");
  expect(words.at(-1)).toBe("[::1]:32768 leads nowhere: accepted, and closed without an answer");
});

test("of a published port it is said what is not there, and what could not be seen", () => {
  const blind = carriers({ onHost: [], inEngine: null, inContainer: null, rules: null });
  expect(carriersWords(blind, { mode: "ports", rootless: true })).toEqual([
    "nobody listens on port 32768 in the host's namespace",
    "who listens in the engine's namespace cannot be seen",
    "NAT rules of the engine cannot be read",
    "127.0.0.1:32768 answers",
    "[::1]:32768 answers",
  ]);
  expect(carriersWords(carriers(), { mode: "ports", rootless: false })).toContain(
    "no NAT rule of the engine redirects port 32768",
  );
});

test("where a network driver forwards, RootlessKit keeps no list", () => {
  const pasta = carriers({
    rootlesskit: {
      ...ROOTLESSKIT,
      networkDriver: "pasta",
      portDriver: "implicit",
      forwards: null,
    },
  });
  expect(carriersWords(pasta, { mode: "ports", rootless: true })).toContain(
    "RootlessKit 3.0.1 (network pasta, ports implicit) keeps no list of ports: its network driver forwards them",
  );
});

test("a way without a published port is its listener and its answers, whatever else there is not", () => {
  const seen = carriers({ rootlesskit: ROOTLESSKIT });
  expect(carriersWords(seen, { mode: "noports", rootless: true })).toEqual([
    "iperf3 (pid 77) listens on [::]:5201 in the container's namespace",
    "127.0.0.1:32768 answers",
    "[::1]:32768 answers",
  ]);
});

test("host networking is a listener of the engine's namespace, which a rootful engine shares with the host", () => {
  const own = [listener("iperf3", 77, ["::", 10240])];
  const words = (rootless: boolean) =>
    carriersWords(carriers(rootless ? { inEngine: own } : { onHost: own }), {
      mode: "host",
      rootless,
    })[0];
  expect(words(true)).toBe("iperf3 (pid 77) listens on [::]:10240 in the engine's namespace");
  expect(words(false)).toBe("iperf3 (pid 77) listens on [::]:10240 in the host's namespace");
});

test("with a detached namespace host networking is a listener of the machine", () => {
  const seen = carriers({ onHost: [listener("iperf3", 77, ["::", 10240])], inEngine: [] });
  expect(carriersWords(seen, { mode: "host", rootless: true })[0]).toBe(
    "iperf3 (pid 77) listens on [::]:10240 in the host's namespace",
  );
});
