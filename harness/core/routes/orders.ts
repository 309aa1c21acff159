/**
 * What the programs of a routes job are told, each as JSON in its only argument, and how a container runs one.
 *
 * - `outside`, on the engine's own network: a server that streams, and whoever publishes into the Redis beside it;
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
   * Where else to look for `outside` than at the gateway: addresses. Needed only where the engine's own network is
   * not that of its bridges, as in a detached namespace.
   */
  readonly hosts: readonly string[];
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

/** What Redis is run with in the engine's own network, where other jobs have theirs too. */
export const redisCommand = (port: number): readonly string[] => [
  "redis-server",
  "--port",
  String(port),
  "--bind",
  "0.0.0.0",
  "--protected-mode",
  "no",
  "--save",
  "",
  "--appendonly",
  "no",
];
