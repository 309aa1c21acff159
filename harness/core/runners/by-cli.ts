/**
 * What the docker CLI is told where a runner starts it in place of a call.
 */
import { dockerCommand } from "../docker-command.ts";
import type { CallOperation, CliCommand, Operation } from "../model.ts";

/** Calls that a process can stand for. */
type Replaceable = Exclude<CallOperation, { readonly kind: "network.connect" | "container.wait" }>;

const dockerCli = (...args: readonly string[]): CliCommand => ({ program: "docker", args });

/**
 * @param args - where the runner says it in other words than the canonical ones
 */
export const byCli = (
  operation: Replaceable,
  args: readonly string[] = dockerCommand(operation).slice(1),
): Operation => ({ ...operation, cli: dockerCli(...args) });

/** A process that makes nothing. */
export const commandOperation = (
  step: string,
  args: readonly string[],
  about: { readonly service?: string; readonly tolerant?: boolean } = {},
): Operation => ({ kind: "command", step, cli: dockerCli(...args), ...about });
