/**
 * Whether an engine answers on its socket.
 */
import { request } from "node:http";

interface Reply {
  readonly status: number;
  readonly body: string;
}

const get = (socketPath: string, path: string, signal: AbortSignal): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const call = request({ socketPath, path, signal, agent: false }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
      response.once("end", () => {
        resolve({ status: response.statusCode ?? 0, body });
      });
      response.once("error", reject);
    });
    call.once("error", reject);
    call.end();
  });

/** True when `GET /_ping` is answered with 200 within two seconds. */
export const answersPing = async (socketPath: string): Promise<boolean> =>
  get(socketPath, "/_ping", AbortSignal.timeout(2000)).then(
    ({ status }) => status === 200,
    () => false,
  );
