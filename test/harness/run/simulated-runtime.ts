import type { EngineFacts } from "../../../harness/core/events.ts";
import { UNCOUNTED } from "../../../harness/core/evidence.ts";
import type { Answer, Inventory, Operation } from "../../../harness/core/model.ts";
import { DeadlinePassed } from "../../../harness/core/errors.ts";
import type { Clock, Runtime, Witness } from "../../../harness/core/ports.ts";
import { millis } from "../../../harness/core/units.ts";

export const FACTS: EngineFacts = {
  simulated: true,
  address: "nowhere",
  version: "0",
  apiVersion: "1.41",
  rootless: true,
  components: {},
  storageDriver: "none",
  cgroupDriver: "none",
  networkDriver: null,
  portDriver: null,
  kernel: "0",
  architecture: "none",
  operatingSystem: "none",
  cores: 2,
  memoryBytes: 1,
  hostPortRange: null,
  enginePortRange: null,
  images: {},
};

export interface SimulatedOptions {
  readonly clock: Clock;
  /** What an operation is answered, and after how long; `null`: never. */
  readonly answer: (
    operation: Operation,
  ) => { readonly answer: Answer; readonly after: number } | null;
  readonly alive?: () => boolean;
  /** What is seen beside the jobs; nothing unless told otherwise. */
  readonly witness?: Partial<Witness>;
}

/** Sees nothing, as where neither sockets nor logs can be read. */
export const BLIND: Witness = {
  look: () =>
    Promise.resolve({ about: "daemon", state: null, pid: null, answers: true, goroutines: null }),
  ports: () => Promise.resolve({ forwards: null, engineListening: null }),
  counters: () => Promise.resolve(UNCOUNTED),
  processor: () => Promise.resolve(null),
  log: () => Promise.resolve(null),
};

/** A runtime without an engine: it remembers what was created and removed, and takes virtual time. */
export const simulatedRuntime = ({
  clock,
  answer,
  alive = () => true,
  witness = {},
}: SimulatedOptions) => {
  const containers = new Set<string>();
  const networks = new Set<string>();
  const removed: Inventory[] = [];
  const apply = (operation: Operation): void => {
    if (operation.kind === "network.create") networks.add(operation.network);
    if (operation.kind === "container.create") containers.add(operation.container);
    if (operation.kind === "network.remove") networks.delete(operation.network);
    if (operation.kind === "container.remove") containers.delete(operation.container);
  };
  const inventory = (): Inventory => ({
    containers: [...containers],
    networks: [...networks],
    volumes: [],
  });
  const runtime: Runtime = {
    perform: async (operation, _knowledge, signal) => {
      const writtenAt = clock.now();
      const planned = answer(operation);
      await clock.sleep(millis(planned?.after ?? 1e12), signal);
      if (signal.aborted) {
        // As a daemon does: what was asked for is done all the same, later.
        if (planned?.answer.kind === "done") {
          const late = millis(writtenAt + planned.after - clock.now());
          void clock.sleep(late, new AbortController().signal).then(() => {
            apply(operation);
          });
        }
        const reason = signal.reason instanceof DeadlinePassed ? "timeout" : "cancelled";
        return { answer: { kind: "unknown", reason, message: "aborted" }, writtenAt };
      }
      if (planned?.answer.kind === "done") apply(operation);
      return { answer: planned?.answer ?? { kind: "done" }, writtenAt };
    },
    warm: () => Promise.resolve(),
    describe: () => Promise.resolve(FACTS),
    alive: () => Promise.resolve(alive()),
    inventory: () => Promise.resolve(inventory()),
    remove: (_, what) => {
      removed.push(what);
      for (const name of what.containers) containers.delete(name);
      for (const name of what.networks) networks.delete(name);
      return Promise.resolve([]);
    },
    listening: () => Promise.resolve([]),
    witness: { ...BLIND, ...witness },
  };
  return { runtime, inventory, removed };
};
