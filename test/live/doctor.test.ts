/**
 * `stress doctor` beside a real rootless engine: every condition is provoked, found, and where a command mends it,
 * mended by the command that was printed.
 */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type Dockerode from "dockerode";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { inNamespace } from "../../docker/evidence/namespace.ts";
import { engineUnder, type EngineUnder } from "../../docker/evidence/engine-under.ts";
import { rootlesskitForwards } from "../../docker/evidence/rootlesskit.ts";
import { isRoot } from "../../docker/managed/host-needs.ts";
import { SYSTEM_PATH } from "../../docker/managed/program.ts";
import { seeProcess } from "../../docker/evidence/process-table.ts";
import { toDiagnosis, diagnose, type Diagnosis } from "../../harness/core/doctor/diagnosis.ts";
import type { Asked } from "../../harness/core/doctor/facts.ts";
import { LABEL } from "../../harness/core/model.ts";
import { CleanupStack } from "../../harness/run/cleanup.ts";
import { isOwnerGone } from "../../harness/cli/owner.ts";
import type { EngineSession } from "../../harness/cli/engine-session.ts";
import { factsOf, tcp } from "../docker/doctor/provoked.ts";
import { DEBIAN_12, openManaged } from "./managed-session.ts";
import { runStress } from "./stress.ts";

interface Subject {
  readonly docker: Dockerode;
  readonly session: EngineSession;
  readonly engine: EngineUnder;
  readonly host: string;
  readonly image: string;
}

/** 16 subnets, of which the default bridge takes one. */
const NARROW = { "default-address-pools": [{ base: "10.210.0.0/24", size: 28 }] };

const cleanup = new CleanupStack();
let opened: Subject | null = null;

const subject = (): Subject => {
  if (opened === null) throw new Error("the engine did not come up");
  return opened;
};

beforeAll(async () => {
  const signal = AbortSignal.timeout(600_000);
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const { session, set } = await openManaged(
    { say, signal, engine: DEBIAN_12, daemonJson: NARROW },
    cleanup,
  );
  const image = set.images["redis"]?.reference;
  const { target } = session.address;
  if (image === undefined || target.kind !== "socket") throw new Error("no redis, or no socket");
  const { docker } = session;
  // A killed run's containers stay with the data of an engine.
  for (const { Id } of await docker.listContainers({ all: true })) {
    await docker.getContainer(Id).remove({ force: true, v: true });
  }
  const engine = await engineUnder(target.path);
  opened = { docker, session, engine, host: `unix://${target.path}`, image };
});

afterAll(() => cleanup[Symbol.asyncDispose]());

/** What the doctor says, with no process of its own. */
const look = async (asked: Asked | null, n = 4): Promise<Diagnosis> => {
  const { address } = subject().session;
  return diagnose(await factsOf({ asked, n, address, missing: null, isOwnerGone }), "test");
};

const checkOf = (diagnosis: Diagnosis, id: string) => {
  const check = diagnosis.checks.find((each) => each.id === id);
  if (check === undefined) throw new Error(`no check ${id}`);
  return check;
};

/** Checks that found something, by id. */
const findings = ({ checks }: Diagnosis): readonly string[] =>
  checks.filter(({ status }) => status === "problem" || status === "warning").map(({ id }) => id);

interface Wish {
  readonly name: string;
  readonly hostPort?: number;
  readonly hostNetwork?: boolean;
  readonly command?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
}

/** A container that goes with the test. */
const container = async (wish: Wish): Promise<Dockerode.Container> => {
  const { docker, image } = subject();
  const { name, hostPort, hostNetwork, command, labels } = wish;
  const made = await docker.createContainer({
    name,
    Image: image,
    ...(command === undefined ? {} : { Cmd: [...command] }),
    ...(labels === undefined ? {} : { Labels: { ...labels } }),
    ExposedPorts: { "6379/tcp": {} },
    HostConfig: {
      ...(hostNetwork === true ? { NetworkMode: "host" } : {}),
      ...(hostPort === undefined
        ? {}
        : { PortBindings: { "6379/tcp": [{ HostPort: String(hostPort) }] } }),
    },
  });
  onTestFinished(() => made.remove({ force: true, v: true }));
  return made;
};

/** Starts it, and resolves when its redis has said that it is ready; from then on its ports answer. */
const start = async (made: Dockerode.Container): Promise<Dockerode.Container> => {
  await made.start();
  const said = await made.logs({ follow: true, stdout: true, stderr: true });
  for await (const chunk of said) {
    if (String(chunk).includes("Ready to accept connections")) return made;
  }
  throw new Error("the container ended before it was ready");
};

const started = async (wish: Wish): Promise<Dockerode.Container> => start(await container(wish));

/** Runs a program where the engine has its rules. */
const inside = (command: string): Promise<string> => {
  const [program = "", ...args] = command.split(" ");
  const { namespace } = subject().engine;
  if (namespace === null) throw new Error("the engine's namespace is hidden");
  return inNamespace(namespace, program, args, AbortSignal.timeout(10_000));
};

/** Runs a line that the doctor printed, as a user would. */
const perform = (command: string, uid?: number): string =>
  execFileSync("bash", ["-ec", command], {
    ...(uid === undefined ? {} : { uid, gid: uid }),
    env: { ...process.env, PATH: `${SYSTEM_PATH}:${process.env["PATH"] ?? ""}` },
    encoding: "utf8",
  });

const forwards = async () => {
  const { apiSocket } = subject().engine;
  return apiSocket === null ? null : await rootlesskitForwards(apiSocket);
};

/** True when a service behind the port answers. */
const answers = async (port: number): Promise<boolean> => {
  const client = connect(port, "127.0.0.1");
  try {
    await once(client, "connect");
    client.write("PING\r\n");
    const [answer] = (await once(client, "data", { signal: AbortSignal.timeout(5000) })) as [
      Buffer,
    ];
    return answer.toString() === "+PONG\r\n";
  } catch {
    return false;
  } finally {
    client.resetAndDestroy();
  }
};

test("a free port has nothing against it, and what is unread is nothing", async () => {
  const diagnosis = await look(tcp(8080));
  expect(findings(diagnosis)).toEqual([]);
  expect(diagnosis.verdict).toBe("healthy");
  expect(diagnosis.conclusion).toBe("Nothing found that keeps port 8080 from being published");
});

test("a running container's port is put to it, through RootlessKit and docker-proxy", async () => {
  await started({ name: "web", hostPort: 8080 });
  const diagnosis = await look(tcp(8080));
  expect(findings(diagnosis)).toEqual(["container-running"]);
  expect(diagnosis.conclusion).toBe("Port 8080 is held by container web");
  const { evidence } = checkOf(diagnosis, "port-owner");
  const { engine } = subject();
  const lines = [
    /^RootlessKit's forward \d+: tcp4 0\.0\.0\.0:8080 → 127\.0\.0\.1:8080 → container web$/,
    new RegExp(
      `^listen 0\\.0\\.0\\.0:8080 by rootlesskit \\(pid ${String(engine.rootlesskitPid)}, `,
    ),
    /^listen 127\.0\.0\.1:8080 by docker-proxy .* → 172\.\d+\.\d+\.\d+:6379 → container web$|^listen 127\.0\.0\.1:8080 by docker-proxy .* → 10\.210\.0\.\d+:6379 → container web$/,
  ];
  for (const line of lines) expect(evidence).toContainEqual(expect.stringMatching(line));
});

test("a stopped container holds no port, is named, and then fails to start", async () => {
  const stopped = await container({ name: "idle", hostPort: 8080 });
  const before = await look(tcp(8080));
  expect(findings(before)).toEqual(["container-stopped"]);
  expect(before.conclusion).toBe("Nothing found that keeps port 8080 from being published");
  // And so it is.
  await started({ name: "web", hostPort: 8080 });
  expect(await answers(8080)).toBe(true);
  expect(findings(await look(tcp(8080)))).toEqual([
    "container-running",
    "container-stopped",
    "asked-twice",
  ]);
  await expect(stopped.start()).rejects.toThrow(/port is already allocated|address already in use/);
});

test("a container on one address is in the way of all addresses", async () => {
  const { docker, image } = subject();
  const made = await docker.createContainer({
    name: "local",
    Image: image,
    ExposedPorts: { "6379/tcp": {} },
    HostConfig: { PortBindings: { "6379/tcp": [{ HostIp: "127.0.0.1", HostPort: "8080" }] } },
  });
  onTestFinished(() => made.remove({ force: true, v: true }));
  await made.start();
  expect(findings(await look(tcp(8080, "127.0.0.1")))).toEqual(["container-running"]);
  const wide = await look(tcp(8080));
  expect(findings(wide)).toContain("container-running");
  expect(checkOf(wide, "address-families").evidence[0]).toBe(
    "container local is published on 127.0.0.1:8080",
  );
});

test("a host-network container listens in the engine's namespace, where ss on the host does not show it", async () => {
  const host = await started({
    name: "host-redis",
    hostNetwork: true,
    command: ["redis-server", "--port", "8080", "--save", "", "--protected-mode", "no"],
  });
  const found = await look(tcp(8080));
  expect(findings(found)).toEqual(["host-network"]);
  const check = checkOf(found, "host-network");
  expect(check.evidence.join("\n")).toMatch(
    /container host-redis: listen 0\.0\.0\.0:8080 by redis-server \(pid \d+, user /,
  );
  expect(check.meaning).toContain("in the engine's own namespace");
  // The engine's own half of the port cannot be bound, and 20.10 does not even say why.
  const web = await container({ name: "web", hostPort: 8080 });
  await expect(web.start()).rejects.toThrow(
    /Timed out proxy starting the userland proxy|address already in use/,
  );
  await host.stop({ t: 0 });
  expect(findings(await look(tcp(8080)))).toEqual(["container-stopped"]);
});

test("an orphan rule is found with its number and keeps nobody from the port; --fix prints, and what it prints mends", async () => {
  const { host } = subject();
  await inside(
    "iptables -t nat -A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.99:80",
  );
  const state = async () => JSON.stringify([await inside("iptables -t nat -S"), await forwards()]);
  const before = await state();
  const found = await runStress(["doctor", "8080", "--host", host]);
  expect(found.code, found.stderr).toBe(1);
  expect(found.stdout).toMatch(
    /^PROBLEM {2}Orphan DNAT rule: [^\n]*\n {9}iptables-(?:nft|legacy), chain DOCKER, rule 2: -A DOCKER ! -i docker0 [^\n]*172\.17\.0\.99:80 \(no container at 172\.17\.0\.99 publishes port 8080\)\n/,
  );
  expect(found.stdout).toContain("Nothing found that keeps port 8080 from being published, but: ");

  const fix = await runStress(["doctor", "8080", "--host", host, "--fix"]);
  expect(fix.code).toBe(1);
  expect(await state()).toBe(before);

  await started({ name: "web", hostPort: 8080 });
  expect(await answers(8080)).toBe(true);
  perform(fix.stdout);
  expect(await inside("iptables -t nat -S DOCKER")).not.toContain("172.17.0.99");
  expect(findings(await look(tcp(8080)))).toEqual(["container-running"]);
  expect(await answers(8080)).toBe(true);
});

test("a leaked forward blocks the port, and the printed command removes it", async () => {
  const { apiSocket } = subject().engine;
  const body = {
    proto: "tcp4",
    parentIP: "0.0.0.0",
    parentPort: 8080,
    childIP: "127.0.0.1",
    childPort: 8080,
  };
  perform(
    `curl --silent --fail --unix-socket '${apiSocket ?? ""}' --header 'Content-Type: application/json' --data '${JSON.stringify(body)}' http://localhost/v1/ports`,
  );
  const found = await look(tcp(8080));
  expect(findings(found)).toEqual(["port-owner", "leaked-forward"]);
  const web = await container({ name: "web", hostPort: 8080 });
  await expect(web.start()).rejects.toThrow(/conflict with ID|address already in use/);

  for (const command of checkOf(found, "leaked-forward").commands) perform(command);
  expect(await forwards()).toEqual([]);
  await start(web);
  expect(await answers(8080)).toBe(true);
});

test("a published port whose forward is gone is named, and a restart of the container brings it back", async () => {
  await started({ name: "web", hostPort: 8080 });
  const { apiSocket } = subject().engine;
  for (const { id } of (await forwards()) ?? []) {
    perform(
      `curl --silent --fail --unix-socket '${apiSocket ?? ""}' --request DELETE http://localhost/v1/ports/${String(id)}`,
    );
  }
  expect(await answers(8080)).toBe(false);
  const found = await look(tcp(8080));
  expect(findings(found)).toEqual(["container-running", "port-owner"]);
  const { commands } = checkOf(found, "port-owner");
  expect(commands).toEqual(["docker restart web"]);
  const { docker } = subject();
  await docker.getContainer("web").restart({ t: 0 });
  expect(findings(await look(tcp(8080)))).toEqual(["container-running"]);
});

test("a flushed nat table is named while containers run, and no port can be published until the engine restarts", async () => {
  const directory = mkdtempSync(join(tmpdir(), "doctor-"));
  const saved = join(directory, "rules");
  writeFileSync(saved, await inside("iptables-save -t nat"));
  // So that the next test has an engine to look at.
  onTestFinished(async () => {
    await inside(`iptables-restore ${saved}`);
    rmSync(directory, { recursive: true });
  });
  await inside("iptables -t nat -F");
  await inside("iptables -t nat -X");
  const diagnosis = await look(tcp(8080));
  expect(findings(diagnosis)).toEqual(["chains-wiped"]);
  expect(diagnosis.conclusion).toMatch(
    /^Port 8080 cannot be published: The engine's chains are gone/,
  );
  expect(checkOf(diagnosis, "chains-wiped").commands).toEqual([
    expect.stringMatching(/^stress engine down managed-\d && stress engine up$/),
  ]);
  const web = await container({ name: "web", hostPort: 8080 });
  await expect(web.start()).rejects.toThrow(/No chain\/target\/match by that name/);
});

test("a narrow pool holds exactly as many jobs as it says", async () => {
  const fits = checkOf(await look(null, 15), "address-pools");
  expect(fits.status).toBe("ok");
  expect(fits.evidence).toContain("15 subnets free");
  const short = checkOf(await look(null, 16), "address-pools");
  expect(short.status).toBe("problem");

  const { docker } = subject();
  const networks = await Promise.all(
    Array.from({ length: 15 }, (_, index) =>
      docker.createNetwork({ Name: `full-${String(index)}` }),
    ),
  );
  onTestFinished(async () => {
    for (const network of networks) await network.remove();
  });
  expect(checkOf(await look(null, 1), "address-pools").evidence).toContain("0 subnets free");
  await expect(docker.createNetwork({ Name: "full-15" })).rejects.toThrow(/address pool/);
});

test("a range of ports that is the host's too is named, and the printed command parts them", async () => {
  const file = "/proc/sys/net/ipv4/ip_local_port_range";
  const own = (await inside(`cat ${file}`)).trim().replace(/\s+/, " ");
  onTestFinished(async () => {
    await inside(`sysctl -q -w net.ipv4.ip_local_port_range=${own.replace(" ", "\t")}`);
  });
  expect(checkOf(await look(null), "port-range").status).toBe("ok");
  await inside("sysctl -q -w net.ipv4.ip_local_port_range=32768\t60999");
  const found = checkOf(await look(null), "port-range");
  // 20.10 tries another port: a warning. One that does not would have a problem.
  expect(found.status).toBe("warning");
  for (const command of found.commands) perform(command);
  expect(checkOf(await look(null), "port-range").status).toBe("ok");
});

test("what a dead run left is counted, and stress clean is named with the engine's address", async () => {
  const { docker, host } = subject();
  const labels = { [LABEL.run]: "r-dead", [LABEL.owner]: "2:1:no-such-boot:1" };
  const network = await docker.createNetwork({ Name: "left", Labels: labels });
  onTestFinished(() => network.remove());
  await container({ name: "left", labels });
  const found = checkOf(await look(null), "leftovers");
  expect(found).toMatchObject({
    status: "warning",
    evidence: ["run r-dead: 1 container, 1 network (its process may still run)"],
    commands: [`stress clean r-dead --host ${host}`],
  });
});

test("more containers than the user's keyrings are told ahead, from what is in use", async () => {
  await started({ name: "web" });
  const found = checkOf(await look(null, 100), "keyrings");
  expect(found.status).toBe("warning");
  expect(found.evidence[0]).toMatch(/^[1-9]\d* of \d+ keys of the engine's user are in use$/);
  expect(checkOf(await look(null, 4), "keyrings").status).toBe("ok");
});

test("--json is the diagnosis as its schema has it, whatever the exit code", async () => {
  const { host } = subject();
  const { code, stdout, stderr } = await runStress([
    "doctor",
    "--host",
    host,
    "--n",
    "16",
    "--json",
  ]);
  const diagnosis = toDiagnosis(JSON.parse(stdout));
  expect(code, stderr).toBe(diagnosis.verdict === "problem" ? 1 : 0);
  expect(diagnosis.verdict).toBe("problem");
  expect(checkOf(diagnosis, "address-pools").status).toBe("problem");
  expect(checkOf(diagnosis, "subordinate-ids").status).toBe("ok");
  expect(checkOf(diagnosis, "cgroups").evidence[0]).toMatch(/^cgroup version [12]$/);
});

/** The command as another user: where nothing but this differs, what is read must not. */
const asUser = (uid: number, ...argv: readonly string[]): { code: number; stdout: string } => {
  const home = mkdtempSync(join(tmpdir(), "doctor-"));
  onTestFinished(() => {
    rmSync(home, { recursive: true, force: true });
  });
  const main = join(import.meta.dirname, "../../dist/harness/cli/start.js");
  try {
    const stdout = execFileSync(process.execPath, [main, ...argv], {
      uid,
      gid: uid,
      env: { PATH: process.env["PATH"], HOME: home },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return { code: 0, stdout };
  } catch (error) {
    const { status, stdout } = error as { status: number; stdout: string };
    return { code: status, stdout };
  }
};

/** Who runs the engine. */
const engineUser = (): number => {
  const { rootlesskitPid } = subject().engine;
  const uid = rootlesskitPid === null ? undefined : seeProcess(rootlesskitPid)?.uid;
  if (uid === undefined) throw new Error("the engine's user is not seen");
  return uid;
};

test.runIf(isRoot())(
  "the engine's own user finds an orphan rule, and deletes it with the printed command",
  async () => {
    const { host } = subject();
    const uid = engineUser();
    await inside(
      "iptables -t nat -A DOCKER -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.99:80",
    );
    const { stdout } = asUser(uid, "doctor", "8080", "--host", host, "--json");
    const { commands } = checkOf(toDiagnosis(JSON.parse(stdout)), "orphan-rule");
    expect(commands).toHaveLength(1);
    for (const command of commands) perform(command, uid);
    expect(findings(await look(tcp(8080)))).toEqual([]);
  },
);

test.runIf(isRoot())(
  "the engine's own user reads all but iptables-legacy, and a stranger is told who could read more",
  async () => {
    const { host } = subject();
    await started({ name: "web", hostPort: 8080 });
    const uid = engineUser();
    const own = asUser(uid, "doctor", "8080", "--host", host, "--json");
    expect(own.code).toBe(1);
    const seen = toDiagnosis(JSON.parse(own.stdout));
    // Only root is told of tables of iptables-legacy, where the kernel may have some.
    const unknown = seen.checks.filter(({ status }) => status === "unknown");
    expect(unknown.filter(({ id }) => id !== "firewall-backends")).toEqual([]);
    expect(findings(seen)).toEqual(["container-running"]);

    const stranger = asUser(65_534, "doctor", "8080", "--host", host);
    expect(stranger.code).toBe(3);
    expect(stranger.stdout).toMatch(
      /^UNKNOWN {2}[^\n]+: user nobody could not read it; run this as /m,
    );
  },
);
