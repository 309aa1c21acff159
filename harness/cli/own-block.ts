/**
 * Which ports a run takes in mode `ports-block`: those of one run are not those of another on the same machine, nor
 * any that are in use when the run begins. The plan has them by number, so a journal says which they were.
 */
import { readSockets } from "../../docker/evidence/sockets.ts";
import { holdUnlessHeld } from "../../docker/managed/exclusive.ts";
import { BLOCK_FIRST_PORT, BLOCK_LAST_PORT } from "../core/modes.ts";
import { blockSize, plan } from "../core/plan.ts";
import type { CleanupStack } from "../run/cleanup.ts";
import type { LaidOutRun } from "./record-run.ts";
import type { Shell } from "./shell.ts";

/** Ports are claimed in units of so many; all ports of the mode are 126 units. */
const UNIT = 36;

const UNITS = Array.from(
  { length: Math.floor((BLOCK_LAST_PORT - BLOCK_FIRST_PORT + 1) / UNIT) },
  (_, index) => BLOCK_FIRST_PORT + index * UNIT,
);

type Release = () => void;

export interface BlockRequest {
  /** Ports in a row. */
  readonly size: number;
  /** Ports of this machine that are in use. */
  readonly used: ReadonlySet<number>;
  /** `null` if another run has what begins at this port. */
  readonly claim: (port: number) => Promise<Release | null>;
}

/** @returns the first port of the block and what gives it back; `null` if no such block is free */
export const claimBlock = async ({
  size,
  used,
  claim,
}: BlockRequest): Promise<{ readonly first: number; readonly release: Release } | null> => {
  const needed = Math.ceil(size / UNIT);
  const isUsed = (unit: number): boolean =>
    Array.from({ length: UNIT }, (_, offset) => unit + offset).some((port) => used.has(port));
  let held: { readonly unit: number; readonly release: Release }[] = [];
  const release = (): void => {
    for (const each of held) each.release();
    held = [];
  };
  for (const unit of UNITS) {
    const claimed = isUsed(unit) ? null : await claim(unit);
    if (claimed === null) {
      release();
      continue;
    }
    held.push({ unit, release: claimed });
    const [first] = held;
    if (first !== undefined && held.length === needed) return { first: first.unit, release };
  }
  release();
  return null;
};

/** Local ports of this machine's TCP sockets; none if they cannot be read. */
export const usedPorts = async (): Promise<ReadonlySet<number>> => {
  const table = await readSockets({ kind: "host" });
  return new Set(table?.all().map(({ localPort }) => localPort));
};

/** The run with a block that no other run of this machine has; the claim ends with `cleanup`. */
export const withOwnBlock = async (
  laidOut: LaidOutRun,
  { say }: Pick<Shell, "say">,
  cleanup: CleanupStack,
): Promise<LaidOutRun> => {
  const size = blockSize(laidOut.request);
  // The simulated engine has a simulated host.
  if (size === 0 || laidOut.engine.kind === "fake") return laidOut;
  const block = await claimBlock({
    size,
    used: await usedPorts(),
    claim: (port) => holdUnlessHeld(`ports-block ${String(port)}`),
  });
  if (block === null) {
    say(
      `--mode ports-block: no ${String(size)} ports in a row from ${String(BLOCK_FIRST_PORT)} up are free: ` +
        "another run or program holds some, and jobs that ask for those will fail",
    );
    return laidOut;
  }
  cleanup.defer(block.release);
  const request = { ...laidOut.request, firstBlockPort: block.first };
  return { ...laidOut, request, plan: plan(request) };
};
