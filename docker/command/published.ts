/**
 * What the docker CLI prints of published ports and of health, as data.
 */
import type { PortBinding } from "../../harness/core/model.ts";

/** `6379/tcp -> 0.0.0.0:32768`, `6379/tcp -> [::]:32768`; without the left side where a port was asked for. */
const LINE = /^(?:(\d{1,5})\/[a-z]+ -> )?(\S*):(\d{1,5})$/;

/**
 * The output of `docker port`. Null where a line is none of that. Pure.
 *
 * @param containerPort - the one that was asked for; without it, every line names its own
 */
export const publishedIn = (
  stdout: string,
  containerPort: number | null = null,
): readonly PortBinding[] | null => {
  const bindings: PortBinding[] = [];
  for (const line of stdout.split("\n").map((each) => each.trim())) {
    if (line === "") continue;
    const [, named, address, hostPort] = LINE.exec(line) ?? [];
    const port = named === undefined ? containerPort : Number(named);
    if (port === null || address === undefined) return null;
    bindings.push({
      containerPort: port,
      hostIp: address.replace(/^\[(.*)\]$/, "$1"),
      hostPort: Number(hostPort),
    });
  }
  return bindings;
};

/** What the daemon says of a container's health check; empty where it has none. */
export type Health = "healthy" | "starting" | "unhealthy" | "";

/** Prints the health of a container, or an empty line: what actions/runner asks `docker inspect` for. */
export const HEALTH_FORMAT = "{{if .Config.Healthcheck}}{{print .State.Health.Status}}{{end}}";

/** The output of `docker inspect --format HEALTH_FORMAT`; null where it is none of that. Pure. */
export const healthIn = (stdout: string): Health | null => {
  const said = stdout.trim().toLowerCase();
  switch (said) {
    case "healthy":
    case "starting":
    case "unhealthy":
    case "":
      return said;
    default:
      return null;
  }
};
