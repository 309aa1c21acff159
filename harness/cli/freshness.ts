/** When an engine of our own gives way to a new one: before each wave, with each block, or not at all. */
export const FRESHNESS = ["never", "block", "wave"] as const;
export type Freshness = (typeof FRESHNESS)[number];
