/**
 * The datapath client's program, here or in a container, and what it says.
 */
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import type { Reach } from "../../harness/core/datapath/measurements.ts";
import { PROBE_COMMAND } from "../images/probe-files.ts";
import { decodeDatapathLine, type DatapathLine } from "../probe/datapath-lines.ts";
import type { DatapathRequest } from "../probe/datapath-request.ts";
import type { ServerKind } from "./host-servers.ts";
import { startIn, type Place, type StartedProgram } from "./place.ts";
import type { Family, PathOptions, Target } from "./target.ts";

type ClientOptions = Pick<PathOptions, "docker" | "probeDirectory" | "signal">;

const PROGRAM = "datapath-main.js";

const commandIn = (place: Place, request: DatapathRequest, probeDirectory: string) => {
  const [node = "", jobProgram = ""] = PROBE_COMMAND;
  return place.kind === "host"
    ? [process.execPath, join(probeDirectory, PROGRAM), JSON.stringify(request)]
    : [node, join(dirname(jobProgram), PROGRAM), JSON.stringify(request)];
};

export interface Client {
  readonly pid: StartedProgram["pid"];
  /** The next thing it says. @throws Error with its last words when it has ended without */
  readonly next: () => Promise<DatapathLine>;
}

/** Starts the program where the client of the way is. */
export const startClient = async (
  from: Place,
  request: DatapathRequest,
  { docker, probeDirectory, signal }: ClientOptions,
): Promise<Client> => {
  const started = await startIn(from, commandIn(from, request, probeDirectory), { docker, signal });
  const lines = createInterface({ input: started.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<DatapathLine> => {
    for (;;) {
      const read = await lines.next();
      if (read.done === true) {
        const words = await started.ended;
        signal.throwIfAborted();
        throw new Error(`the client ended: ${words === "" ? "it said nothing" : words}`);
      }
      const line = decodeDatapathLine(read.value);
      if (line !== null) return line;
    }
  };
  return { pid: started.pid, next };
};

/** For a connection, and again for the answer on it. */
const PATIENCE_MS = 2000;

/** Whether the server of a way answers its client. */
export const reachOf = async (
  {
    target,
    question,
    family,
  }: {
    readonly target: Target;
    readonly question: ServerKind;
    readonly family: Family;
  },
  options: ClientOptions,
): Promise<Reach> => {
  const { host, port } = target;
  const request = { kind: "reach", host, port, family, question, patienceMs: PATIENCE_MS } as const;
  const client = await startClient(target.from, request, options);
  const line = await client.next();
  if (line.step !== "reached") throw new Error(`the client said ${line.step}`);
  const { address, outcome, words } = line;
  return { address, port, outcome, words };
};
