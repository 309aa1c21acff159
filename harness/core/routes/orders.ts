/**
 * What the programs of a routes job are told, each as JSON in its only argument, and how a container runs one.
 *
 * - `outside`, on the host's network: a server that streams, and whoever publishes into the Redis beside it;
 * - `app`, on the networks under test: holds connections to both of them open, and answers requests;
 * - `proxy`, on the front network: requests the app as soon as it can be found there.
 */

/** `docker/probe/NAME-main.ts`, compiled into the job image. */
export type RoutesProgram = "outside" | "app" | "proxy";

interface OutsideOrder {
  /** Where it listens, on every address of its namespace. */
  readonly port: number;
  /** Where the Redis of the same namespace listens. */
  readonly redisPort: number;
  /** Answers only whoever names it: ports of the machine may be another run's. */
  readonly nonce: string;
  /** From one message of each kind to the next, in milliseconds. */
  readonly everyMs: number;
}

interface AppOrder {
  /** What its `ready` line calls it. */
  readonly service: string;
  /** Where it answers requests. */
  readonly port: number;
  readonly outsidePort: number;
  readonly redisPort: number;
  /**
   * Where to look for `outside` if it is not beside the engine's bridges: addresses of the machine. With a detached
   * namespace, the host's network is the machine's.
   */
  readonly hosts: readonly string[];
  /** Of the job's `outside`. */
  readonly nonce: string;
  readonly everyMs: number;
  /** After so long, in milliseconds, it is ready even with connections that do not stand. */
  readonly patienceMs: number;
}

interface ProxyOrder {
  /** The app's name on the front network, or an address. */
  readonly host: string;
  readonly port: number;
  /** From one pair of requests to the next, in milliseconds. */
  readonly everyMs: number;
}

export interface RoutesOrders {
  readonly outside: OutsideOrder;
  readonly app: AppOrder;
  readonly proxy: ProxyOrder;
}

const JOB_PROGRAM = /job-main\.js$/;

/**
 * The whole command of a container from the role `job` of an image set.
 *
 * @param command - that role's own
 * @returns null where it does not run the probe: the image is somebody's own
 */
export const programCommand = <Program extends RoutesProgram>(
  command: readonly string[] | null,
  program: Program,
  order: RoutesOrders[Program],
): readonly string[] | null => {
  const last = command?.at(-1) ?? "";
  if (command === null || !JOB_PROGRAM.test(last)) return null;
  const path = last.replace(JOB_PROGRAM, `${program}-main.js`);
  return [...command.slice(0, -1), path, JSON.stringify(order)];
};

/** What Redis lets anybody do: its port may be one of the machine's own, in reach of its network. */
const REDIS_USER = ["default", "on", "nopass", "&*", "-@all", "+ping", "+publish", "+subscribe"];

/** What Redis is run with on the host's network, where other jobs have theirs too. */
export const redisCommand = (port: number): readonly string[] => [
  "redis-server",
  "--port",
  String(port),
  "--bind",
  "0.0.0.0",
  "--protected-mode",
  "no",
  "--user",
  ...REDIS_USER,
  "--save",
  "",
  "--appendonly",
  "no",
];
