/**
 * The client of the datapath scenario, on a host or in a container: `node datapath-main.js '{"kind":…}'`.
 *
 * Exit codes: 0 all lines are out, whatever they say; 64 the argument is not a request.
 */
import { lookup } from "node:dns/promises";
import { encodeDatapathLine, type DatapathLine } from "./datapath-lines.ts";
import { decodeDatapathRequest, type DatapathRequest } from "./datapath-request.ts";
import { dialTcp } from "./dial.ts";
import { LocalPorts } from "./local-ports.ts";
import { reach } from "./reach.ts";
import { makeRequests } from "./requests.ts";
import { wordsOf } from "./words.ts";

const EXIT_USAGE = 64;

/** Beyond what was asked for, for a server that stops answering. */
const SLACK_MS = 10_000;

const say = (line: DatapathLine): void => {
  process.stdout.write(encodeDatapathLine(line));
};

const perform = async (request: DatapathRequest): Promise<void> => {
  const { host, port, family } = request;
  let address: string;
  try {
    ({ address } = await lookup(host, { family }));
  } catch (error) {
    // A name without an address of that family.
    const words = wordsOf(error);
    if (request.kind === "reach") {
      say({ step: "reached", address: host, outcome: "unreachable", words });
    } else say({ step: "failed", words });
    return;
  }
  const dial = dialTcp({ host: address, port, localPorts: new LocalPorts() });
  if (request.kind === "reach") {
    say({ step: "reached", ...(await reach({ ...request, address }, dial)) });
    return;
  }
  try {
    const signal = AbortSignal.timeout(request.connectMs + request.holdMs + SLACK_MS);
    await makeRequests(request, { dial, now: () => performance.now(), say, signal });
  } catch (error) {
    say({ step: "failed", words: wordsOf(error) });
  }
};

const requested = (): DatapathRequest | null => {
  try {
    return decodeDatapathRequest(process.argv[2] ?? "");
  } catch (error) {
    process.stderr.write(`datapath-main: not a request: ${wordsOf(error)}\n`);
    return null;
  }
};

const request = requested();
if (request === null) process.exitCode = EXIT_USAGE;
else await perform(request);
