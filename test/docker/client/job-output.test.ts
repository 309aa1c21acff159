import { createServer, type ServerResponse } from "node:http";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Dockerode from "dockerode";
import { expect, onTestFinished, test } from "vitest";
import { JobOutput } from "../../../docker/client/job-output.ts";
import { encodeJobLine, type JobLine } from "../../../docker/probe/job-lines.ts";

const READY: JobLine = { step: "ready", service: "redis", attempts: 1 };
const IDENTITY: JobLine = { step: "identity", service: "redis", nonces: ["n"] };

const said = (...lines: readonly JobLine[]): string => lines.map(encodeJobLine).join("");

/** One frame of a container's log: stream number, three zeros, length, text. */
const framed = (stream: 1 | 2, text: string): Buffer => {
  const head = Buffer.alloc(8);
  head.writeUInt8(stream, 0);
  head.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([head, Buffer.from(text)]);
};

/** What a daemon with one job container tells of it, and how often it was asked for the log as a whole. */
const daemonWith = async ({
  follow,
  whole,
}: {
  readonly follow: (response: ServerResponse) => void;
  readonly whole: Buffer;
}) => {
  const directory = mkdtempSync(join(tmpdir(), "job-output-"));
  let readWhole = 0;
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? "", "http://daemon");
    response.writeHead(200, { "content-type": "application/vnd.docker.raw-stream" });
    if (searchParams.has("follow")) {
      follow(response);
    } else {
      readWhole += 1;
      response.end(whole);
    }
  }).listen(join(directory, "s"));
  await once(server, "listening");
  const output = new JobOutput(new Dockerode({ socketPath: join(directory, "s") }), "j1");
  onTestFinished(() => {
    output.close();
    server.closeAllConnections();
    server.close();
    rmSync(directory, { recursive: true });
  });
  return { output, readWhole: () => readWhole };
};

const never = new AbortController().signal;

test("each line is told as it comes, and a log that was followed to its last line is not read again", async () => {
  let goOn = (): void => undefined;
  const { output, readWhole } = await daemonWith({
    follow: (response) => {
      response.write(framed(1, said(READY)));
      goOn = () => response.end(framed(1, said(IDENTITY)));
    },
    whole: framed(1, said(READY, IDENTITY)),
  });
  expect(await output.line("ready", "redis", never)).toEqual(READY);
  const identity = output.line("identity", "redis", never);
  goOn();
  expect(await identity).toEqual(IDENTITY);
  expect(readWhole()).toBe(0);
});

test.each<[string, readonly JobLine[]]>([
  ["its last line", [READY]],
  ["any line", []],
])("a followed log that ended before %s is read again as a whole, once", async (_, followed) => {
  const { output, readWhole } = await daemonWith({
    follow: (response) => response.end(framed(1, said(...followed))),
    whole: framed(1, said(READY, IDENTITY)),
  });
  const both = ["ready", "identity"] as const;
  const lines = await Promise.all(both.map((step) => output.line(step, "redis", never)));
  expect(lines).toEqual([READY, IDENTITY]);
  // And one that is asked for when all that is over.
  expect(await output.line("identity", "redis", never)).toEqual(IDENTITY);
  expect(readWhole()).toBe(1);
});

test("a job container that ended without the line has ended, with its last words said once", async () => {
  const words = framed(2, "job-main: not a request: {\n");
  const { output, readWhole } = await daemonWith({
    follow: (response) => response.end(words),
    whole: words,
  });
  const first = output.line("ready", "redis", never);
  await expect(first).rejects.toThrow(/^the job container ended: job-main: not a request: \{$/);
  await expect(output.line("identity", "redis", never)).rejects.toThrow(/^the job container ended/);
  expect(readWhole()).toBe(1);
});
