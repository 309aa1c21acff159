import type { Cause } from "../../harness/core/causes.ts";
import type { Nemesis, Occupant } from "../../harness/core/nemesis.ts";
import type { PortHolder } from "./port-holder.ts";
import type { TroublePart } from "./trouble.ts";

/** The cause that a right look at a port finds, by how the port is held. */
export const OCCUPANT_TRUTH: Readonly<Record<Occupant, Cause>> = {
  outbound: "outbound_connection",
  ephemeral: "outbound_connection",
  listener: "host_listener",
  timewait: "time_wait",
  forward: "leaked_forward",
};

export interface TakePortsOptions {
  readonly kind: Extract<Nemesis["kind"], "occupy" | "second-engine">;
  /** Whoever is to hold them; of this strike alone. */
  readonly holder: () => Promise<PortHolder>;
  /** How many, as far as the wave asks for so many. */
  readonly ports: number;
  readonly truth: Cause;
  /** Where the next port is from. */
  readonly from: "nextPort" | "nextEphemeral";
}

/** Takes ports of the host that jobs are about to use; one that somebody has already is left to him. */
export const takePorts = ({ kind, holder, ports, truth, from }: TakePortsOptions): TroublePart => {
  let holding: PortHolder | null = null;
  return {
    strike: async ({ report, inTime, ...supplies }) => {
      const held = await holder();
      holding = held;
      for (let taken = 0; taken < ports;) {
        const port = await supplies[from]();
        if (port === null) return;
        const note = await inTime((signal) => held.hold(port, signal));
        if (note === null) continue;
        taken += 1;
        report({ kind, target: { of: "port", port }, truth, note });
      }
    },
    lift: async () => {
      await holding?.release();
    },
  };
};
