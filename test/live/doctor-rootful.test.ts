/**
 * `stress doctor` beside a real rootful engine, which lives in a network namespace of the test's own: that namespace is
 * "the host" here, where ports are bound and rules are written.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type Dockerode from "dockerode";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { inNamespace } from "../../docker/evidence/namespace.ts";
import { isRoot } from "../../docker/managed/host-needs.ts";
import { diagnose, type CheckResult, type Diagnosis } from "../../harness/core/doctor/diagnosis.ts";
import type { Asked } from "../../harness/core/doctor/facts.ts";
import { CleanupStack } from "../../harness/run/cleanup.ts";
import { factsOf, tcp } from "../docker/doctor/provoked.ts";
import { startProgram } from "../docker/evidence/private-namespace.ts";
import { startRootful, type RootfulEngine } from "./rootful-engine.ts";

const cleanup = new CleanupStack();
const opened: { withProxy?: RootfulEngine; without?: RootfulEngine } = {};

const withProxy = (): RootfulEngine => {
  if (opened.withProxy === undefined) throw new Error("the engine did not come up");
  return opened.withProxy;
};

const withoutProxy = (): RootfulEngine => {
  if (opened.without === undefined) throw new Error("the engine did not come up");
  return opened.without;
};

beforeAll(async () => {
  if (!isRoot()) return;
  const options = {
    signal: AbortSignal.timeout(300_000),
    say: (line: string): void => void process.stderr.write(`${line}\n`),
  };
  opened.withProxy = await startRootful({}, options, cleanup);
  opened.without = await startRootful({ "userland-proxy": false }, options, cleanup);
});

afterAll(() => cleanup[Symbol.asyncDispose]());

const look = async ({ address }: RootfulEngine, asked: Asked | null): Promise<Diagnosis> =>
  diagnose(await factsOf({ asked, address, missing: null }), "test");

const checkOf = (diagnosis: Diagnosis, id: string): CheckResult => {
  const check = diagnosis.checks.find((each) => each.id === id);
  if (check === undefined) throw new Error(`no check ${id}`);
  return check;
};

const findings = ({ checks }: Diagnosis): readonly string[] =>
  checks.filter(({ status }) => status === "problem" || status === "warning").map(({ id }) => id);

/** Runs a program beside the engine. */
const inside = ({ pid }: RootfulEngine, command: string): Promise<string> => {
  const [program = "", ...args] = command.split(" ");
  return inNamespace({ kind: "pid", pid }, program, args, AbortSignal.timeout(10_000));
};

/** Runs what the doctor printed, as a user would beside the engine. */
const perform = ({ pid }: RootfulEngine, command: string): Promise<string> =>
  inNamespace({ kind: "pid", pid }, "bash", ["-ec", command], AbortSignal.timeout(10_000));

/** A container whose redis is ready, which goes with the test. */
const started = async (
  { docker, image }: RootfulEngine,
  {
    name,
    hostConfig,
    command,
  }: {
    readonly name: string;
    readonly hostConfig: Dockerode.HostConfig;
    readonly command?: readonly string[];
  },
): Promise<Dockerode.Container> => {
  const made = await docker.createContainer({
    name,
    Image: image,
    ...(command === undefined ? {} : { Cmd: [...command] }),
    ExposedPorts: { "6379/tcp": {} },
    HostConfig: hostConfig,
  });
  onTestFinished(() => made.remove({ force: true, v: true }));
  await made.start();
  const said = await made.logs({ follow: true, stdout: true, stderr: true });
  for await (const chunk of said) {
    if (String(chunk).includes("Ready to accept connections")) return made;
  }
  throw new Error(`${name} ended before it was ready`);
};

const on = (port: number): Dockerode.HostConfig => ({
  PortBindings: { "6379/tcp": [{ HostPort: String(port) }] },
});

/** Connects beside the engine, and says what came of it. */
const CONNECT = `
  const [host, port] = process.argv.slice(1);
  const socket = require("node:net").connect(Number(port), host);
  const end = (word) => { console.log(word); process.exit(); };
  socket.once("connect", () => socket.write("PING\\r\\n"));
  socket.once("data", () => end("answers"));
  socket.once("error", ({ code }) => end(code));
  setTimeout(() => end("hangs"), 1500);
`;

const asked = (engine: RootfulEngine, host: string, port: number): Promise<string> =>
  inNamespace(
    { kind: "pid", pid: engine.pid },
    process.execPath,
    ["-e", CONNECT, host, String(port)],
    AbortSignal.timeout(10_000),
  ).then((word) => word.trim());

test.runIf(isRoot())("an idle engine has nothing against a port, privileged or not", async () => {
  for (const port of [8080, 80]) {
    const diagnosis = await look(withProxy(), tcp(port));
    expect(findings(diagnosis)).toEqual([]);
    expect(diagnosis).toMatchObject({ verdict: "healthy", engine: { rootless: false } });
  }
});

test.runIf(isRoot())(
  "a process beside the engine has the port, and the host's own ports do not count",
  async () => {
    const engine = withProxy();
    const script = `require("node:net").createServer().listen(8080, "127.0.0.1", () => console.log("up"))`;
    const { pid } = await startProgram("nsenter", [
      "--target",
      String(engine.pid),
      "--net",
      "--",
      process.execPath,
      "-e",
      script,
    ]);
    const held = await look(engine, tcp(8080));
    expect(findings(held)).toEqual(["host-process"]);
    expect(checkOf(held, "host-process").evidence[0]).toContain(
      `listen 127.0.0.1:8080 by node (pid ${String(pid)}, user root)`,
    );
  },
);

test.runIf(isRoot())("a docker-proxy's port is put to the container behind it", async () => {
  const engine = withProxy();
  await started(engine, { name: "web", hostConfig: on(8080) });
  const diagnosis = await look(engine, tcp(8080));
  expect(findings(diagnosis)).toEqual(["container-running"]);
  expect(checkOf(diagnosis, "port-owner").evidence).toContainEqual(
    expect.stringMatching(
      /^listen 0\.0\.0\.0:8080 by docker-proxy \(pid \d+, user root\): .* → 172\.17\.0\.2:6379 → container web$/,
    ),
  );
  expect(checkOf(diagnosis, "leaked-forward").status).toBe("not-applicable");
});

test.runIf(isRoot())("a host-network container is named, on the host itself", async () => {
  const engine = withProxy();
  await started(engine, {
    name: "host-redis",
    hostConfig: { NetworkMode: "host" },
    command: ["redis-server", "--port", "8080", "--save", "", "--protected-mode", "no"],
  });
  const diagnosis = await look(engine, tcp(8080));
  expect(findings(diagnosis)).toEqual(["host-network"]);
  expect(checkOf(diagnosis, "host-network").meaning).toContain("on the host itself");
});

test.runIf(isRoot())(
  "an orphan rule lets the port be bound and leads astray what does not come over loopback, until it is deleted",
  async () => {
    const engine = withProxy();
    await inside(
      engine,
      "iptables -t nat -A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.99:80",
    );
    await started(engine, { name: "web", hostConfig: on(8080) });
    const diagnosis = await look(engine, tcp(8080));
    expect(findings(diagnosis)).toEqual(["container-running", "orphan-rule", "rule-count"]);
    expect(await asked(engine, "127.0.0.1", 8080)).toBe("answers");
    expect(await asked(engine, "172.17.0.1", 8080)).not.toBe("answers");

    const { commands } = checkOf(diagnosis, "orphan-rule");
    expect(commands).toHaveLength(1);
    for (const command of commands) await perform(engine, command);
    expect(findings(await look(engine, tcp(8080)))).toEqual(["container-running"]);
    expect(await asked(engine, "172.17.0.1", 8080)).toBe("answers");
  },
);

test.runIf(isRoot())(
  "rules of another packet filter beside the engine's are a split, which the printed commands end",
  async () => {
    const engine = withProxy();
    const { evidence } = checkOf(await look(engine, null), "firewall-backends");
    const own = /the engine's iptables is (\S+)/.exec(evidence.join("\n"))?.[1];
    const other = own === "iptables-nft" ? "iptables-legacy" : "iptables-nft";
    for (const rule of ["-N DOCKER", "-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER"]) {
      await inside(engine, `${other} -t nat ${rule}`);
    }
    const found = checkOf(await look(engine, null), "firewall-backends");
    expect(found.status).toBe("problem");
    const [restart = "", alternatives = "", ...removal] = found.commands.toReversed();
    expect([restart, alternatives]).toEqual([
      "systemctl restart docker",
      `update-alternatives --set iptables /usr/sbin/${own ?? ""}`,
    ]);
    for (const command of removal.toReversed()) await perform(engine, command);
    expect(findings(await look(engine, null))).not.toContain("firewall-backends");
  },
);

test.runIf(isRoot())("flushed chains are named, and no port can be published", async () => {
  const engine = withProxy();
  const directory = mkdtempSync(join(tmpdir(), "doctor-"));
  const saved = join(directory, "rules");
  writeFileSync(saved, await inside(engine, "iptables-save -t nat"));
  onTestFinished(async () => {
    await inside(engine, `iptables-restore ${saved}`);
    rmSync(directory, { recursive: true });
  });
  await inside(engine, "iptables -t nat -F");
  await inside(engine, "iptables -t nat -X");
  expect(findings(await look(engine, tcp(8080)))).toEqual(["chains-wiped"]);
  await expect(started(engine, { name: "web", hostConfig: on(8080) })).rejects.toThrow(
    /No chain\/target\/match by that name/,
  );
});

test.runIf(isRoot())(
  "without the userland proxy a port of a network without IPv6 is published on IPv4 alone",
  async () => {
    const engine = withoutProxy();
    await started(engine, { name: "web", hostConfig: on(8080) });
    expect(checkOf(await look(engine, tcp(8080)), "address-families").evidence[0]).toBe(
      "container web is published on 0.0.0.0:8080",
    );
    expect(await asked(engine, "127.0.0.1", 8080)).toBe("answers");
    expect(await asked(engine, "::1", 8080)).toBe("ECONNREFUSED");
  },
);

test.runIf(isRoot())(
  "without the userland proxy a network with IPv6 has its port held on [::1], which leads nowhere",
  async () => {
    const engine = withoutProxy();
    const network = await engine.docker.createNetwork({
      Name: "six",
      EnableIPv6: true,
      IPAM: { Config: [{ Subnet: "fd00:6::/64" }] },
    });
    onTestFinished(() => network.remove());
    await started(engine, { name: "web", hostConfig: { ...on(8080), NetworkMode: "six" } });
    const found = checkOf(await look(engine, tcp(8080)), "address-families");
    expect(found).toMatchObject({ status: "problem", blocks: false });
    expect(found.evidence).toContain("container web is published on [::]:8080");
    expect(await asked(engine, "127.0.0.1", 8080)).toBe("answers");
    expect(await asked(engine, "::1", 8080)).toBe("hangs");
  },
);

test.runIf(isRoot())(
  "without the userland proxy a bridge that does not send back is named, and the printed commands let it",
  async () => {
    const engine = withoutProxy();
    await started(engine, { name: "web", hostConfig: on(8080) });
    expect(checkOf(await look(engine, tcp(8080)), "hairpin").status).toBe("ok");
    const [link = ""] = /veth\w+/.exec(await inside(engine, "bridge link show")) ?? [];
    await inside(engine, `bridge link set dev ${link} hairpin off`);
    await inside(engine, "sysctl -q -w net.ipv4.conf.docker0.route_localnet=0");
    expect(await asked(engine, "127.0.0.1", 8080)).not.toBe("answers");
    const found = checkOf(await look(engine, tcp(8080)), "hairpin");
    expect(found.evidence).toEqual([
      "userland-proxy: false",
      `docker0: hairpin is off on ${link}`,
      "net.ipv4.conf.docker0.route_localnet = 0",
    ]);
    for (const command of found.commands) await perform(engine, command);
    expect(checkOf(await look(engine, tcp(8080)), "hairpin").status).toBe("ok");
    expect(await asked(engine, "127.0.0.1", 8080)).toBe("answers");
  },
);
