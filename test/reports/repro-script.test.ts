import { spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { toCall } from "../../docker/client/calls.ts";
import { dockerCommand } from "../../harness/core/docker-command.ts";
import type { Sight, SocketSeen } from "../../harness/core/evidence.ts";
import { history } from "../../harness/core/history.ts";
import { LABEL, type Answer } from "../../harness/core/model.ts";
import { repro, type Repro } from "../../harness/core/repro.ts";
import { reproScript } from "../../reports/repro-script.ts";
import { portTaken } from "../harness/core/history.ts";
import {
  portSight,
  recorded,
  refusedBy,
  REQUEST,
  type Recording,
  type Trouble,
} from "../harness/core/recorded.ts";

const socketOf = (port: number, state: SocketSeen["state"]): SocketSeen => ({
  family: 4,
  localAddress: "127.0.0.1",
  localPort: port,
  remoteAddress: "127.0.0.1",
  remotePort: 5432,
  state,
  uid: 1000,
  holder: null,
});

const startOf = (answer: Answer, ...sights: readonly Sight[]): Trouble => ({
  job: "w1j1",
  operation: "container.start",
  service: "redis",
  answer,
  sights,
});

const held = (port: number, state: SocketSeen["state"]): Trouble =>
  startOf(refusedBy(portTaken(port)), portSight(port, { host: [socketOf(port, state)] }));

const reproOf = (trouble: Trouble, more: Recording = {}): Repro =>
  repro(history(recorded({ troubles: [trouble], ...more })), trouble.job);

const ONE: Recording = { request: { ns: [1] } };

/** One of each condition, and of each way to fail. */
const REPROS: Readonly<Record<string, Repro>> = {
  outbound: reproOf(held(6379, "established"), ONE),
  listener: reproOf(held(6379, "listen"), ONE),
  dynamic: reproOf(held(32770, "time-wait"), { request: { modes: ["ports"] } }),
  forward: reproOf(
    startOf(
      refusedBy("error while calling PortManager.AddPort(): conflict with ID 7"),
      portSight(6379, {
        forwards: [
          {
            id: 7,
            protocol: "tcp4",
            parentIp: "0.0.0.0",
            parentPort: 6379,
            childIp: null,
            childPort: 6379,
          },
        ],
      }),
    ),
    ONE,
  ),
  "same-run": reproOf(
    startOf(refusedBy("Bind for 0.0.0.0:6379 failed: port is already allocated")),
  ),
  subnets: reproOf({
    job: "w1j1",
    operation: "network.create",
    answer: refusedBy("all predefined address pools have been fully subnetted"),
    sights: [{ about: "subnets", networks: [] }],
  }),
  name: reproOf({
    job: "w1j1",
    operation: "container.create",
    service: "redis",
    answer: refusedBy('Conflict. The container name "/x" is already in use by container "ab12".'),
  }),
  hang: reproOf(startOf({ kind: "unknown", reason: "timeout", message: "no answer within 1m00s" })),
  lost: reproOf(startOf({ kind: "unknown", reason: "connection-lost", message: "socket hang up" })),
  "not-ready": reproOf(
    {
      job: "w1j1",
      operation: "ready",
      service: "redis",
      answer: refusedBy("connect ECONNREFUSED 127.0.0.1:32770", "service"),
    },
    { request: { modes: ["ports"] } },
  ),
  "job-not-ready": reproOf(
    {
      job: "w1j1",
      operation: "ready",
      service: "redis",
      answer: refusedBy("connect ECONNREFUSED 172.18.0.2:6379", "service"),
    },
    { request: { modes: ["noports"] } },
  ),
};

const scratch = (): string => {
  const directory = mkdtempSync(join(tmpdir(), "stress-repro-"));
  onTestFinished(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  return directory;
};

test.each(Object.entries(REPROS))("the script for %s is one that bash can read", (_, made) => {
  const checked = spawnSync("bash", ["-n"], { input: reproScript(made, toCall), encoding: "utf8" });
  expect(checked.stderr).toBe("");
  expect(checked.status).toBe(0);
});

test.each(["outbound", "same-run"])("the script for %s reads as in its golden", async (name) => {
  const made = REPROS[name];
  const script = made === undefined ? "" : reproScript(made, toCall);
  await expect(script).toMatchFileSnapshot(`goldens/repro-${name}.sh.golden`);
});

/** Programs for PATH: a script of ours in the place of docker or curl, the machine's own beside it. */
const pathWith = (programs: Readonly<Record<string, string>>): string => {
  const directory = scratch();
  for (const [name, text] of Object.entries(programs)) {
    writeFileSync(join(directory, name), `#!/usr/bin/env bash\n${text}\n`);
    chmodSync(join(directory, name), 0o755);
  }
  return `${directory}:${process.env["PATH"] ?? ""}`;
};

/** Everything that it is asked goes to a file; a start is refused, in the words of the environment. */
const DOCKER = `
printf '%s\\0' $# "$@" >>"$HEARD"
case $1 in
  start) printf '%s\\n' "$WORDS" >&2; exit "$STATUS" ;;
  ps) [ "$2" = --all ] && echo 123 ;;
  inspect) echo true ;;
esac
exit 0
`;

/** What a program of ours was asked: each time the number of its arguments, and these. */
const heardIn = (path: string): readonly (readonly string[])[] => {
  const fields = existsSync(path) ? readFileSync(path, "utf8").split("\0").slice(0, -1) : [];
  const commands: (readonly string[])[] = [];
  for (let at = 0; at < fields.length; at += Number(fields[at]) + 1) {
    commands.push(fields.slice(at + 1, at + 1 + Number(fields[at])));
  }
  return commands;
};

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The arguments of each docker command. */
  readonly heard: readonly (readonly string[])[];
}

const runScript = (
  made: Repro,
  environment: Readonly<Record<string, string>>,
  docker = DOCKER,
): Ran => {
  const heard = join(scratch(), "heard");
  const { status, stdout, stderr } = spawnSync("bash", ["-s"], {
    input: reproScript(made, toCall),
    encoding: "utf8",
    env: {
      PATH: pathWith({ docker }),
      LC_ALL: "C.UTF-8",
      DOCKER_HOST: "unix:///run/nowhere/docker.sock",
      SUFFIX: "7",
      VIA: "cli",
      OCCUPY: "0",
      STATUS: "1",
      WORDS: "",
      HEARD: heard,
      ...environment,
    },
  });
  return {
    code: status,
    stdout,
    stderr,
    heard: heardIn(environment["HEARD"] ?? heard),
  };
};

const outbound = reproOf(held(6379, "established"), ONE);

/** As the docker CLI passes them on. */
const saidByCli = (words: string): string =>
  `Error response from daemon: ${words}\nError: failed to start containers: x`;

test.each([
  ["fails in the same words with another port and name", { WORDS: saidByCli(portTaken(7000)) }, 0],
  ["does not fail", { STATUS: "0" }, 1],
  ["fails in other words", { WORDS: saidByCli("no space left on device") }, 2],
  ["cannot reach the daemon", { WORDS: "Cannot connect to the Docker daemon at unix:///x" }, 2],
])("where the last call %s, the exit code says so", (_, environment, code) => {
  const ran = runScript(outbound, environment);
  expect(ran.code, ran.stdout + ran.stderr).toBe(code);
});

test("an image that the engine does not have is told with the way to it, and nothing is made", () => {
  const ran = runScript(outbound, {}, 'case $1 in image) echo "No such image" >&2; exit 1 ;; esac');
  expect(ran.code).toBe(3);
  expect(ran.stderr).toMatch(/image redis:7 is not on the engine .*: docker pull redis:7/);
});

test("a daemon that does not answer in time fails a hang the same way", () => {
  const hang = REPROS["hang"] ?? outbound;
  const docker = DOCKER.replace("start)", "start) exec sleep 60 ;;\n  never)");
  const ran = runScript(hang, { CALL_SECONDS: "1", OCCUPY: "0" }, docker);
  expect(ran.code, ran.stdout + ran.stderr).toBe(0);
});

test("calls go out in order with the run's own labels and names, and what was made is removed", () => {
  const { heard } = runScript(outbound, {});
  expect(heard.map((words) => words.slice(0, 2).join(" "))).toEqual([
    "image inspect",
    "network create",
    "create --name",
    "start stress-k3x9-r7-w1j1-redis",
    "ps --all",
    "rm --force",
    "network ls",
  ]);
  expect(heard[1]).toContain(`${LABEL.run}=k3x9-r7`);
  expect(heard[4]).toContain(`label=${LABEL.run}=k3x9-r7`);
});

/** What a journal that somebody edited may hold. */
const hostile = fc
  .array(
    fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 3 }),
      fc.constantFrom(
        "'",
        '"',
        "$(touch /tmp/x)",
        "`id`",
        "\\",
        "\n",
        "\u001b[2J",
        "\u202e",
        "*",
        "!",
      ),
    ),
    { maxLength: 5 },
  )
  .map((parts) => parts.join("").replaceAll("\0", ""));

test(
  "hostile images, environments and commands reach docker as they are",
  { timeout: 60_000 },
  () => {
    fc.assert(
      fc.property(fc.array(hostile, { minLength: 3, maxLength: 12 }), hostile, (texts, name) => {
        const redis = {
          reference: `redis${name}`,
          command: texts,
          env: { [`A${name}`]: texts[0] ?? "" },
        };
        const images = { name: "x", images: { ...REQUEST.images.images, redis } };
        const made = reproOf(held(6379, "established"), { request: { ns: [1], images } });
        const { heard } = runScript(made, {});
        const create = made.steps[1]?.operation;
        const wanted = create?.kind === "container.create" ? dockerCommand(create) : [];
        const asked = heard.find(([first]) => first === "create") ?? [];
        const owner = asked
          .find((word) => word.startsWith(`${LABEL.owner}=`))
          ?.slice(LABEL.owner.length + 1);
        const { placeholders } = made;
        expect(["docker", ...asked]).toEqual(
          wanted.map((word) =>
            word
              .replaceAll(placeholders.run.mark, "k3x9-r7")
              .replaceAll(placeholders.owner.mark, owner ?? "no owner"),
          ),
        );
      }),
      { numRuns: 8 },
    );
  },
);

test("hostile texts stay within their comments", () => {
  const ran = runScript(
    reproOf(startOf(refusedBy("x\nexit 99\n# \u001b[2J `exit 98` $(exit 97) 'exit 96'")), ONE),
    { WORDS: "x exit 99 # \u001b[2J `exit 98` $(exit 97) 'exit 96'" },
  );
  expect(ran.code, ran.stderr).toBe(0);
  expect(ran.stdout).not.toContain("\u001b");
});

test("by curl the engine gets the very requests of the run", () => {
  const heard = join(scratch(), "heard");
  const curl = `printf '%s\\0' $# "$@" >>"${heard}"; printf '\\n200'`;
  const { status } = spawnSync("bash", ["-s"], {
    input: reproScript(outbound, toCall),
    env: {
      PATH: pathWith({ curl }),
      VIA: "curl",
      OCCUPY: "0",
      SUFFIX: "7",
      DOCKER_HOST: "unix:///run/x.sock",
    },
  });
  expect(status).toBe(1);
  const requests = heardIn(heard);
  const create = requests.find((words) =>
    words.some((word) => word.includes("/containers/create")),
  );
  const body = create?.[create.indexOf("--data-binary") + 1] ?? "";
  expect(JSON.parse(body)).toMatchObject({
    Image: "redis:7",
    HostConfig: {
      NetworkMode: "stress-k3x9-r7-w1j1",
      PortBindings: { "6379/tcp": [{ HostIp: "", HostPort: "6379" }] },
    },
    Labels: { [LABEL.run]: "k3x9-r7", [LABEL.job]: "w1j1" },
  });
  expect(create).toContain("/run/x.sock");
  expect(create).toContain("http://localhost/containers/create?name=stress-k3x9-r7-w1j1-redis");
});

/** A port that nobody has at the moment. */
const freePort = async (): Promise<number> => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
};

/** Tells whether one may listen on a port of every address, as RootlessKit asks to. */
const MAY_LISTEN = `use Socket;
  socket(S, PF_INET, SOCK_STREAM, 0);
  setsockopt(S, SOL_SOCKET, SO_REUSEADDR, 1);
  print bind(S, sockaddr_in($ENV{PORT}, INADDR_ANY)) && listen(S, 1) ? "free" : "held"`;

const stateOf = async (port: number): Promise<"free" | "held"> => {
  const server = createServer().listen(port, "0.0.0.0");
  try {
    await once(server, "listening");
    return "free";
  } catch {
    return "held";
  } finally {
    server.close();
  }
};

/** Asked in the middle of the script, when the condition stands. */
const ASKS_WHETHER_FREE = DOCKER.replace(
  "start)",
  `start) perl -e '${MAY_LISTEN}' >>"$HEARD.port";`,
);

/** PATH with everything of the machine's but perl. */
const withoutPerl = (): string => {
  const directory = scratch();
  for (const name of [
    ...["bash", "env", "timeout", "sed", "tr", "cut", "cat", "readlink", "head", "grep", "seq"],
    ...["sleep", "dirname", "wc", "curl"],
  ]) {
    const found = spawnSync("bash", ["--norc", "-c", `type -P ${name}`], { encoding: "utf8" });
    if (found.stdout !== "") symlinkSync(found.stdout.trim(), join(directory, name));
  }
  return directory;
};

const holding = async (state: SocketSeen["state"]) => {
  const port = await freePort();
  const request = { ns: [1], scenario: fixedOn(port) };
  return { port, made: reproOf(held(port, state), { request }) };
};

/** A scenario whose only service wants this port. */
const fixedOn = (port: number) => ({
  ...REQUEST.scenario,
  services: [{ name: "redis", protocol: "redis", port, otherPorts: [] } as const],
});

test.each([
  { state: "established", holder: "an outbound connection" },
  { state: "listen", holder: "a listener" },
] as const)(
  "$holder has the port when it is asked for, and nobody has it afterwards",
  async ({ state }) => {
    const { port, made } = await holding(state);
    const heard = join(scratch(), "heard");
    const ran = runScript(
      made,
      { OCCUPY: "1", PORT: String(port), WORDS: saidByCli(portTaken(port)), HEARD: heard },
      ASKS_WHETHER_FREE,
    );
    expect(ran.code, ran.stdout + ran.stderr).toBe(0);
    expect(ran.stdout).toMatch(new RegExp(`^occupied +port ${String(port)}, by pid \\d+$`, "m"));
    expect(readFileSync(`${heard}.port`, "utf8")).toBe("held");
    expect(await stateOf(port)).toBe("free");
  },
);

const python = spawnSync("python3", ["-c", "import sys; print(sys.executable)"], {
  encoding: "utf8",
}).stdout.trim();

test.skipIf(python === "")("where there is no perl, python3 holds the port", async () => {
  const { port, made } = await holding("established");
  const programs = withoutPerl();
  symlinkSync(python, join(programs, "python3"));
  const isHeld = `"${python}" -c 'import socket; socket.create_server(("", ${String(port)}))' || echo held >>"$HEARD.port"`;
  writeFileSync(
    join(programs, "docker"),
    `#!${programs}/bash\n${DOCKER.replace("start)", `start) ${isHeld};`)}`,
    {
      mode: 0o755,
    },
  );
  const heard = join(scratch(), "heard");
  const words = saidByCli(portTaken(port));
  const ran = runScript(made, { OCCUPY: "1", WORDS: words, HEARD: heard, PATH: programs });
  expect(ran.code, ran.stdout + ran.stderr).toBe(0);
  expect(readFileSync(`${heard}.port`, "utf8")).toBe("held\n");
  expect(await stateOf(port)).toBe("free");
});

test("TIME_WAIT is left on the port", async () => {
  const { port, made } = await holding("time-wait");
  const ran = runScript(made, { OCCUPY: "1", WORDS: saidByCli(portTaken(port)) });
  expect(ran.code, ran.stdout + ran.stderr).toBe(0);
  expect(await stateOf(port)).toBe("held");
});

test("without perl and python3 it says what is missing", async () => {
  const { made } = await holding("established");
  const programs = withoutPerl();
  writeFileSync(join(programs, "docker"), `#!${programs}/bash\n${DOCKER}`, { mode: 0o755 });
  const ran = runScript(made, { OCCUPY: "1", PATH: programs });
  expect(ran.code).toBe(3);
  expect(ran.stderr).toContain("it takes perl or python3 to hold a port; OCCUPY=0 goes without");
});
