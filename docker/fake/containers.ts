import type { Duplex } from "node:stream";
import type { Protocol } from "../probe/protocol.ts";
import type { Behaviour } from "./behaviour.ts";
import { Container, type Attachment, type ContainerRequest } from "./container.ts";
import type { DaemonLog } from "./daemon-log.ts";
import type { Delays } from "./delays.ts";
import type { Identifiers } from "./identifiers.ts";
import type { LogLines } from "./log-lines.ts";
import type { Networks } from "./networks.ts";
import type { PortMapper, PublishedPort } from "./port-mapper.ts";
import { Refused } from "./refused.ts";
import { closeAtOnce, protocolOf, SimulatedService } from "./services.ts";
import { exitCodeOf, runJobContainer, type Resolve } from "./job-container.ts";
import type { Turnstile } from "./turnstile.ts";
import type { Volumes } from "./volumes.ts";

const KILLED = 137;
const TERMINATED = 143;
/** The daemon's exit code for a container that it could not start. */
const NOT_STARTED = 128;

export interface ContainersParts {
  readonly behaviour: Behaviour;
  readonly delays: Delays;
  readonly ids: Identifiers;
  readonly networks: Networks;
  readonly ports: PortMapper;
  readonly volumes: Volumes;
  /** The daemon's one lock for networks and ports. */
  readonly networking: Turnstile;
  /** From start to ready, in milliseconds. */
  readonly readyAfter: Readonly<Record<Protocol, number>>;
  readonly log: DaemonLog;
  readonly lines: LogLines;
}

/** What goes wrong with one start on purpose. */
export interface StartFault {
  readonly crosstalk: boolean;
  readonly exitEarly: boolean;
}

const wordsOf = (thrown: unknown): string =>
  thrown instanceof Error ? thrown.message : String(thrown);

const sharesNetwork = (one: Container, other: Container): boolean => {
  const networks = new Set(one.running?.attachments.map(({ network }) => network));
  return other.running?.attachments.some(({ network }) => networks.has(network)) ?? false;
};

/** The daemon's containers: what happens to one between its creation and its removal. */
export class Containers {
  readonly #parts: ContainersParts;
  readonly #byId = new Map<string, Container>();
  readonly #byName = new Map<string, Container>();
  /** Running services in the order of their start; for finding another job's. */
  readonly #serving: Readonly<Record<Protocol, Set<Container>>> = {
    mysql: new Set(),
    redis: new Set(),
    clickhouse: new Set(),
  };

  constructor(parts: ContainersParts) {
    this.#parts = parts;
  }

  all(): readonly Container[] {
    return [...this.#byId.values()];
  }

  /** By id, name, or an id's unambiguous beginning. @throws Refused 404 */
  find(reference: string): Container {
    const found =
      this.#byId.get(reference) ??
      this.#byName.get(reference.replace(/^\//, "")) ??
      this.#byPrefix(reference);
    if (found === null) throw new Refused(404, `No such container: ${reference}`);
    return found;
  }

  /** @throws Refused 409 when the name is taken */
  create(request: ContainerRequest): Container {
    const namesake = this.#byName.get(request.name);
    if (namesake !== undefined) {
      throw new Refused(
        409,
        `Conflict. The container name "/${request.name}" is already in use by container "${namesake.id}". You have to remove (or rename) that container to be able to reuse that name.`,
      );
    }
    const { ids, volumes } = this.#parts;
    const id = ids.next();
    // The images of databases declare a volume for their data.
    const data = protocolOf(request.image) === null ? [] : [volumes.createAnonymous(id)];
    const container = new Container(id, request, data);
    this.#byId.set(id, container);
    this.#byName.set(request.name, container);
    return container;
  }

  /**
   * Starts it, unless it runs already.
   *
   * @returns false when it was running
   * @throws Refused with the daemon's words when its network or a port cannot be had
   */
  start(container: Container, fault: StartFault): Promise<boolean> {
    return container.turn.pass(async () => {
      this.#refuseRemoved(container);
      if (container.running !== null) return false;
      const { networking, behaviour } = this.#parts;
      const isBroken = behaviour.startsWithoutNetworkAfterRefusal && container.error !== "";
      try {
        const { attachments, ports } = isBroken
          ? { attachments: [], ports: [] }
          : await networking.pass(() => this.#setUpNetworking(container));
        this.#run(container, attachments, ports, fault.crosstalk);
      } catch (error) {
        container.exitCode = NOT_STARTED;
        container.error = wordsOf(error);
        const { log, lines } = this.#parts;
        const status = error instanceof Refused ? error.status : 500;
        log.append(lines.startRefused({ id: container.id, status, words: wordsOf(error) }));
        throw error;
      }
      this.#parts.log.append(...this.#parts.lines.containerStarted());
      if (fault.exitEarly) container.log.append("stderr", "simulated: exited early\n");
      const exitCode = fault.exitEarly ? 1 : exitCodeOf(container.request.command);
      if (exitCode !== null) this.#end(container, exitCode);
      return true;
    });
  }

  /** Ends it like SIGTERM or, with `kill`, like SIGKILL. @returns false when it was not running */
  stop(container: Container, kill: boolean): Promise<boolean> {
    return container.turn.pass(async () => {
      if (container.running === null) return false;
      await this.#tearDown(container, kill ? KILLED : TERMINATED);
      return true;
    });
  }

  /** @throws Refused 409: running and not forced, or being removed already */
  async remove(
    container: Container,
    { force, volumes }: { readonly force: boolean; readonly volumes: boolean },
  ): Promise<void> {
    if (container.removing) {
      throw new Refused(409, `removal of container ${container.id} is already in progress`);
    }
    if (container.running !== null && !force) {
      throw new Refused(409, this.#parts.behaviour.removeRunning(container));
    }
    container.removing = true;
    await container.turn.pass(async () => {
      if (container.running !== null) await this.#tearDown(container, KILLED);
      container.announceExit();
      this.#byId.delete(container.id);
      this.#byName.delete(container.name);
      this.#parts.volumes.release(container.volumes, volumes);
    });
  }

  /** Connects a stream to a container's port, as RootlessKit does: accepted first, closed where nobody listens. */
  connect(container: Container, containerPort: number, stream: Duplex): void {
    const service = this.#reached(container)?.running?.service ?? null;
    if (service === null) closeAtOnce(stream);
    else service.attend(stream, containerPort);
  }

  #byPrefix(reference: string): Container | null {
    if (!/^[0-9a-f]{4,63}$/.test(reference)) return null;
    const found = this.all().filter(({ id }) => id.startsWith(reference));
    return found.length === 1 ? (found[0] ?? null) : null;
  }

  #refuseRemoved(container: Container): void {
    if (container.removing) {
      throw new Refused(409, "container is marked for removal and cannot be started");
    }
  }

  /** Runs alone: the daemon programs networks and ports under one lock. */
  async #setUpNetworking(
    container: Container,
  ): Promise<{ attachments: readonly Attachment[]; ports: readonly PublishedPort[] }> {
    const { delays } = this.#parts;
    await delays.call();
    const attachments = this.#attach(container);
    try {
      await delays.ports(container.request.ports.length);
      return { attachments, ports: this.#publish(container, attachments) };
    } catch (error) {
      this.#detach(container, attachments);
      throw error;
    }
  }

  #attach(container: Container): readonly Attachment[] {
    const { networks, behaviour } = this.#parts;
    const { networkMode, networks: wanted } = container.request;
    const names = new Set([
      networkMode === "default" ? "bridge" : networkMode,
      ...Object.keys(wanted),
    ]);
    const attachments: Attachment[] = [];
    try {
      for (const name of names) {
        const network = networks.find(name);
        const aliases = [container.name, container.id.slice(0, 12), ...(wanted[name] ?? [])];
        const endpoint = networks.attach(network, {
          container: container.id,
          name: container.name,
          aliases,
        });
        attachments.push({
          network: network.id,
          networkName: network.name,
          endpoint: endpoint.id,
          address: endpoint.address,
        });
      }
      return attachments;
    } catch (error) {
      this.#detach(container, attachments);
      if (!(error instanceof Refused)) throw error;
      throw new Refused(error.status, behaviour.networkingPrefix + error.message);
    }
  }

  #detach(container: Container, attachments: readonly Attachment[]): void {
    for (const { network } of attachments) {
      this.#parts.networks.detach(this.#parts.networks.find(network), container.id);
    }
  }

  #publish(container: Container, attachments: readonly Attachment[]): readonly PublishedPort[] {
    const { ports, behaviour } = this.#parts;
    try {
      return ports.publish(container.id, container.request.ports);
    } catch (error) {
      const endpoint = `${container.name} (${attachments[0]?.endpoint ?? ""})`;
      // Made with InternalErrorf in the daemon: 500 whatever the cause.
      throw new Refused(
        500,
        `${behaviour.networkingPrefix}driver failed programming external connectivity on endpoint ${endpoint}: ${wordsOf(error)}`,
      );
    }
  }

  #run(
    container: Container,
    attachments: readonly Attachment[],
    ports: readonly PublishedPort[],
    crosstalk: boolean,
  ): void {
    const protocol = protocolOf(container.request.image);
    const service =
      protocol === null
        ? null
        : new SimulatedService(protocol, performance.now() + this.#parts.readyAfter[protocol]);
    const stopping = new AbortController();
    container.running = { ports, attachments, service, stopping, crosstalk };
    container.status = "running";
    container.error = "";
    container.exitCode = 0;
    if (protocol !== null) {
      this.#serving[protocol].add(container);
      container.log.append("stdout", `simulated ${protocol}: ready soon\n`);
    }
    void runJobContainer(container, this.#resolverFor(attachments), stopping.signal).then(
      (exitCode) => {
        if (exitCode !== null) this.#end(container, exitCode);
      },
    );
  }

  /** Name resolution as on the networks of one container. */
  #resolverFor(attachments: readonly Attachment[]): Resolve {
    return (host) => {
      for (const { network } of attachments) {
        const { endpoints } = this.#parts.networks.find(network);
        for (const endpoint of endpoints.values()) {
          if (!endpoint.aliases.includes(host) && endpoint.address !== host) continue;
          const { container, address } = endpoint;
          return {
            address,
            connect: (port, stream) => {
              const service = this.#reached(this.#byId.get(container))?.running?.service ?? null;
              if (service?.listens(port) !== true) return false;
              service.attend(stream, port);
              return true;
            },
          };
        }
      }
      return null;
    };
  }

  async #tearDown(container: Container, exitCode: number): Promise<void> {
    const { delays, networking } = this.#parts;
    await networking.pass(async () => {
      await delays.call();
      this.#end(container, exitCode);
    });
  }

  #end(container: Container, exitCode: number): void {
    const { running } = container;
    if (running === null) return;
    container.running = null;
    container.status = "exited";
    container.exitCode = exitCode;
    running.stopping.abort();
    running.service?.stop();
    if (running.service !== null) this.#serving[running.service.protocol].delete(container);
    this.#parts.ports.withdraw(running.ports);
    this.#detach(container, running.attachments);
    container.announceExit();
  }

  /** Where traffic is crossed: the first service of the same kind on other networks, if there is one. */
  #reached(container: Container | undefined): Container | undefined {
    const { crosstalk = false, service = null } = container?.running ?? {};
    if (container === undefined || service === null || !crosstalk) return container;
    for (const other of this.#serving[service.protocol]) {
      if (other !== container && !sharesNetwork(container, other)) return other;
    }
    return container;
  }
}
