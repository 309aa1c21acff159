import type { Duplex } from "node:stream";
import { Conversation } from "../probe/conversation.ts";
import type { Protocol } from "../probe/protocol.ts";
import { serveClickhouse } from "./clickhouse-server.ts";
import { serveMysql } from "./mysql-server.ts";
import { refuseLoading, serveRedis } from "./redis-server.ts";

/** What a simulated service keeps: one set of nonces for each container. */
export type Nonces = Set<string>;

/** The port on which a service of this protocol listens in its container. */
const PORTS: Readonly<Record<Protocol, number>> = { mysql: 3306, redis: 6379, clickhouse: 8123 };

/** Image names, without registry, owner and tag, that stand for a service. */
const IMAGES: readonly (readonly [RegExp, Protocol])[] = [
  [/mysql|mariadb/, "mysql"],
  [/redis|valkey/, "redis"],
  [/clickhouse/, "clickhouse"],
];

const SERVERS: Readonly<
  Record<Protocol, (conversation: Conversation, nonces: Nonces) => Promise<void>>
> = { mysql: serveMysql, redis: serveRedis, clickhouse: serveClickhouse };

/** The service that a container of this image runs; null for an image that runs none. */
export const protocolOf = (image: string): Protocol | null => {
  const name = image.split("/").at(-1)?.split(":")[0] ?? "";
  return IMAGES.find(([pattern]) => pattern.test(name))?.[1] ?? null;
};

/** An orderly close, as a client of a port without a service sees it; the rest goes when the client does. */
export const closeAtOnce = (stream: Duplex): void => {
  stream.on("error", () => undefined);
  stream.resume().end();
};

/** The service in one container, from its start to its end. */
export class SimulatedService {
  readonly protocol: Protocol;
  readonly nonces: Nonces = new Set();
  readonly #readyAt: number;
  readonly #streams = new Set<Duplex>();

  /** @param readyAt - on the clock of `performance.now()` */
  constructor(protocol: Protocol, readyAt: number) {
    this.protocol = protocol;
    this.#readyAt = readyAt;
  }

  get ready(): boolean {
    return performance.now() >= this.#readyAt;
  }

  /** Whether a connection from inside the network is accepted; through a published port, RootlessKit accepts all. */
  listens(containerPort: number): boolean {
    return this.#serverAt(containerPort) !== null;
  }

  /**
   * Takes over the server's end of a connection. Where nobody listens, and before the service is ready, it is closed
   * at once, as RootlessKit does; Redis listens early and says that it is loading.
   */
  attend(stream: Duplex, containerPort: number): void {
    const conversation = new Conversation(stream);
    const serve = this.#serverAt(containerPort);
    if (serve === null) {
      closeAtOnce(stream);
      return;
    }
    this.#streams.add(stream);
    // The client's going is a conversation's ordinary end.
    const end = (): void => {
      this.#streams.delete(stream);
      stream.destroy();
    };
    serve(conversation).then(end, end);
  }

  /** Ends every connection, as the death of the process would. */
  stop(): void {
    for (const stream of this.#streams) stream.destroy();
  }

  #serverAt(containerPort: number): ((conversation: Conversation) => Promise<void>) | null {
    if (containerPort !== PORTS[this.protocol]) return null;
    if (this.ready) return (conversation) => SERVERS[this.protocol](conversation, this.nonces);
    return this.protocol === "redis" ? refuseLoading : null;
  }
}
