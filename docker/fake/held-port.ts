import { z } from "zod";
import { OUTSIDERS } from "./host-ports.ts";

/** A host port that is taken before a job asks for it, and by whom. */
export const heldPortSchema = z.strictObject({
  port: z.int().min(1).max(65_535),
  by: z.enum([
    ...OUTSIDERS,
    /** A forward of this engine's RootlessKit without a container behind it. */
    "forward",
    /** A container of this engine. */
    "container",
  ]),
  /** Of the container; with the labels of a run it is that run's. */
  labels: z.record(z.string(), z.string()).exactOptional(),
});
export type HeldPort = z.infer<typeof heldPortSchema>;
