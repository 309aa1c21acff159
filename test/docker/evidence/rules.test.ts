import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { inNamespace, type EngineNamespace } from "../../../docker/evidence/namespace.ts";
import {
  iptablesRules,
  natRules,
  natRulesOfSix,
  nftRules,
  rulesForPort,
} from "../../../docker/evidence/rules.ts";
import { inFreshNamespace, needNetworkPrograms } from "./private-namespace.ts";

const directory = mkdtempSync(join(tmpdir(), "rules-"));

needNetworkPrograms();

beforeAll(() => {
  // Ordinary users may not write where the lock is by default.
  vi.stubEnv("XTABLES_LOCKFILE", join(directory, "lock"));
});

afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true });
});

const freshNamespace = async (): Promise<EngineNamespace> => {
  const { pid } = await inFreshNamespace(["net"]);
  return { kind: "pid", pid };
};

const perform = async (namespace: EngineNamespace, commands: readonly string[]): Promise<void> => {
  for (const command of commands) {
    const [program = "", ...args] = command.split(" ");
    await inNamespace(namespace, program, args, AbortSignal.timeout(5000));
  }
};

const REDIRECT =
  "-A DOCKER ! -i br-1 -p tcp -m tcp --dport 32768 -j DNAT --to-destination 172.18.0.2:80";

test.each(["legacy", "nft"] as const)(
  "rules of iptables-%s are found with their chain and line",
  async (kind) => {
    const namespace = await freshNamespace();
    const iptables = `iptables-${kind} -t nat`;
    await perform(namespace, [
      `${iptables} -N DOCKER`,
      `${iptables} -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER`,
      `${iptables} -A DOCKER -i br-1 -j RETURN`,
      `${iptables} ${REDIRECT}`,
      `iptables-${kind} -A INPUT -p tcp --dport 32768 -j ACCEPT`,
    ]);
    const backend = `iptables-${kind}` as const;
    const rules = await natRules(namespace);
    expect(rules).toEqual([
      {
        backend,
        chain: "PREROUTING",
        line: 1,
        rule: "-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER",
      },
      { backend, chain: "DOCKER", line: 1, rule: "-A DOCKER -i br-1 -j RETURN" },
      { backend, chain: "DOCKER", line: 2, rule: REDIRECT },
    ]);
    expect(rulesForPort(rules ?? [], 32_768)).toEqual([
      { backend, chain: "DOCKER", line: 2, rule: REDIRECT },
    ]);
    // Line and chain are those by which the rule is deleted.
    await perform(namespace, [`${iptables} -D DOCKER 2`]);
    expect(rulesForPort((await natRules(namespace)) ?? [], 32_768)).toEqual([]);
  },
);

test("rules of nft itself are found with their handle", async () => {
  const namespace = await freshNamespace();
  await perform(namespace, [
    "nft add table ip docker-bridges",
    "nft add chain ip docker-bridges nat-PREROUTING { type nat hook prerouting priority -100 ; }",
    "nft add chain ip docker-bridges nat-all",
    "nft add chain ip docker-bridges filter-all",
    "nft add rule ip docker-bridges nat-PREROUTING jump nat-all",
    "nft add rule ip docker-bridges nat-all tcp dport 8080 counter dnat to 172.18.0.2:80",
    "nft add rule ip docker-bridges filter-all tcp dport 8080 accept",
  ]);
  const rules = (await natRules(namespace)) ?? [];
  expect(rules.map(({ backend, chain }) => [backend, chain])).toEqual([
    ["nft", "ip docker-bridges nat-PREROUTING"],
    ["nft", "ip docker-bridges nat-all"],
  ]);
  const [redirect] = rulesForPort(rules, 8080);
  expect(redirect?.rule).toMatch(/^tcp dport 8080 counter .*dnat to 172\.18\.0\.2:80$/);
  const handle = String(redirect?.line);
  await perform(namespace, [`nft delete rule ip docker-bridges nat-all handle ${handle}`]);
  expect(rulesForPort((await natRules(namespace)) ?? [], 8080)).toEqual([]);
});

test.each(["legacy", "nft"] as const)(
  "rules of ip6tables-%s are those of IPv6, and are not among those of IPv4",
  async (kind) => {
    const namespace = await freshNamespace();
    const rule = "-A DOCKER -p tcp -m tcp --dport 8080 -j DNAT --to-destination [fd00:6::2]:80";
    await perform(namespace, [
      `ip6tables-${kind} -t nat -N DOCKER`,
      `ip6tables-${kind} -t nat ${rule}`,
    ]);
    expect(await natRulesOfSix(namespace)).toEqual([
      { backend: `iptables-${kind}`, chain: "DOCKER", line: 1, rule },
    ]);
    expect(await natRules(namespace)).toEqual([]);
  },
);

test("a table that iptables-nft can read is told of once, one that it cannot by nft", async () => {
  const namespace = await freshNamespace();
  await perform(namespace, [
    `iptables-nft -t nat -A OUTPUT -p tcp --dport 90 -j REDIRECT --to-ports 91`,
    "nft add table ip mine",
    "nft add chain ip mine out { type nat hook output priority 0 ; }",
    "nft add rule ip mine out tcp dport 90 redirect to :92",
  ]);
  const rules = rulesForPort((await natRules(namespace)) ?? [], 90);
  expect(rules.map(({ backend, chain }) => [backend, chain])).toEqual([
    ["iptables-nft", "OUTPUT"],
    ["nft", "ip mine out"],
  ]);
});

test("looking leaves a namespace without rules as it was", async () => {
  const namespace = await freshNamespace();
  expect(await natRules(namespace)).toEqual([]);
  const signal = AbortSignal.timeout(5000);
  expect(await inNamespace(namespace, "nft", ["list", "ruleset"], signal)).toBe("");
  const tables = ["/proc/self/net/ip_tables_names"];
  expect(await inNamespace(namespace, "cat", tables, signal)).not.toContain("nat");
});

test("a namespace that cannot be entered is null, not empty", async () => {
  expect(await natRules({ kind: "pid", pid: 2 ** 22 + 1 })).toBeNull();
  expect(await natRulesOfSix({ kind: "pid", pid: 2 ** 22 + 1 })).toBeNull();
});

test.each([
  ["-A DOCKER -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.1:8080", 80, true],
  ["-A DOCKER -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.1:8080", 8080, false],
  ["-A DOCKER -p tcp -m tcp --dport 8000:8100 -j DNAT --to-destination 10.0.0.1:80", 8050, true],
  ["-A DOCKER -p tcp -m multiport --dports 80,443 -j REDIRECT --to-ports 1", 443, true],
  ["-A DOCKER -p tcp -m tcp ! --dport 80 -j REDIRECT --to-ports 1", 80, false],
  ["-A POSTROUTING -s 10.0.0.1/32 -p tcp -m tcp --dport 80 -j MASQUERADE", 80, false],
  ["tcp dport 80 dnat to 10.0.0.1:8080", 80, true],
  ["tcp dport 80 dnat to 10.0.0.1:8080", 8080, false],
  ["tcp dport { 80, 8000-8100 } redirect to :1", 8050, true],
  ["tcp dport != 80 redirect to :1", 80, false],
])("%s redirects port %i: %s", (rule, port, expected) => {
  const named = rulesForPort([{ backend: "nft", chain: "x", line: 1, rule }], port);
  expect(named).toHaveLength(expected ? 1 : 0);
});

test("rules outside the nat table are no NAT rules", () => {
  const saved = "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -j ACCEPT\nCOMMIT\n";
  expect(iptablesRules(saved, "iptables-legacy")).toEqual([]);
});

test("what is no rule of nft's is not taken for one", () => {
  const listed = `table ip mine { # handle 1
	map m { # handle 1
		type inet_service : ipv4_addr
		elements = { 7000 : 10.0.0.1 }
	}

	chain filter { # handle 2
		type filter hook input priority filter; policy accept;
		tcp dport 80 accept # handle 3
	}
}
`;
  expect(nftRules(listed, [])).toEqual([]);
});
