/**
 * Rules of an engine, provoked in a namespace of the test's own: left over, split, wiped, and the bridge beside them.
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { firewallSeen } from "../../../docker/doctor/firewall-seen.ts";
import { entrance, inNamespace } from "../../../docker/evidence/namespace.ts";
import { isRoot } from "../../../docker/managed/host-needs.ts";
import { runProgram, SYSTEM_PATH } from "../../../docker/managed/program.ts";
import type { ContainerSeen, DoctorFacts } from "../../../harness/core/doctor/facts.ts";
import { QUIET_FACTS } from "../../harness/core/doctor/quiet-facts.ts";
import { inFreshNamespace, needNetworkPrograms } from "../evidence/private-namespace.ts";
import { checkIn, tcp } from "./provoked.ts";

const directory = mkdtempSync(join(tmpdir(), "doctor-"));

needNetworkPrograms();

beforeAll(() => {
  // Ordinary users may not write where the lock is by default.
  vi.stubEnv("XTABLES_LOCKFILE", join(directory, "lock"));
});

afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true });
});

const WEB: ContainerSeen = {
  name: "web",
  state: "running",
  pid: null,
  hostNetwork: false,
  addresses: ["172.17.0.2"],
  ports: [{ protocol: "tcp", hostIp: "0.0.0.0", hostPort: 8080, containerPort: 80 }],
};

interface Place {
  /** Runs one command, word by word. */
  readonly add: (words: readonly string[]) => Promise<void>;
  readonly perform: (...commands: readonly string[]) => Promise<void>;
  /** Runs what the doctor printed, as a user would. */
  readonly mend: (commands: readonly string[]) => Promise<void>;
  readonly look: (change?: Partial<DoctorFacts>) => Promise<DoctorFacts>;
}

/** A namespace, and the facts of an engine (20.10, with one container) whose rules are there. */
const place = async (): Promise<Place> => {
  const { pid } = await inFreshNamespace(["net"]);
  const namespace = { kind: "pid", pid } as const;
  const add = async ([program = "", ...args]: readonly string[]): Promise<void> => {
    await inNamespace(namespace, program, args, AbortSignal.timeout(5000));
  };
  const { daemon, processes, ...rest } = QUIET_FACTS;
  if (daemon === null || processes === null) throw new Error("the quiet facts have no engine");
  return {
    add,
    perform: async (...commands) => {
      for (const command of commands) await add(command.split(" "));
    },
    mend: async (commands) => {
      for (const command of commands) {
        await runProgram("bash", ["-ec", command], {
          signal: AbortSignal.timeout(5000),
          env: { ...process.env, PATH: SYSTEM_PATH },
        });
      }
    },
    look: async (change = {}) => ({
      ...rest,
      daemon: { ...daemon, version: "20.10.24", containers: [WEB] },
      processes: { ...processes, enter: ["nsenter", ...entrance(namespace, isRoot())] },
      firewall: await firewallSeen(namespace, { daemonPid: null, path: null }),
      ...change,
    }),
  };
};

const redirect = (port: number, target: string): string =>
  `-t nat -A DOCKER ! -i docker0 -p tcp -m tcp --dport ${String(port)} -j DNAT --to-destination ${target}`;

const engineChains = (program: string): readonly string[] => [
  `${program} -t nat -N DOCKER`,
  `${program} -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER`,
  `${program} -t nat -A DOCKER -i docker0 -j RETURN`,
  `${program} -t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE`,
  `${program} ${redirect(8080, "172.17.0.2:80")}`,
];

test("rules that lead to containers are in order", async () => {
  const { perform, look } = await place();
  await perform(...engineChains("iptables"));
  const facts = await look({ asked: tcp(8080) });
  for (const id of ["orphan-rule", "rule-count", "firewall-backends", "chains-wiped"]) {
    expect(checkIn(facts, id)).toMatchObject({ id, status: "ok" });
  }
});

test.each([
  ["a rule to an address that no container has", "172.17.0.9:80", 8080],
  ["a rule to a container that does not publish the port", "172.17.0.2:80", 9090],
])(
  "%s is an orphan, with its number, and the printed command deletes it alone",
  async (_, target, port) => {
    const { perform, mend, look } = await place();
    await perform(...engineChains("iptables"), `iptables ${redirect(port, target)}`);
    const facts = await look({ asked: tcp(port) });
    const check = checkIn(facts, "orphan-rule");
    expect(check.status).toBe("problem");
    expect(check.evidence[0]).toMatch(/^iptables-(?:nft|legacy), chain DOCKER, rule 3: -A DOCKER /);
    expect(checkIn(facts, "rule-count").status).toBe("warning");
    // Printed and nothing more: looking again finds it again.
    expect(checkIn(await look({ asked: tcp(port) }), "orphan-rule").status).toBe("problem");

    await mend(check.commands);
    const after = await look({ asked: tcp(port) });
    expect(checkIn(after, "orphan-rule").status).toBe("ok");
    expect(checkIn(after, "chains-wiped").evidence[0]).toMatch(/^2 rules in chain DOCKER/);
  },
);

test("what a rule says in quotes is nothing to the shell that runs the printed command", async () => {
  const { add, perform, mend, look } = await place();
  const trap = join(directory, "trap");
  await perform(...engineChains("iptables"));
  await add([
    ...["iptables", "-t", "nat", "-A", "DOCKER", "-p", "tcp", "--dport", "9090"],
    ...["-m", "comment", "--comment", `$(touch ${trap}) "it's" \\ two  spaces`],
    ...["-j", "DNAT", "--to-destination", "172.17.0.9:80"],
  ]);
  const check = checkIn(await look({ asked: tcp(9090) }), "orphan-rule");
  expect(check.status).toBe("problem");
  await mend(check.commands);
  expect(checkIn(await look({ asked: tcp(9090) }), "orphan-rule").status).toBe("ok");
  expect(existsSync(trap)).toBe(false);
});

test("an orphan that nft wrote is deleted by its handle", async () => {
  const { perform, mend, look } = await place();
  await perform(
    "nft add table ip docker-bridges",
    "nft add chain ip docker-bridges nat-prerouting-and-output",
    "nft add rule ip docker-bridges nat-prerouting-and-output tcp dport 8080 counter dnat to 172.18.0.9:80",
  );
  const check = checkIn(await look({ asked: tcp(8080) }), "orphan-rule");
  expect(check.status).toBe("problem");
  await mend(check.commands);
  expect(checkIn(await look({ asked: tcp(8080) }), "orphan-rule").status).toBe("ok");
});

test("somebody else's redirect of the port is a warning, and no orphan of the engine's", async () => {
  const { perform, look } = await place();
  await perform(
    ...engineChains("iptables"),
    "iptables -t nat -A PREROUTING -p tcp --dport 8080 -j DNAT --to-destination 10.0.0.1:80",
  );
  expect(checkIn(await look({ asked: tcp(8080) }), "orphan-rule").status).toBe("warning");
  expect(checkIn(await look(), "orphan-rule").status).toBe("ok");
});

test("chains in iptables-legacy and in iptables-nft at once are a split, which the printed commands end", async () => {
  const { perform, mend, look } = await place();
  await perform(...engineChains("iptables-legacy"), ...engineChains("iptables-nft"));
  const check = checkIn(await look(), "firewall-backends");
  expect(check.status).toBe("problem");
  expect(check.evidence).toEqual(
    expect.arrayContaining([
      "iptables-legacy: 4 NAT rules, 3 of an engine",
      "iptables-nft: 4 NAT rules, 3 of an engine",
    ]),
  );
  // What is for the machine and the engine as a whole is left out here.
  await mend(check.commands.filter((command) => command.startsWith("nsenter ")));
  expect(checkIn(await look(), "firewall-backends").status).toBe("ok");
  expect(checkIn(await look(), "chains-wiped").status).toBe("ok");
});

test("chains in the packet filter that the engine's iptables does not write to are a split too", async () => {
  const { perform, look } = await place();
  const { firewall } = await look();
  const other = firewall.uses === "iptables-nft" ? "iptables-legacy" : "iptables-nft";
  await perform(...engineChains(other));
  const check = checkIn(await look(), "firewall-backends");
  expect(check).toMatchObject({
    status: "problem",
    meaning: expect.stringContaining(`its chains are in ${other}`) as unknown,
  });
});

test("where one packet filter may not be read, it is not said that all rules are in one", async () => {
  const { perform, look } = await place();
  await perform(...engineChains("iptables-nft"));
  const { firewall } = await look();
  const blind = {
    ...firewall,
    uses: "iptables-nft" as const,
    backends: firewall.backends.map(({ backend, rules }) => ({
      backend,
      rules: backend === "iptables-legacy" ? null : rules,
    })),
  };
  expect(checkIn(await look({ firewall: blind }), "firewall-backends").status).toBe("unknown");
  expect(checkIn(await look({ firewall: blind }), "chains-wiped").status).toBe("ok");
});

test("tables that exist and are empty are no split", async () => {
  const { perform, look } = await place();
  await perform("iptables-legacy -t nat -S", ...engineChains("iptables-nft"));
  expect(checkIn(await look(), "firewall-backends").status).toBe("ok");
});

test("a flushed nat table is named, unless the engine runs with iptables: false", async () => {
  const { perform, look } = await place();
  await perform(...engineChains("iptables"), "iptables -t nat -F", "iptables -t nat -X");
  const wiped = await look({ asked: tcp(8080) });
  expect(checkIn(wiped, "chains-wiped")).toMatchObject({ status: "problem", blocks: true });
  const { processes } = wiped;
  if (processes === null) throw new Error("the facts have no processes");
  const config = { iptables: false, userlandProxy: null };
  const meant = await look({ asked: tcp(8080), processes: { ...processes, config } });
  expect(checkIn(meant, "chains-wiped").status).toBe("not-applicable");
});

test("one rule too few is said with the container that misses it", async () => {
  const { perform, look } = await place();
  await perform(...engineChains("iptables"), "iptables -t nat -D DOCKER 2");
  expect(checkIn(await look(), "chains-wiped")).toMatchObject({
    status: "warning",
    evidence: ["container web publishes 8080, and no rule does"],
  });
});

test("without the userland proxy a bridge that sends nothing back is named, and the printed commands let it", async () => {
  const { perform, mend, look } = await place();
  await perform(
    "ip link add br0 type bridge",
    "ip link add veth0 type veth peer name veth1",
    "ip link set veth0 master br0",
  );
  const { processes } = await look();
  if (processes === null) throw new Error("the facts have no processes");
  const off = { ...processes, config: { iptables: null, userlandProxy: false } };
  const asked = tcp(8080);
  const check = checkIn(await look({ asked, processes: off }), "hairpin");
  expect(check.status).toBe("problem");
  expect(check.evidence).toEqual([
    "userland-proxy: false",
    "br0: hairpin is off on veth0",
    "net.ipv4.conf.br0.route_localnet = 0",
  ]);
  await mend(check.commands);
  expect(checkIn(await look({ asked, processes: off }), "hairpin").status).toBe("ok");
  expect(checkIn(await look({ asked }), "hairpin").status).toBe("ok");
});

test("routes and nameservers that no network may meet are read as prefixes", async () => {
  const { perform, look } = await place();
  await perform(
    "ip link add br1 type bridge",
    "ip address add 172.20.3.1/22 dev br1",
    "ip link set br1 up",
  );
  const { firewall } = await look();
  expect(firewall.reserved).toContain("172.20.0.0/22");
});
