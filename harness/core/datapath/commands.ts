/**
 * What the containers of a datapath job run.
 */

/** What the servers listen on unless told otherwise. */
export const IPERF3_PORT = 5201;
export const REDIS_PORT = 6379;

/** Serves one measurement after another, over IPv4 and IPv6. */
export const iperf3Command = (port: number): readonly string[] => [
  "iperf3",
  "--server",
  "--port",
  String(port),
];

/** Over IPv4 and, where there is IPv6, over that too; nothing is written to disk. */
export const redisCommand = (port: number): readonly string[] => [
  "redis-server",
  ...["--port", String(port)],
  ...["--bind", "*", "-::*"],
  ...["--protected-mode", "no"],
  ...["--save", ""],
  ...["--appendonly", "no"],
];

/** For a container that waits until a client's programs are run in it. */
export const IDLE_COMMAND: readonly string[] = ["node", "-e", "setInterval(() => {}, 2 ** 30)"];
