/**
 * What is to be looked at when an operation fails, so that its cause can be shown and not guessed.
 */
import { classifyAnswer } from "./classify.ts";
import type { Question } from "./evidence.ts";
import type { Answer, JobPlan, Operation, PortRequest } from "./model.ts";

/** The port a message names, in the ways engines name one; here none stands for a dynamic port. */
const BIND_REFUSED =
  /failed to bind host port(?: for)? (?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-fA-F:.]{0,45}\]):(\d{1,5}\b|(?=:))/;

const NAMED_PORT =
  /(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-fA-F:.]{0,45}\]|:{2,3}):(\d{1,5})\b|privileged port (\d{1,5})\b|[Pp]orts? (?:is not available: )?\S{0,60}?:(\d{1,5})\b/g;

/** The innermost cause stands at the end of a message; so much of it is looked at. */
const LONGEST_END = 4096;

const toPort = (digits: string): number | null => {
  const port = Number(digits);
  return Number.isInteger(port) && port > 0 && port <= 65_535 ? port : null;
};

/** The host port that these words name last: the innermost cause stands at the end. */
export const portNamedIn = (message: string): number | null => {
  // Here the container's own address and port follow the host's.
  const bound = BIND_REFUSED.exec(message)?.[1];
  if (bound !== undefined) return toPort(bound);
  const named = [...message.slice(-LONGEST_END).matchAll(NAMED_PORT)].at(-1);
  return toPort(named?.[1] ?? named?.[2] ?? named?.[3] ?? "");
};

/** The host address that a message gives with this port; null where it gives the port alone. */
const addressNamedIn = (message: string, port: number): string | null => {
  const beside = new RegExp(
    String.raw`(\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-fA-F:.]{2,45}\]|(?<=\s)::?(?=:)):${String(port)}\b`,
    "g",
  );
  const named = [...message.slice(-LONGEST_END).matchAll(beside)].at(-1)?.[1];
  if (named === undefined) return null;
  const address = named.replace(/^\[|\]$/g, "");
  return address === ":" ? "::" : address;
};

/** The published ports that a container of this job asks for. */
const requestsOf = (job: JobPlan, container: string): readonly PortRequest[] =>
  job.phases
    .flat()
    .flatMap((each) =>
      each.kind === "container.create" && each.container === container ? each.spec.publish : [],
    );

const portQuestions = (message: string, operation: Operation, job: JobPlan): Question[] => {
  const requests = "container" in operation ? requestsOf(job, operation.container) : [];
  const named = portNamedIn(message);
  if (named !== null) {
    const asked =
      requests.find(({ hostPort }) => hostPort === named) ??
      requests.find(({ hostPort }) => hostPort === null);
    const hostIp = addressNamedIn(message, named) ?? asked?.hostIp ?? "";
    return [{ about: "port", port: named, hostIp }];
  }
  // `conflict with ID 7` names no port: it is one of those that were asked for.
  return requests.flatMap(({ hostIp, hostPort }) =>
    hostPort === null ? [] : [{ about: "port", port: hostPort, hostIp }],
  );
};

/** None where nothing that can be looked at has to do with it, and for what was cancelled. */
export const questionsOf = (
  answer: Answer,
  operation: Operation,
  job: JobPlan,
): readonly Question[] => {
  const classification = classifyAnswer(answer, operation.kind);
  if (classification === null || answer.kind === "done") return [];
  const name = classification.class;
  if (name.startsWith("port.")) return portQuestions(answer.message, operation, job);
  switch (name) {
    case "network.subnet_exhausted":
    case "network.pool_overlap":
      return [{ about: "subnets" }];
    case "network.name_conflict":
    case "network.name_ambiguous":
      return "network" in operation
        ? [{ about: "name", kind: "network", name: operation.network }]
        : [];
    case "container.name_conflict":
      return "container" in operation
        ? [{ about: "name", kind: "container", name: operation.container }]
        : [];
    case "daemon.hang":
    case "daemon.timeout":
    case "daemon.unreachable":
    case "daemon.connection_lost":
    case "readiness.connection_refused":
    case "readiness.connection_reset":
    case "readiness.timeout":
      return [{ about: "daemon", hang: name === "daemon.hang" || name === "daemon.timeout" }];
    default:
      return [];
  }
};
