import type { Fault, FaultyOperation } from "./faults.ts";
import { Refused } from "./refused.ts";
import type { Reply } from "./reply.ts";
import type { World } from "./world.ts";

export interface Faulty {
  readonly operation: FaultyOperation;
  /** The container's or network's name. */
  readonly name: string;
}

/** Performs an operation as its fault, if it has one, lets it; `perform` looks after what only it can do. */
export const withFault = async (
  world: World,
  { operation, name }: Faulty,
  perform: (fault: Fault | null) => Promise<Reply>,
): Promise<Reply> => {
  const fault = world.faults.draw(operation, name);
  switch (fault?.kind) {
    case "refuse":
      throw new Refused(fault.status, fault.message);
    case "slow":
      await world.delays.for(fault.ms);
      return await perform(fault);
    case "hang":
      await perform(fault);
      return { kind: "never" };
    case "close-mid-answer":
      return { kind: "broken-off", whole: await perform(fault) };
    default:
      return await perform(fault);
  }
};
