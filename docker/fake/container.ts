import { ContainerLog } from "./container-log.ts";
import type { PortWish, PublishedPort } from "./port-mapper.ts";
import type { SimulatedService } from "./services.ts";
import { Turnstile } from "./turnstile.ts";

/** What `POST /containers/create` asked for. */
export interface ContainerRequest {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly env: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** As `3306/tcp`. */
  readonly exposed: readonly string[];
  readonly ports: readonly PortWish[];
  readonly networkMode: string;
  /** Aliases by network; the network of `networkMode` need not be among them. */
  readonly networks: Readonly<Record<string, readonly string[]>>;
}

export interface Attachment {
  /** The network's id. */
  readonly network: string;
  readonly networkName: string;
  readonly endpoint: string;
  readonly address: string;
}

/** What a running container holds; gone when it ends. */
export interface Running {
  readonly ports: readonly PublishedPort[];
  readonly attachments: readonly Attachment[];
  readonly service: SimulatedService | null;
  /** Stops what runs inside. */
  readonly stopping: AbortController;
  /** Its traffic goes to another job's service. */
  readonly crosstalk: boolean;
}

export type ContainerStatus = "created" | "running" | "exited";

/** One container. Whoever changes it passes its turnstile, as the daemon locks it. */
export class Container {
  readonly id: string;
  readonly request: ContainerRequest;
  /** Ids of volumes that were made for it. */
  readonly volumes: readonly string[];
  readonly createdAt = new Date();
  readonly log = new ContainerLog();
  readonly turn = new Turnstile();
  running: Running | null = null;
  status: ContainerStatus = "created";
  exitCode = 0;
  /** Why the last start failed; empty otherwise. */
  error = "";
  removing = false;
  readonly #waiting = new Set<(exitCode: number) => void>();

  constructor(id: string, request: ContainerRequest, volumes: readonly string[]) {
    this.id = id;
    this.request = request;
    this.volumes = volumes;
  }

  get name(): string {
    return this.request.name;
  }

  /** Its next exit, or its removal. */
  nextExit(): Promise<number> {
    return new Promise((resolve) => {
      this.#waiting.add(resolve);
    });
  }

  /** Tells everybody who waits or reads along that it is over. */
  announceExit(): void {
    this.log.endFollowing();
    for (const resolve of this.#waiting) resolve(this.exitCode);
    this.#waiting.clear();
  }
}
