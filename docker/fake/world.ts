import { AddressPools } from "./address-pools.ts";
import { behaviourOf, type Behaviour } from "./behaviour.ts";
import { Containers } from "./containers.ts";
import { Delays } from "./delays.ts";
import { FaultInjector, type InjectedFault } from "./faults.ts";
import { Identifiers } from "./identifiers.ts";
import { Images } from "./images.ts";
import { Networks } from "./networks.ts";
import type { Settings } from "./options.ts";
import { PortAllocator } from "./port-allocator.ts";
import { PortMapper } from "./port-mapper.ts";
import { RootlesskitPorts } from "./rootlesskit-ports.ts";
import { Turnstile } from "./turnstile.ts";
import { Volumes } from "./volumes.ts";

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
  readonly rootlesskit: RootlesskitPorts;
  readonly faults: FaultInjector;
  /** Answers 500 to everything while true. */
  refuseEverything: boolean;

  readonly #ids: Identifiers;

  /** @param stopped - ends every wait of the simulation */
  constructor(settings: Settings, stopped: AbortSignal) {
    const { seed, version, pools, portRange, occupied, leaked, latency } = settings;
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
    this.rootlesskit = new RootlesskitPorts(occupied, leaked);
    const allocator = new PortAllocator(portRange);
    this.containers = new Containers({
      behaviour: this.behaviour,
      delays: this.delays,
      ids,
      networks: this.networks,
      ports: new PortMapper(allocator, this.rootlesskit, this.behaviour),
      volumes: this.volumes,
      networking: this.networking,
      readyAfter: settings.readyAfter,
    });
  }

  /** For a container that nobody named. */
  randomName(): string {
    return `unnamed_${this.#ids.next().slice(0, 12)}`;
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
