/**
 * What a docker CLI process is told by its environment: which engine, and whose configuration.
 */
import type { EngineAddress } from "../client/find-engine.ts";

/** Would lead it to another engine, speak to this one in another way, or say more than was asked. */
const OTHERS = /^(?:DOCKER_|COMPOSE_|BUILDX_|BUILDKIT_|OTEL_)/;

/** As in `DOCKER_HOST`. */
const dockerHost = ({ target }: EngineAddress): string =>
  target.kind === "socket"
    ? `unix://${target.path}`
    : `tcp://${target.host}:${String(target.port)}`;

/**
 * @param base - the environment that everything else is taken from: PATH, HOME, LANG
 * @param config - a configuration directory of ours: the user's contexts and credentials are not used
 */
export const dockerEnvironment = (
  base: Readonly<Record<string, string | undefined>>,
  { address, config }: { readonly address: EngineAddress; readonly config: string },
): Readonly<Record<string, string>> => ({
  ...Object.fromEntries(
    Object.entries(base).flatMap(([name, value]) =>
      value === undefined || OTHERS.test(name) ? [] : [[name, value]],
    ),
  ),
  DOCKER_HOST: dockerHost(address),
  DOCKER_CONFIG: config,
  // Advertisements behind an error, which are none of its words.
  DOCKER_CLI_HINTS: "false",
});
