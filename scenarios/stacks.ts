import type { StackScenario } from "../harness/core/model.ts";

/** The service containers of one test shard: a relational database, a cache, an analytics store. */
export const stacks: StackScenario = {
  kind: "stacks",
  name: "stacks",
  title:
    "a network of its own with MySQL, Redis and ClickHouse, as a CI runner's service containers",
  services: [
    { name: "mysql", protocol: "mysql", port: 3306, otherPorts: [] },
    { name: "redis", protocol: "redis", port: 6379, otherPorts: [] },
    { name: "clickhouse", protocol: "clickhouse", port: 8123, otherPorts: [9000, 9009] },
  ],
};
