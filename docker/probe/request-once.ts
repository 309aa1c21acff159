import { get } from "node:http";

/**
 * One request over a connection of its own. The server closes it, so that no ports are used up on this side.
 *
 * @throws the socket's error, the signal's reason, or Error for an answer that is no success
 */
export const requestOnce = (url: string, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const request = get(url, { agent: false, signal }, (response) => {
      response.resume();
      response.once("error", reject);
      response.once("end", () => {
        const { statusCode = 0 } = response;
        if (statusCode === 200) resolve();
        else reject(new Error(`answered with ${String(statusCode)}`));
      });
    });
    request.once("error", reject);
  });
