import type { Operation } from "../model.ts";

/** A probe of a container that a process of the same phase makes. */
export const awaited = (operation: Operation): Operation =>
  operation.kind === "ready" ? { ...operation, awaited: true } : operation;
