/**
 * A container's health as the Engine API tells it, for runners that ask it and not the docker CLI.
 */
import type Dockerode from "dockerode";
import { toAnswer } from "../client/answer.ts";
import { inspectContainer } from "../client/calls.ts";
import { containerAnswer, decode } from "../client/daemon-schemas.ts";
import { exchange } from "../client/exchange.ts";
import type { Failure } from "./health.ts";
import { healthIn, type Health } from "./published.ts";

/** Never rejects: a question that was not answered is an answer about the daemon. */
export const healthByApi =
  (docker: Dockerode) =>
  async (container: string, signal: AbortSignal): Promise<Health | Failure> => {
    try {
      const body = await exchange(docker, inspectContainer(container), { signal });
      const said = decode(containerAnswer, body, "container.inspect").State.Health?.Status ?? "";
      // `none` is what the daemon says of a container whose check was switched off.
      return healthIn(said === "none" ? "" : said) ?? "starting";
    } catch (error) {
      const answer = toAnswer(error, signal);
      if (answer.kind === "done") throw error;
      return answer;
    }
  };
