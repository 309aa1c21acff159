/**
 * The same burst by other means: the docker CLI in background shells (the first seed's harness), and a bare
 * `node:http` client. Each performs the operations of the plan, job by job, and ends when every job container
 * has identified all its services.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toCall, type Call } from "../../docker/client/calls.ts";
import type { JobPlan, Operation, Plan } from "../../harness/core/model.ts";
import { isCall } from "../../harness/core/operations.ts";

const jobContainerOf = (job: JobPlan): string => {
  const name = job.phases.flat().find((each) => "service" in each && each.service === "job");
  if (name === undefined || !("container" in name)) throw new Error("not a name-only plan");
  return name.container;
};

const servicesOf = (job: JobPlan): number =>
  job.phases.flat().filter(({ kind }) => kind === "identity").length;

/** @throws unless every service of the job was identified */
const refuseIncomplete = (job: JobPlan, output: string): void => {
  const identified = output.split('"nonces"').length - 1;
  if (identified !== servicesOf(job)) throw new Error(`${job.id} was not clean: ${output}`);
};

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

const labelsOf = (labels: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(labels).flatMap(([key, value]) => ["--label", `${key}=${value}`]);

/** An operation as the docker CLI's arguments; null for what a job container does by itself. */
const toArguments = (operation: Operation): readonly string[] | null => {
  switch (operation.kind) {
    case "network.create":
      return ["network", "create", ...labelsOf(operation.labels), operation.network];
    case "container.create": {
      const { container, spec } = operation;
      return [
        ...["create", "--name", container, "--network", spec.network],
        ...spec.aliases.flatMap((alias) => ["--network-alias", alias]),
        ...labelsOf(spec.labels),
        ...Object.entries(spec.env).flatMap(([name, value]) => ["-e", `${name}=${value}`]),
        spec.image,
        ...(spec.command ?? []),
      ];
    }
    case "container.start":
      return ["start", operation.container];
    default:
      return null;
  }
};

/** @returns milliseconds from the first shell to the last job's end */
export const cliBurst = async (
  plan: Plan,
  { docker, host }: { readonly docker: string; readonly host: string },
): Promise<number> => {
  const jobs = plan.waves.flatMap((wave) => wave.jobs);
  const directory = mkdtempSync(join(tmpdir(), "stress-bench-cli-"));
  try {
    const shells = jobs.map((job) => {
      const calls = [
        ...job.phases.flat().flatMap((operation) => {
          const words = toArguments(operation);
          return words === null ? [] : [words];
        }),
      ].map((words) => `${quoted(docker)} ${words.map(quoted).join(" ")} >/dev/null`);
      const follow = `${quoted(docker)} logs -f ${quoted(jobContainerOf(job))}`;
      return `{ ${[...calls, follow].join(" && ")}; } >${quoted(join(directory, job.id))} 2>&1 &`;
    });
    const script = join(directory, "burst.sh");
    writeFileSync(script, [...shells, "wait", ""].join("\n"));
    const startedAt = performance.now();
    const shell = spawn("bash", [script], {
      env: { ...process.env, DOCKER_HOST: host },
      stdio: "inherit",
    });
    await once(shell, "close");
    const took = performance.now() - startedAt;
    for (const job of jobs) refuseIncomplete(job, readFileSync(join(directory, job.id), "utf8"));
    return took;
  } finally {
    rmSync(directory, { recursive: true });
  }
};

const ask = (
  call: Call,
  { agent, socketPath }: { readonly agent: Agent; readonly socketPath: string },
): Promise<string> =>
  new Promise((resolve, reject) => {
    const body = call.body === undefined ? "" : JSON.stringify(call.body);
    const asked = request(
      {
        agent,
        socketPath,
        method: call.method,
        path: call.path,
        headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body) },
      },
      (response) => {
        let text = "";
        response.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
        response.on("error", reject);
        response.on("end", () => {
          if ((response.statusCode ?? 500) < 400) resolve(text);
          else reject(new Error(`${call.path}: ${text}`));
        });
      },
    );
    asked.on("error", reject);
    asked.end(body);
  });

/** @returns milliseconds from the first request to the last job's end */
export const bareBurst = async (plan: Plan, socketPath: string): Promise<number> => {
  const agent = new Agent({ keepAlive: true });
  const jobs = plan.waves.flatMap((wave) => wave.jobs);
  const edges = { agent, socketPath };
  await Promise.all(jobs.map(() => ask({ method: "GET", path: "/_ping" }, edges)));
  const runJob = async (job: JobPlan): Promise<void> => {
    for (const operation of job.phases.flat()) {
      if (!isCall(operation)) continue;
      await ask(toCall(operation), edges);
    }
    const path = `/containers/${jobContainerOf(job)}/logs?follow=true&stdout=true&stderr=true`;
    refuseIncomplete(job, await ask({ method: "GET", path }, edges));
  };
  const startedAt = performance.now();
  await Promise.all(jobs.map(runJob));
  const took = performance.now() - startedAt;
  agent.destroy();
  return took;
};
