import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse as parseYaml } from "yaml";
import { expect, onTestFinished, test } from "vitest";
import { findProgram, SYSTEM_PATH } from "../../docker/managed/program.ts";
import { emission, EMITTED, type Emission } from "../../harness/core/emission.ts";
import { emittedFile } from "../../reports/emitted.ts";
import { inFreshNamespace } from "../docker/evidence/private-namespace.ts";
import { laddered } from "../harness/core/laddered.ts";

const RUN = laddered({ failed: { nothing: 4, "fewer-ports": 2 }, faults: true });

const found = (emitted: (typeof EMITTED)[number]): Emission => {
  const result = emission(RUN, emitted);
  if (result.kind === "unsupported") throw new Error(result.why);
  return result;
};

const support = found("systemd").support;

const temporary = (): string => {
  const directory = mkdtempSync(join(tmpdir(), "stress-emitted-"));
  onTestFinished(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  return directory;
};

test.each(EMITTED)(
  "the %s reads as in its golden, with the run that it rests on",
  async (emitted) => {
    const { name, text, about } = emittedFile(found(emitted));
    await expect(`${about.join("\n")}\n\n${text}`).toMatchFileSnapshot(
      `goldens/emitted-${name}.golden`,
    );
  },
);

test("a daemon.json holds nothing that the daemon does not know", () => {
  const { text, commented } = emittedFile(found("daemon.json"));
  expect(commented).toBe(false);
  expect(JSON.parse(text)).toEqual({
    "default-address-pools": [{ base: "10.200.0.0/14", size: 24 }],
  });
});

const workflow = (publishing: Extract<Emission, { kind: "workflow" }>["publishing"]): unknown => {
  const services = [
    { name: "redis", protocol: "redis", port: 6379, otherPorts: [], image: "redis:7" },
    {
      name: "mysql",
      protocol: "mysql",
      port: 3306,
      otherPorts: [33_060],
      image: "rootless-stress/mysql:debian-1",
    },
  ] as const;
  return parseYaml(emittedFile({ kind: "workflow", support, publishing, services }).text);
};

test("a workflow without ports has its job in a container, and services by name", () => {
  expect(workflow("nothing")).toMatchObject({
    jobs: {
      test: {
        container: { image: "node:20" },
        services: { redis: { image: "redis:7" }, mysql: { image: "mysql:8.0" } },
        steps: [{ env: { REDIS_HOST: "redis", REDIS_PORT: "6379", MYSQL_HOST: "mysql" } }],
      },
    },
  });
  expect(JSON.stringify(workflow("nothing"))).not.toContain('"ports"');
});

test.each([
  ["loopback", "127.0.0.1::6379"],
  ["used-ports", "6379"],
] as const)("a workflow that publishes by %s asks for %s", (publishing, port) => {
  expect(workflow(publishing)).toMatchObject({
    jobs: { test: { services: { redis: { ports: [port] }, mysql: { image: "mysql:8.0" } } } },
  });
});

test("the sysctl file sets what sysctl knows, apart from where a rootless daemon begins", () => {
  const { text } = emittedFile(found("sysctl"));
  const [setting = ""] = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const [name = "", value = ""] = setting.split(" = ");
  expect(() => readFileSync(`/proc/sys/${name.replaceAll(".", "/")}`)).not.toThrow();
  const [first = 0, last = 0] = value.split(" ").map(Number);
  expect(first < last && last < 32_768).toBe(true);
});

test("RootlessKit's settings become the variables of dockerd-rootless.sh", () => {
  const environment = {
    DOCKERD_ROOTLESS_ROOTLESSKIT_NET: "pasta",
    DOCKERD_ROOTLESS_ROOTLESSKIT_PORT_DRIVER: "implicit",
  };
  const none = { portRange: null, sysctls: {} };
  const { text } = emittedFile({ kind: "systemd", support, environment, ...none });
  expect(text.replaceAll(/^#.*\n/gm, "")).toBe(
    '[Service]\nEnvironment="DOCKERD_ROOTLESS_ROOTLESSKIT_NET=pasta"\n' +
      'Environment="DOCKERD_ROOTLESS_ROOTLESSKIT_PORT_DRIVER=implicit"\n',
  );
});

/** The words of a command line in a unit, as systemd reads them. @see systemd.service(5), "Command lines" */
const wordsOf = (text: string, key: string, place: string): readonly string[] => {
  const joined = text.replaceAll("\\\n", " ");
  const line = joined.split("\n").findLast((each) => each.startsWith(`${key}=`)) ?? "";
  const words = line.slice(key.length + 1).match(/'(?:\\.|[^'\\])*'|\S+/g) ?? [];
  return words.map((word) =>
    (word.startsWith("'") ? word.slice(1, -1).replaceAll(/\\(.)/g, "$1") : word)
      .replaceAll("%t", place)
      .replaceAll("%%", "%")
      .replaceAll("$$", "$"),
  );
};

const RANGE_FILE = "/proc/sys/net/ipv4/ip_local_port_range";

/** A real daemon that says which range it reads, and where its arguments are. */
const DAEMON = `#!/bin/sh\necho "$(tr '\\t' ' ' < ${RANGE_FILE}); $*"\n`;

/** The unit's own directory of the user, written by its ExecStartPre, with a daemon behind it in PATH. */
const furnished = () => {
  const runtime = temporary();
  const { text } = emittedFile(found("systemd"));
  const [program = "", ...args] = wordsOf(text, "ExecStartPre", runtime);
  execFileSync(program, args);
  const bin = join(runtime, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "dockerd"), DAEMON);
  chmodSync(join(bin, "dockerd"), 0o755);
  const own = join(runtime, "rootless-stress");
  return { runtime, path: `${own}:${bin}:${SYSTEM_PATH}` };
};

test("the unit's launcher gives the namespace its range before the daemon reads it, and becomes the daemon", async () => {
  const { runtime, path } = furnished();
  const { line } = await inFreshNamespace(
    ["net", "mount"],
    [
      ...["env", "_DOCKERD_ROOTLESS_CHILD=1", `XDG_RUNTIME_DIR=${runtime}`, `PATH=${path}`],
      ...["ROOTLESSKIT_STATE_DIR=/nonexistent", "dockerd", "--debug", "a b"],
    ],
  );
  expect(line).toBe("13312 15359; --debug a b");
});

/** As RootlessKit's child has it: the containers' namespace is a file, and one's own another. */
const DETACHED = `
touch "$ROOTLESSKIT_STATE_DIR/netns"
unshare --net mount --bind /proc/self/ns/net "$ROOTLESSKIT_STATE_DIR/netns"
daemon=$(dockerd --debug)
umount ${RANGE_FILE}
inside=$(nsenter --net="$ROOTLESSKIT_STATE_DIR/netns" cat ${RANGE_FILE})
echo "$daemon, containers" $inside, own $(cat ${RANGE_FILE})`;

test("with a detached namespace the containers' gets the range, and the daemon reads the same", async () => {
  const { runtime, path } = furnished();
  const { line } = await inFreshNamespace(
    ["net", "mount"],
    [
      ...["env", "_DOCKERD_ROOTLESS_CHILD=1", `XDG_RUNTIME_DIR=${runtime}`, `PATH=${path}`],
      ...[`ROOTLESSKIT_STATE_DIR=${runtime}`, "sh", "-c", DETACHED],
    ],
  );
  expect(line).toBe("13312 15359; --debug, containers 13312 15359, own 32768 60999");
});

test("outside of RootlessKit's child the launcher changes nothing", () => {
  const { runtime, path } = furnished();
  const { stdout } = spawnSync("dockerd", ["--version"], {
    env: { PATH: path, XDG_RUNTIME_DIR: runtime },
    encoding: "utf8",
  });
  const range = readFileSync(RANGE_FILE, "utf8").replaceAll("\t", " ").trim();
  expect(stdout).toBe(`${range}; --version\n`);
});

test.skipIf(findProgram("systemd-analyze", SYSTEM_PATH) === null)(
  "systemd has nothing against the override",
  () => {
    const directory = temporary();
    const unit = join(directory, "docker.service");
    writeFileSync(unit, "[Service]\nType=notify\nExecStart=/bin/true\n");
    mkdirSync(`${unit}.d`);
    writeFileSync(join(`${unit}.d`, "rootless-stress.conf"), emittedFile(found("systemd")).text);
    const { stderr, status } = spawnSync("systemd-analyze", ["--user", "verify", unit], {
      env: { PATH: SYSTEM_PATH, XDG_RUNTIME_DIR: directory, SYSTEMD_UNIT_PATH: `${directory}:` },
      encoding: "utf8",
    });
    expect(stderr.split("\n").filter((line) => line.includes("docker.service"))).toEqual([]);
    expect(status).toBe(0);
  },
);
