/** How a service can be asked whether it is ready. */
export const PROTOCOLS = ["mysql", "redis", "clickhouse"] as const;
export type Protocol = (typeof PROTOCOLS)[number];
