/**
 * An engine that answers properly until it does not: a proxy before the fake engine that spoils one answer and every
 * one after it.
 */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startFakeEngine } from "../../docker/fake/engine.ts";

/** How an answer is spoiled. `elsewhere`: an address that must never be asked. */
type Spoil = (response: ServerResponse, elsewhere: string) => void;

const json = (response: ServerResponse, status: number, body: string): void => {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(body);
};

const endless = (response: ServerResponse): void => {
  const chunk = Buffer.alloc(1 << 20, " ");
  response.writeHead(200, { "content-type": "application/json" });
  const more = (): void => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on("drain", more);
  more();
};

const SPOILS = {
  cut: (response) => {
    response.writeHead(200, { "content-length": "1000" });
    response.write("[", () => response.destroy());
  },
  "closed at once": (response) => {
    response.destroy();
  },
  endless,
  redirect: (response, elsewhere) => {
    response.writeHead(302, { location: elsewhere }).end();
  },
  "not JSON": (response) => {
    response.writeHead(200, { "content-type": "text/html" }).end("<html>hello</html>");
  },
  "wrong types": (response) => {
    json(response, 200, '{"Version":7,"Id":[],"Volumes":3,"Names":null}');
  },
  "a bare null": (response) => {
    json(response, 200, "null");
  },
  "a deep list": (response) => {
    json(response, 200, `${"[".repeat(100_000)}${"]".repeat(100_000)}`);
  },
  "huge headers": (response) => {
    response.socket?.end(`HTTP/1.1 200 OK\r\nX: ${"x".repeat(1 << 20)}\r\n\r\n`);
  },
  "not HTTP": (response) => {
    response.socket?.end("SSH-2.0-OpenSSH_9.2\r\n");
  },
  refusal: (response) => {
    json(response, 500, '{"message":"a\\r\\n::error::no\\u001b[31m"}');
  },
  silence: () => undefined,
} satisfies Readonly<Record<string, Spoil>>;

export type SpoilName = keyof typeof SPOILS;
export const SPOIL_NAMES = Object.keys(SPOILS) as readonly SpoilName[];

export interface HostileEngine {
  readonly socketPath: string;
  /** Resolves when the first answer is spoiled. */
  readonly spoiled: Promise<void>;
  /** How many requests came to the address that redirects point to. */
  readonly elsewhereAsked: () => number;
  readonly close: () => Promise<void>;
}

/** @param after - how many answers are proper */
export const startHostileEngine = async (
  spoil: SpoilName,
  after: number,
): Promise<HostileEngine> => {
  const directory = mkdtempSync(join(tmpdir(), "stress-hostile-"));
  const fake = await startFakeEngine({ socketPath: join(directory, "fake.sock") });
  let asked = 0;
  const elsewhere = createServer((_request, response) => {
    asked += 1;
    response.end("{}");
  }).listen(0, "127.0.0.1");
  await once(elsewhere, "listening");
  const address = elsewhere.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const forward = (incoming: IncomingMessage, response: ServerResponse): void => {
    const { method, url, headers } = incoming;
    const onward = request(
      { socketPath: fake.socketPath, method, path: url, headers, agent: false },
      (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      },
    );
    onward.once("error", () => response.destroy());
    incoming.pipe(onward);
  };
  let answered = 0;
  let announce = (): void => undefined;
  const spoiled = new Promise<void>((resolve) => {
    announce = resolve;
  });
  const proxy = createServer((incoming, response) => {
    response.on("error", () => undefined);
    answered += 1;
    if (answered <= after) {
      forward(incoming, response);
      return;
    }
    SPOILS[spoil](response, `http://127.0.0.1:${String(port)}/`);
    announce();
  }).listen(join(directory, "engine.sock"));
  await once(proxy, "listening");
  return {
    socketPath: join(directory, "engine.sock"),
    spoiled,
    elsewhereAsked: () => asked,
    close: async () => {
      for (const server of [proxy, elsewhere]) {
        server.closeAllConnections();
        server.close();
      }
      await fake.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
};
