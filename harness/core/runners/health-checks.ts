/**
 * How each service of an image set is asked whether it is healthy: the images that the project builds bring no
 * health check of their own, so runners are given one, as CI jobs give theirs in `options:`.
 */
import type { HealthCheck } from "../model.ts";
import { seconds } from "../units.ts";

/** As behind `--health-cmd`, for a shell inside the image; by role. */
type Commands = Readonly<Record<string, string>>;

/**
 * All of them ask over TCP, as clients do: on its way up a server may answer on its socket alone, and its first
 * start is one of several in the images of the hub.
 */
const COMMANDS: Readonly<Record<string, Commands>> = {
  // MariaDB 10.11, Redis 7.0 and ClickHouse 18.16 out of bookworm.
  debian: {
    mysql: "mariadb-admin ping --host=127.0.0.1",
    redis: "redis-cli ping",
    clickhouse: "clickhouse-client --query 'SELECT 1'",
  },
  hub: {
    mysql: "mysqladmin ping --host=127.0.0.1",
    redis: "redis-cli ping",
    // A client of ClickHouse is a program of some hundred megabytes; this one is there for downloads.
    clickhouse: "wget --quiet --spider http://127.0.0.1:8123/ping",
  },
};

/**
 * The command for a service; null for an image set of the user's own, of whose images nothing is known.
 *
 * @param set - name of the image set
 * @param service - its role in the set
 */
export const healthCommand = (set: string, service: string): string | null =>
  COMMANDS[set]?.[service] ?? null;

/**
 * The whole check, with the times of the examples in GitHub's documentation, which most workflows have copied: the
 * daemon first looks ten seconds after the start.
 *
 * @see https://docs.github.com/en/actions/tutorials/use-containerized-services/create-redis-service-containers
 */
export const healthCheck = (set: string, service: string): HealthCheck | null => {
  const command = healthCommand(set, service);
  if (command === null) return null;
  return {
    test: ["CMD-SHELL", command],
    interval: seconds(10),
    timeout: seconds(5),
    retries: 5,
    startPeriod: seconds(0),
  };
};
