import type { AddressPools } from "./address-pools.ts";
import type { Behaviour } from "./behaviour.ts";
import type { Identifiers } from "./identifiers.ts";
import { Refused } from "./refused.ts";
import { addressText, type Subnet } from "./subnets.ts";

/** A container's place on a network. */
export interface Endpoint {
  readonly id: string;
  readonly container: string;
  /** The container's name. */
  readonly name: string;
  readonly address: string;
  /** Names by which the others on the network find it, the container's own included. */
  readonly aliases: readonly string[];
}

export interface Network {
  readonly id: string;
  readonly name: string;
  readonly driver: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Null for `host` and `none`. */
  readonly subnet: Subnet | null;
  readonly createdAt: Date;
  /** By the container's id. */
  readonly endpoints: Map<string, Endpoint>;
}

export interface NetworkRequest {
  readonly name: string;
  readonly driver: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Named by the user; null: from the pools. */
  readonly subnet: string | null;
  /** Only asked for by clients of Engine 24 and before. */
  readonly checkDuplicate: boolean;
}

const PREDEFINED = new Set(["bridge", "host", "none"]);

/** The daemon's networks. Nothing here waits: the caller holds the turnstile and takes the time. */
export class Networks {
  readonly #byId = new Map<string, Network>();
  readonly #byName = new Map<string, Set<Network>>();
  readonly #pools: AddressPools;
  readonly #behaviour: Behaviour;
  readonly #ids: Identifiers;

  /** The three predefined networks come first; `bridge` takes the pools' first subnet. */
  constructor(pools: AddressPools, behaviour: Behaviour, ids: Identifiers) {
    this.#pools = pools;
    this.#behaviour = behaviour;
    this.#ids = ids;
    this.#enter({ name: "bridge", driver: "bridge", labels: {}, subnet: pools.allocate() });
    this.#enter({ name: "host", driver: "host", labels: {}, subnet: null });
    this.#enter({ name: "none", driver: "null", labels: {}, subnet: null });
  }

  all(): readonly Network[] {
    return [...this.#byId.values()];
  }

  /** @throws Refused: name taken, subnets exhausted, subnet overlaps */
  create(request: NetworkRequest): { readonly network: Network; readonly warning: string } {
    const { name, driver, labels, subnet, checkDuplicate } = request;
    const [namesake] = this.#byName.get(name) ?? [];
    const { unique, takenStatus } = this.#behaviour.networkName;
    if (namesake !== undefined && (unique || checkDuplicate)) {
      throw new Refused(takenStatus, `network with name ${name} already exists`);
    }
    const network = this.#enter({
      name,
      driver,
      labels,
      subnet: subnet === null ? this.#pools.allocate() : this.#pools.claim(subnet),
    });
    const warning =
      namesake === undefined
        ? ""
        : `Network with name ${name} (id : ${namesake.id}) already exists`;
    return { network, warning };
  }

  /** By name or id. @throws Refused 404, or 400 where two have the name */
  find(reference: string): Network {
    const byId = this.#byId.get(reference);
    if (byId !== undefined) return byId;
    const namesakes = [...(this.#byName.get(reference) ?? [])];
    if (namesakes.length > 1) {
      const matches = `${String(namesakes.length)} matches found on name`;
      throw new Refused(400, `network ${reference} is ambiguous (${matches})`);
    }
    const [network] = namesakes;
    if (network === undefined) throw new Refused(404, `network ${reference} not found`);
    return network;
  }

  /** @throws Refused 403: predefined, or containers are still attached */
  remove(network: Network): void {
    if (PREDEFINED.has(network.name)) {
      const words = `${network.name} is a pre-defined network and cannot be removed`;
      throw new Refused(403, words);
    }
    if (network.endpoints.size > 0) {
      const endpoints = [...network.endpoints.values()];
      throw new Refused(403, this.#behaviour.activeEndpoints(network, endpoints));
    }
    if (!this.#byId.delete(network.id)) {
      throw new Refused(404, `network ${network.name} not found`);
    }
    this.#byName.get(network.name)?.delete(network);
    if (this.#byName.get(network.name)?.size === 0) this.#byName.delete(network.name);
    if (network.subnet !== null) this.#pools.release(network.subnet);
  }

  /** @throws Refused 500 when the subnet has no address left */
  attach(network: Network, container: Omit<Endpoint, "id" | "address">): Endpoint {
    const endpoint = { ...container, id: this.#ids.next(), address: this.#address(network) };
    network.endpoints.set(endpoint.container, endpoint);
    return endpoint;
  }

  detach(network: Network, container: string): void {
    network.endpoints.delete(container);
  }

  #enter(entry: Pick<Network, "name" | "driver" | "labels" | "subnet">): Network {
    const network: Network = {
      ...entry,
      id: this.#ids.next(),
      createdAt: new Date(),
      endpoints: new Map(),
    };
    this.#byId.set(network.id, network);
    const namesakes = this.#byName.get(network.name) ?? new Set();
    this.#byName.set(network.name, namesakes.add(network));
    return network;
  }

  /** The gateway has the first address, the last is for broadcasts. */
  #address({ subnet, endpoints, name, id }: Network): string {
    if (subnet === null) return "";
    const used = new Set([...endpoints.values()].map(({ address }) => address));
    for (let address = subnet.first + 2; address < subnet.last; address += 1) {
      if (!used.has(addressText(address))) return addressText(address);
    }
    const words = `no available IPv4 addresses on this network's address pools: ${name} (${id})`;
    throw new Refused(500, words);
  }
}
