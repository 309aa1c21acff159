import { toCall } from "../../docker/client/calls.ts";
import { commandOf, isCall, isProbe } from "../core/operations.ts";
import type { Operation, Plan } from "../core/model.ts";
import { count } from "../core/units.ts";
import type { Shell } from "./shell.ts";

/** The call that an operation makes, the process that a runner starts for it, or the probe or measurement that it is. */
const callOf = (operation: Operation) => {
  const command = commandOf(operation);
  if (command !== null) return { command: [command.program, ...command.args] };
  if (isProbe(operation)) return { probe: operation.protocol, access: operation.access };
  if (isCall(operation)) return toCall(operation);
  return {
    measured: Object.fromEntries(Object.entries(operation).filter(([key]) => key !== "kind")),
  };
};

const wordsOf = (operation: Operation): string => {
  const call = callOf(operation);
  if ("probe" in call) return `${operation.kind} ${call.probe} ${JSON.stringify(call.access)}`;
  if ("command" in call) return call.command.join(" ");
  if ("measured" in call) return `${operation.kind} ${JSON.stringify(call.measured)}`;
  return [
    call.method,
    call.path,
    ...(call.body === undefined ? [] : [JSON.stringify(call.body)]),
  ].join(" ");
};

/** `--dry-run`: every call of the plan, one a line, in each job's order; for `--json`, one object a line. */
export const printPlan = (
  plan: Plan,
  { json, print }: { readonly json: boolean; readonly print: Shell["print"] },
): void => {
  for (const { index, block, arm, jobs } of plan.waves) {
    if (!json) {
      print(
        `# wave ${String(index)}, block ${String(block)}: ${arm}, ${count(jobs.length, "job")} at once\n`,
      );
    }
    for (const { id, phases, teardown } of jobs) {
      for (const operation of [...phases, ...teardown].flat()) {
        const line = json
          ? JSON.stringify({
              wave: index,
              job: id,
              operation: operation.kind,
              ...callOf(operation),
            })
          : `${id}  ${wordsOf(operation)}`;
        print(`${line}\n`);
      }
    }
  }
};
