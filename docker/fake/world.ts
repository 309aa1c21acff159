import { AddressPools } from "./address-pools.ts";
import { behaviourOf, type Behaviour } from "./behaviour.ts";
import { Containers } from "./containers.ts";
import { DaemonLog } from "./daemon-log.ts";
import { DaemonState } from "./daemon-state.ts";
import { Delays } from "./delays.ts";
import { FaultInjector, type InjectedFault } from "./faults.ts";
import type { HeldPort } from "./held-port.ts";
import { HostPorts } from "./host-ports.ts";
import { Identifiers } from "./identifiers.ts";
import { Images } from "./images.ts";
import { LogLines } from "./log-lines.ts";
import { Networks } from "./networks.ts";
import type { Settings } from "./options.ts";
import { PortAllocator } from "./port-allocator.ts";
import { PortMapper } from "./port-mapper.ts";
import { Refused } from "./refused.ts";
import { RootlesskitPorts } from "./rootlesskit-ports.ts";
import { Turnstile } from "./turnstile.ts";
import { Volumes } from "./volumes.ts";

const holderName = (port: number): string => `holder-of-${String(port)}`;

/** Everything there is in the simulation; tests look into it. */
export class World {
  readonly settings: Settings;
  readonly behaviour: Behaviour;
  /** Held while networks or ports are programmed, as in the real daemon. */
  readonly networking = new Turnstile();
  readonly delays: Delays;
  readonly networks: Networks;
  readonly containers: Containers;
  readonly volumes: Volumes;
  readonly images: Images;
  readonly hostPorts = new HostPorts();
  readonly rootlesskit = new RootlesskitPorts(this.hostPorts);
  readonly allocator: PortAllocator;
  readonly log = new DaemonLog();
  readonly daemon = new DaemonState(() => {
    this.stop();
    this.rootlesskit.end();
  });
  readonly faults: FaultInjector;
  /** Answers 500 to everything while true. */
  refuseEverything: boolean;

  readonly #ids: Identifiers;

  /** @param stopped - ends every wait of the simulation */
  constructor(settings: Settings, stopped: AbortSignal) {
    const { seed, version, pools, portRange, latency } = settings;
    const ids = new Identifiers(seed);
    this.#ids = ids;
    this.settings = settings;
    this.behaviour = behaviourOf(version);
    this.refuseEverything = settings.refuseEverything;
    this.delays = new Delays(latency, seed, stopped);
    this.faults = new FaultInjector(settings.faults, seed);
    this.volumes = new Volumes(ids);
    this.images = new Images(settings.images);
    this.networks = new Networks(new AddressPools(pools, this.behaviour), this.behaviour, ids);
    this.allocator = new PortAllocator(portRange);
    const { allocator, rootlesskit, behaviour, log } = this;
    const lines = new LogLines(behaviour);
    this.containers = new Containers({
      behaviour: this.behaviour,
      delays: this.delays,
      ids,
      networks: this.networks,
      ports: new PortMapper({ allocator, rootlesskit, behaviour, log, lines }),
      log,
      lines,
      volumes: this.volumes,
      networking: this.networking,
      readyAfter: settings.readyAfter,
    });
  }

  /** For a container that nobody named. */
  randomName(): string {
    return `unnamed_${this.#ids.next().slice(0, 12)}`;
  }

  /** @throws Refused 409 when somebody has the port already */
  async occupy({ port, by, labels = {} }: HeldPort): Promise<void> {
    if (this.hostPorts.has(port) || this.rootlesskit.listening().includes(port)) {
      throw new Refused(409, `port ${String(port)} is in use`);
    }
    switch (by) {
      case "forward":
        this.rootlesskit.leak(port);
        return;
      case "container": {
        const container = this.containers.create({
          name: holderName(port),
          ...{ image: "busybox", command: [], env: [], labels, exposed: [] },
          ports: [{ containerPort: 80, hostIp: "", hostPort: port }],
          ...{ networkMode: "bridge", networks: {} },
        });
        await this.containers.start(container, { crosstalk: false, exitEarly: false });
        return;
      }
      default:
        this.hostPorts.hold(port, by);
    }
  }

  /** Undoes `occupy`; a port that nobody holds stays free. */
  async vacate(port: number): Promise<void> {
    this.hostPorts.vacate(port);
    this.rootlesskit.removeLeaked(port);
    const holder = this.containers.all().find(({ name }) => name === holderName(port));
    if (holder !== undefined) await this.containers.remove(holder, { force: true, volumes: true });
  }

  /** Ends what runs in the containers. */
  stop(): void {
    for (const { running } of this.containers.all()) {
      running?.stopping.abort();
      running?.service?.stop();
    }
  }

  /** Faults that have happened, in their order. */
  get injected(): readonly InjectedFault[] {
    return this.faults.injected;
  }
}
