import { expect, test } from "vitest";
import { proxiesOf } from "../../../docker/datapath/carriers.ts";
import type { ProcessSeen } from "../../../docker/evidence/process-table.ts";

const seen = (pid: number, parent: number, command: string): ProcessSeen => ({
  pid,
  parent,
  uid: 0,
  words: command.split(" "),
  name: "",
});

const TOLD =
  "-proto tcp -host-ip 0.0.0.0 -host-port 15360 -container-ip 172.18.0.2 -container-port 5201";

test("proxies of the port are this engine's own, with what they were told", () => {
  const processes = [
    seen(100, 1, "rootlesskit dockerd-rootless.sh"),
    seen(120, 100, "dockerd"),
    seen(130, 120, `rootlesskit-docker-proxy ${TOLD}`),
    seen(131, 130, `/usr/bin/docker-proxy ${TOLD.replace("0.0.0.0", "127.0.0.1")}`),
    seen(132, 120, `docker-proxy ${TOLD.replace("15360", "15361")}`),
    seen(133, 120, `docker-proxy ${TOLD.replace("tcp", "udp")}`),
    seen(230, 220, `docker-proxy ${TOLD}`),
  ];
  const found = proxiesOf(15360, new Map(processes.map((each) => [each.pid, each])), {
    rootlesskitPid: 100,
    daemonPid: 120,
  });
  const port = { hostPort: 15360, containerIp: "172.18.0.2", containerPort: 5201 };
  expect(found).toEqual([
    { pid: 130, program: "rootlesskit-docker-proxy", hostIp: "0.0.0.0", ...port },
    { pid: 131, program: "docker-proxy", hostIp: "127.0.0.1", ...port },
  ]);
});
