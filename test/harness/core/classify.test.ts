import fc from "fast-check";
import { expect, test } from "vitest";
import { isFailureClass } from "../../../harness/core/classes.ts";
import { causeOf, classify, classifyAnswer } from "../../../harness/core/classify.ts";
import {
  crosstalk,
  exitedEarly,
  identityLost,
  wrongIdentity,
} from "../../../harness/core/findings.ts";
import { messageOf } from "../../../harness/core/errors.ts";
import type { Phase } from "../../../harness/core/phases.ts";
import { untilReady } from "../../../docker/probe/until-ready.ts";

const ADDPORT =
  "error while calling RootlessKit PortManager.AddPort(): listen tcp4 0.0.0.0:32768: bind: address already in use";
const ID = "9afc6a954d3baab4ae5f3566acc0f5c39efb8bf3c1554ededd4cf8b771bced83";
const ENDPOINT = `driver failed programming external connectivity on endpoint stress-a-w1j1-mysql (${ID}): `;

test.each([
  ["bare", ADDPORT],
  ["in the wrapper of every release", ENDPOINT + ADDPORT],
  ["in both wrappers", `failed to set up container networking: ${ENDPOINT}${ADDPORT}`],
  ["from the docker CLI", `docker: Error response from daemon: ${ENDPOINT}${ADDPORT}.`],
  ["from dockerode", `(HTTP code 500) server error - ${ENDPOINT}${ADDPORT} `],
  ["from compose", `ERROR: for mysql  Cannot start service mysql: ${ENDPOINT}${ADDPORT}`],
  ["as the body of the answer", JSON.stringify({ message: ENDPOINT + ADDPORT })],
  [
    "as JSON in JSON",
    `API error (500): ${JSON.stringify({ message: JSON.stringify({ message: ENDPOINT + ADDPORT }) })}`,
  ],
  ["wrapped at 80 columns", (ENDPOINT + ADDPORT).replaceAll(" ", "\n")],
])("a port that RootlessKit could not bind is known %s", (_, message) => {
  expect(classify(message, { phase: "container_start", by: "daemon" })).toMatchObject({
    class: "port.rootlesskit_addport_in_use",
    retry: "if-dynamic",
    signature: { repository: "moby/moby" },
  });
});

test("the same through rootlesskit-docker-proxy, as up to Engine 27, has its source there", () => {
  const words = `${ENDPOINT}Error starting userland proxy: ${ADDPORT.replace("RootlessKit ", "")}`;
  expect(classify(words, { phase: "container_start", by: "daemon" })).toMatchObject({
    class: "port.rootlesskit_addport_in_use",
    signature: { repository: "rootless-containers/rootlesskit" },
  });
});

test.each([
  ["failed to set up container networking: "],
  [ENDPOINT],
  [`failed to create endpoint mysql on network stress-a-w1j1: `],
  ["Error response from daemon: "],
  ['{"message":"'],
])("%j alone says nothing", (wrapper) => {
  expect(causeOf(wrapper + "the cause")).toBe("the cause");
  expect(classify(wrapper, { by: "daemon" }).class).toBe("unknown");
});

/** The engine's format strings with plausible values, from the error catalogue. */
test.each([
  ["port.already_allocated", "Bind for 0.0.0.0:5432 failed: port is already allocated"],
  ["port.range_exhausted", "all ports are allocated"],
  ["port.host_bind_in_use", "failed to bind host port 0.0.0.0:80/tcp: address already in use"],
  [
    "port.host_bind_in_use",
    "failed to bind host port for 0.0.0.0:7148:172.18.0.2:7148/tcp: address already in use",
  ],
  ["port.host_bind_in_use", "failed to listen on tcp socket: address already in use"],
  ["port.rootlesskit_conflict_id", "error while calling PortManager.AddPort(): conflict with ID 7"],
  [
    "port.permission_privileged",
    "error while calling RootlessKit PortManager.AddPort(): cannot expose privileged port 80, you can add 'net.ipv4.ip_unprivileged_port_start=80' to /etc/sysctl.conf (currently 1024), or set CAP_NET_BIND_SERVICE on rootlesskit binary, or choose a larger port number (>= 1024): listen tcp4 0.0.0.0:80: bind: permission denied",
  ],
  ["port.userland_proxy_start", "failed to start userland proxy for port mapping 0.0.0.0:80: x"],
  [
    "network.subnet_exhausted",
    "could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network",
  ],
  ["network.name_conflict", "network with name stress-a already exists"],
  ["network.bridge_create", "Failed to set link up for br-1234: operation not permitted"],
  ["network.netns_enter", "failed to enter detached network namespace: no such file or directory"],
  ["image.missing", "No such image: redis:7"],
  ["container.marked_for_removal", "container is marked for removal and cannot be started"],
  ["container.not_found", "No such container: stress-a-w1j1-redis"],
  ["nftables.programming", "running nft: Error: Could not process rule exit status 1"],
  ["resource.unix_backlog", "connect EAGAIN /run/user/1000/docker.sock"],
  ["resource.fd_limit", "connect EMFILE /run/user/1000/docker.sock"],
  [
    "resource.pid_limit",
    "failed to start userland proxy for port mapping 0.0.0.0:80: fork/exec /usr/bin/docker-proxy: resource temporarily unavailable",
  ],
  [
    "daemon.unreachable",
    "failed to connect to the docker API at unix:///run/docker.sock; check if the path is correct and if the daemon is running: dial unix",
  ],
  ["daemon.socket_permission", "connect EACCES /var/run/docker.sock"],
  ["daemon.timeout", "context deadline exceeded"],
  ["port.rootlesskit_api", "error while connecting to RootlessKit API socket: no such file"],
  [
    "port.rootlesskit_removeport",
    "error while calling RootlessKit PortManager.RemovePort(): unknown id: 7",
  ],
  ["port.invalid", "invalid port range: 90-80"],
  [
    "network.route_conflict",
    "cannot program address 172.18.0.2/16 in sandbox interface because it conflicts with existing route x",
  ],
  ["network.gateway", "failed to set gateway: network is unreachable"],
  [
    "network.ip_forwarding",
    "IPv4 forwarding is disabled: check your host's firewalling and set sysctl net.ipv4.ip_forward=1",
  ],
  [
    "network.br_netfilter",
    "cannot restrict inter-container communication or run without the userland proxy: x",
  ],
  [
    "network.invalid_config",
    "invalid network config:\ninvalid subnet 10.0.0.1/8: it should be 10.0.0.0/8",
  ],
  [
    "iptables.permission",
    "iptables v1.8.9: can't initialize iptables table `nat': Permission denied (you must be root)",
  ],
  [
    "iptables.rootless_wrap",
    'nsenter not found: exec: "nsenter": executable file not found in $PATH',
  ],
  [
    "container.invalid_config",
    "invalid endpoint settings:\nno configured subnet contains IP address 10.0.0.2",
  ],
  ["container.not_running", `container ${ID} is not running`],
  ["container.restarting", `Container ${ID} is restarting, wait until the container is running`],
  ["runtime.mount", 'error mounting "/a" to rootfs at "/b": not a directory'],
  ["teardown.predefined", "bridge is a pre-defined network and cannot be removed"],
  ["teardown.running", "container is running: stop the container before removing or force remove"],
  [
    "teardown.zombie",
    `container ${ID} PID 7 is zombie and can not be killed. Use the --init option when creating containers`,
  ],
])("%s is known by the engine's words", (name, message) => {
  expect(classify(message, { by: name.startsWith("daemon") ? "transport" : "daemon" }).class).toBe(
    name,
  );
});

/** What looks alike and is not: the pairs that the class list warns of. */
test.each<[string, string, { phase?: Phase; by?: "daemon" | "service" | "transport" }]>([
  [
    "port.rootless_slirp4netns_regression",
    "failed to bind host port 10.0.2.100:3000/tcp: address already in use",
    { by: "daemon" },
  ],
  ["network.ip_in_use", "Address already in use", { by: "daemon" }],
  ["app.bind_in_use", "listen tcp 0.0.0.0:8080: bind: address already in use", { by: "service" }],
  [
    "app.bind_in_use",
    "listen tcp 0.0.0.0:8080: bind: address already in use",
    { phase: "container_log" },
  ],
  ["app.bind_in_use", "listen tcp 0.0.0.0:8080: bind: address already in use", {}],
  [
    "app.bind_in_use",
    "Creating Server TCP listening socket *:6379: bind: Address already in use",
    {},
  ],
  [
    "app.bind_in_use",
    "<Error> Application: Net Exception: Address already in use: 0.0.0.0:8123",
    { by: "service" },
  ],
  [
    "app.benign_bind_warning",
    "{} <Warning> Application: Listen [0.0.0.0]:9009 failed: Poco::Exception. Code: 1000, e.code() = 98, Net Exception: Address already in use: 0.0.0.0:9009",
    { by: "service" },
  ],
  [
    "app.benign_bind_warning",
    "Application: Listen [::]:8123 failed: Poco::Exception. Code: 1000, e.code() = 0, DNS error: EAI: Address family for hostname not supported",
    { phase: "container_log" },
  ],
  [
    "daemon.rootless_startup",
    "listen unix /run/docker.sock: bind: address already in use",
    { by: "daemon" },
  ],
  ["network.ip_in_use", "Address already in use", {}],
  [
    "port.userland_proxy_bind",
    "Error starting userland proxy: listen tcp4 0.0.0.0:3306: bind: address already in use",
    { by: "daemon" },
  ],
  [
    "network.ip_exhausted",
    `no available IPv4 addresses on this network's address pools: bridge (${ID})`,
    { by: "daemon" },
  ],
  [
    "network.pool_overlap",
    "invalid pool request: Pool overlaps with other one on this address space",
    { by: "daemon" },
  ],
  [
    "network.subnet_exhausted",
    "invalid pool request: all predefined address pools have been fully subnetted",
    { by: "daemon" },
  ],
  [
    "resource.keyring_quota",
    "unable to join session keyring: unable to create session key: disk quota exceeded",
    { by: "daemon" },
  ],
  [
    "runtime.cgroup",
    "unable to apply cgroup configuration: read unix @->/run/systemd/private: read: connection reset by peer",
    { phase: "container_start", by: "daemon" },
  ],
  [
    "runtime.cgroup",
    "OCI runtime create failed: mkdir /sys/fs/cgroup/memory/docker: device or resource busy: unknown",
    { phase: "container_start", by: "daemon" },
  ],
  [
    "runtime.cgroup",
    "unable to apply cgroup configuration: dial unix /run/user/1000/bus: connect: connection refused",
    { by: "daemon" },
  ],
  [
    "teardown.device_busy",
    `driver "overlay2" failed to remove root filesystem: unlinkat /data/overlay2/x/merged: device or resource busy`,
    { by: "daemon" },
  ],
  [
    "teardown.stop_failed",
    `Cannot kill container ${ID}: unknown error after kill: signaling init process caused "permission denied"`,
    { by: "daemon" },
  ],
  ["dns.unresolved", "dial tcp: lookup redis on 127.0.0.11:53: no such host", {}],
  [
    "readiness.connection_refused",
    'Get "http://localhost:8123/ping": dial tcp 127.0.0.1:8123: connect: connection refused',
    {},
  ],
  [
    "image.registry_unreachable",
    'Get "https://registry-1.docker.io/v2/": dial tcp 10.0.2.3:443: connect: connection refused',
    { by: "daemon" },
  ],
  ["runtime.oci_create", "can't get final child's PID from pipe: EOF", { by: "daemon" }],
  [
    "resource.fd_limit",
    "Get http://%2Fvar%2Frun%2Fdocker.sock/v1.22/events: dial unix /var/run/docker.sock: socket: too many open files",
    { by: "transport" },
  ],
  ["resource.inotify_limit", "inotify_init: too many open files", { by: "daemon" }],
  ["readiness.connection_refused", "connect ECONNREFUSED 127.0.0.1:32768", { phase: "readiness" }],
  ["readiness.connection_refused", "connect ECONNREFUSED 127.0.0.1:32768", {}],
  [
    "daemon.unreachable",
    "connect ECONNREFUSED /run/user/1000/docker.sock",
    { phase: "readiness", by: "transport" },
  ],
  ["daemon.unreachable", "connect ECONNREFUSED 127.0.0.1:2375", {}],
  [
    "daemon.unreachable",
    "connect ECONNREFUSED 10.0.0.7:4243",
    { phase: "network_create", by: "transport" },
  ],
  ["readiness.connection_reset", "read ECONNRESET", { phase: "readiness", by: "service" }],
  ["daemon.connection_lost", "socket hang up", { phase: "container_start", by: "transport" }],
])("%s: %j", (name, message, context) => {
  expect(classify(message, context).class).toBe(name);
});

const NONCES = { service: "redis", expected: "run-w1j1" };

test.each([
  ["readiness.timeout", `not ready within 60s: ${ADDPORT}`],
  ["readiness.timeout", "not ready within 0.5s: "],
  [
    "container.exited_early",
    exitedEarly({ service: "mysql", exitCode: 137, tail: "No such image: x" }),
  ],
  [
    "image.platform_mismatch",
    exitedEarly({
      service: "clickhouse",
      exitCode: 1,
      tail: "exec /entrypoint.sh: exec format error\n",
    }),
  ],
  [
    "image.platform_mismatch",
    exitedEarly({
      service: "redis",
      exitCode: 126,
      tail: "starting\n/usr/bin/redis-server: cannot execute binary file: Exec format error",
    }),
  ],
  [
    "runtime.exec_not_found",
    exitedEarly({ service: "redis", exitCode: 1, tail: "exec /run.sh: no such file or directory" }),
  ],
  ["identity.crosstalk", crosstalk({ ...NONCES, found: ["run-w1j1", "run-w1j2"] })],
  ["identity.lost", identityLost(NONCES)],
])("%s is known by the harness's own words", (name, message) => {
  expect(classify(message, { by: "harness" }).class).toBe(name);
  expect(classify(message, {}).class).toBe(name);
});

test.each(["service", "harness"] as const)(
  "what a %s says is never taken for the daemon's words",
  (by) => {
    expect(classify("port is already allocated", { by }).class).toBe("unknown");
    expect(classify("No such container: mysql", { phase: "readiness", by }).class).toBe("unknown");
    expect(classify("write: no space left on device", { by }).class).toBe("unknown");
  },
);

/** The probe runs where nothing of the core exists, so its words are its own. */
const wordsOfUntilReady = async (): Promise<string> => {
  let now = 0;
  const options = {
    probe: () => Promise.reject(new Error("connect ECONNREFUSED 127.0.0.1:32768")),
    deadlineMs: 60_000,
    now: () => now,
    sleep: (duration: number) => {
      now += duration;
      return Promise.resolve();
    },
    signal: new AbortController().signal,
  };
  return await untilReady(options).then(String, messageOf);
};

test.each(["service", "harness"] as const)(
  "a probe that gave up is a readiness timeout, whatever its last try saw (told by %s)",
  async (by) => {
    const message = await wordsOfUntilReady();
    expect(message).toContain("ECONNREFUSED");
    expect(classify(message, { phase: "readiness", by }).class).toBe("readiness.timeout");
  },
);

test.each<[string, string]>([
  ["readiness.timeout", "no answer within 10s"],
  ["readiness.connection_reset", "the other side closed the connection"],
  ["readiness.connection_refused", "connect ECONNREFUSED 172.18.0.2:3306"],
  [
    "readiness.connection_refused",
    "connect ECONNREFUSED ::1:3306; connect ECONNREFUSED 127.0.0.1:3306",
  ],
  ["dns.unresolved", "getaddrinfo ENOTFOUND mysql"],
  ["container.exited_early", "the job container ended: it said nothing"],
  ["unknown", "ERROR 1040 (08004): Too many connections"],
])("%s is known by the probe's words: %s", (name, message) => {
  expect(classify(message, { phase: "readiness", by: "service" }).class).toBe(name);
  expect(classify(message, { phase: "readiness", by: "harness" }).class).toBe(name);
});

test.each([
  ["nothing wrong where only the own nonce is found", ["run-w1j1"], null],
  ["the own nonce twice", ["run-w1j1", "run-w1j1"], null],
  ["cross-talk beside the own nonce", ["run-w1j1", "run-w1j2"], "identity.crosstalk"],
  ["cross-talk instead of the own nonce", ["run-w1j2"], "identity.crosstalk"],
  ["a lost nonce where none is found", [], "identity.lost"],
])("nonces: %s", (_, found, name) => {
  const finding = wrongIdentity({ ...NONCES, found });
  expect(finding === null ? null : classify(finding, { by: "harness" }).class).toBe(name);
});

test.each([
  ["container.start", "timeout", "daemon.hang"],
  ["container.start", "connection-lost", "daemon.connection_lost"],
  ["ready", "timeout", "readiness.timeout"],
  ["identity", "connection-lost", "readiness.connection_reset"],
] as const)("%s without an answer (%s) is %s", (kind, reason, name) => {
  const answer = { kind: "unknown", reason, message: "no answer within 60.0s" } as const;
  expect(classifyAnswer(answer, kind)?.class).toBe(name);
});

test("a cancelled operation and one that was done have no class", () => {
  expect(classifyAnswer({ kind: "done" }, "ready")).toBeNull();
  expect(
    classifyAnswer({ kind: "unknown", reason: "cancelled", message: "" }, "container.start"),
  ).toBeNull();
});

test("a cause at the end of a very long message is found", () => {
  const message = `${"x ".repeat(50_000)}: ${ADDPORT}`;
  expect(classify(message, {}).class).toBe("port.rootlesskit_addport_in_use");
});

test.each(["fully\nsubnetted", "ful\r\nly subn\netted"])(
  "a message that a terminal has wrapped is known: %j",
  (end) => {
    expect(classify(`all predefined address pools have been ${end}`, {}).class).toBe(
      "network.subnet_exhausted",
    );
  },
);

test("typographic quotes are as good as those of a typewriter", () => {
  expect(classify("failed to restore thread’s network namespace", {}).class).toBe(
    "network.netns_restore",
  );
});

test("any text has a class of the list", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 300 }), (message) =>
      isFailureClass(classify(message, {}).class),
    ),
  );
});
