import { expect, test } from "vitest";
import { dockerProxies } from "../../../docker/evidence/docker-proxies.ts";
import { engineUnder } from "../../../docker/evidence/engine-under.ts";
import { programOf, seeProcess, type ProcessSeen } from "../../../docker/evidence/process-table.ts";
import { inFreshNamespace, needNetworkPrograms } from "./private-namespace.ts";

needNetworkPrograms();

/** Above any that the kernel gives out: nothing of them is to be found below `/proc`. */
const NOT_A_PID = 2 ** 22;

const process = (index: number, parent: number, command: string): ProcessSeen => {
  const words = command.split(" ");
  return { pid: NOT_A_PID + index, parent: NOT_A_PID + parent, uid: 1000, words, name: "x" };
};

const proxiesAmong = async (...processes: readonly ProcessSeen[]) =>
  dockerProxies({
    engine: { ...(await engineUnder(null)), daemonPid: NOT_A_PID + 1 },
    processes: new Map(processes.map((each) => [each.pid, each])),
    users: new Map([[1000, "ada"]]),
  });

const DAEMON = process(1, 0, "dockerd");

test("what a docker-proxy of Engine 28 was told is read", async () => {
  const command =
    "/usr/bin/docker-proxy -proto tcp -host-ip ::1 -host-port 8080 -container-ip fd00:6::2 -container-port 80 -use-listen-fd";
  expect(await proxiesAmong(DAEMON, process(2, 1, command))).toEqual([
    {
      pid: NOT_A_PID + 2,
      uid: 1000,
      user: "ada",
      command,
      protocol: "tcp",
      hostIp: "::1",
      hostPort: 8080,
      containerIp: "fd00:6::2",
      containerPort: 80,
    },
  ]);
});

test("of a rootless Engine 20.10's two, the one that listens counts", async () => {
  const outer =
    "/usr/bin/rootlesskit-docker-proxy -proto udp -host-ip 0.0.0.0 -host-port 53 -container-ip 172.17.0.2 -container-port 53";
  const inner =
    "docker-proxy -container-ip 172.17.0.2 -container-port 53 -host-ip 127.0.0.1 -host-port 53 -proto udp";
  const found = await proxiesAmong(DAEMON, process(2, 1, outer), process(3, 2, inner));
  expect(found).toMatchObject([{ pid: NOT_A_PID + 3, protocol: "udp", hostIp: "127.0.0.1" }]);
});

/** Beside this test's own processes no other of the machine is looked at. */
const amongRootful = async (...processes: readonly ProcessSeen[]): Promise<readonly number[]> =>
  dockerProxies({
    engine: { ...(await engineUnder(null)), daemonPid: NOT_A_PID + 1, rootless: false },
    processes: new Map([DAEMON, ...processes].map((each) => [each.pid, each])),
    users: new Map(),
  }).map(({ pid }) => pid);

const WORDS = "docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 80";

test("one that outlived its rootful daemon is the engine's, and one of another daemon is not", async () => {
  const left = process(4, 0, WORDS);
  expect(await amongRootful(left)).toEqual([left.pid]);
  expect(await amongRootful(process(5, 0, "/opt/dockerd"), process(6, 5, WORDS))).toEqual([]);
});

/** Looks like a daemon and starts what looks like its docker-proxy, which says its pid and ends with its standard input. */
const DAEMON_AND_PROXY = [
  ...["bash", "-c", 'exec -a dockerd bash -c "$@"', "bash"],
  ...['(exec -a docker-proxy bash -c "$0") <&0 & wait', "echo $$; cat; :"],
];

test("one of an engine in a network namespace of its own is not that of the rootful engine beside it", async () => {
  const { pid, line } = await inFreshNamespace(["net"], DAEMON_AND_PROXY);
  const theirs = [seeProcess(pid), seeProcess(Number(line))].filter((each) => each !== null);
  expect(theirs.map(programOf)).toEqual(["dockerd", "docker-proxy"]);
  expect(await amongRootful(...theirs)).toEqual([]);
});
