/**
 * The kernel's own text of a container's network namespace: from this machine's `/proc`, or, for an engine of which
 * that shows no processes, from a container that shares the namespace.
 */
import { readFile } from "node:fs/promises";
import type Dockerode from "dockerode";
import { z } from "zod";
import { LABEL } from "../../harness/core/model.ts";
import { NET_FILES, routeTable, type NetTexts } from "../../harness/core/routes/route-table.ts";
import { removeContainer, type Call } from "../client/calls.ts";
import { createdAnswer, decode, map } from "../client/daemon-schemas.ts";
import { exchange } from "../client/exchange.ts";
import { logText } from "../client/log-frames.ts";

/** What the daemon says of a container's networks. */
export const onNetworksAnswer = z.object({
  Id: z.string(),
  State: z.object({ Running: z.boolean(), Pid: z.int() }),
  Config: z.object({ Labels: map(z.string()) }),
  NetworkSettings: z.object({
    Networks: map(z.object({ IPAddress: z.string().default(""), Gateway: z.string().default("") })),
  }),
});
export type OnNetworks = z.infer<typeof onNetworksAnswer>;

/** With a missing file as empty: there is none of IPv6 where the kernel has none. */
const textsOf = (texts: readonly string[]): NetTexts => {
  const [route = "", fib_trie = "", ipv6_route = "", if_inet6 = ""] = texts;
  return { route, fib_trie, ipv6_route, if_inet6 };
};

/**
 * Of the process that the daemon calls the container's first one. Everybody may read it, whoever the process belongs
 * to. Null where there is no such process, or it is somebody else's: the daemon counts in another machine's processes,
 * or in a namespace of its own.
 */
export const textsByPid = async ({
  State,
  NetworkSettings,
}: OnNetworks): Promise<NetTexts | null> => {
  const read = (file: string): Promise<string> =>
    readFile(`/proc/${String(State.Pid)}/net/${file}`, "latin1");
  try {
    const [route, fib_trie, ...six] = await Promise.all(
      NET_FILES.map((file) =>
        file === "ipv6_route" || file === "if_inet6" ? read(file).catch(() => "") : read(file),
      ),
    );
    const texts = textsOf([route ?? "", fib_trie ?? "", ...six]);
    const own = routeTable(texts).interfaces.flatMap(({ addresses }) => addresses);
    const given = Object.values(NetworkSettings.Networks).map(({ IPAddress }) => IPAddress);
    const isIts = given.every((address) => address === "" || own.includes(address));
    return isIts && State.Pid > 0 ? texts : null;
  } catch {
    return null;
  }
};

/** Prints the files as one JSON object; those that are not there are empty. */
const PROGRAM = [
  'const { readFileSync } = require("node:fs");',
  "const read = (file) => { try { return readFileSync(`/proc/self/net/${file}`, 'latin1'); } catch { return ''; } };",
  "console.log(JSON.stringify(process.argv.slice(1).map(read)));",
].join("\n");

const JOB_IMAGE = "rootless-stress/job";

const imagesAnswer = z.array(z.object({ Id: z.string(), Created: z.number() }));

/** The newest that was built on this engine; it has `node`. */
const jobImage = async (docker: Dockerode, signal: AbortSignal): Promise<string> => {
  const filters = encodeURIComponent(JSON.stringify({ reference: [JOB_IMAGE] }));
  const path = `/images/json?filters=${filters}`;
  const answer = await exchange(docker, { method: "GET", path }, { signal });
  const [newest] = decode(imagesAnswer, answer, "GET /images/json").toSorted(
    (one, other) => other.Created - one.Created,
  );
  if (newest !== undefined) return newest.Id;
  throw new Error(
    `the container's processes are not this machine's, and the engine has no image ${JOB_IMAGE} to look with`,
  );
};

const REMOVE_MS = 30_000;

const printed = z.array(z.string()).length(NET_FILES.length);

/** Which run a container is of; cleaning up goes by these. */
const labelsOf = ({ Config }: OnNetworks): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.values(LABEL).flatMap((label) => {
      const value = Config.Labels[label];
      return value === undefined ? [] : [[label, value]];
    }),
  );

/**
 * By a container that is made for it, with the labels of the one that is looked at, so that cleaning up finds it. Of
 * containers that are not ours nothing is read so.
 *
 * @throws Refusal with the daemon's words; Error where the engine has no image for it, or it printed something else
 */
export const textsByHelper = async (
  docker: Dockerode,
  seen: OnNetworks,
  signal: AbortSignal,
): Promise<NetTexts> => {
  const labels = labelsOf(seen);
  if (labels[LABEL.run] === undefined) {
    throw new Error("the container's processes are not this machine's, and it is not of this tool");
  }
  const create: Call = {
    method: "POST",
    path: "/containers/create",
    body: {
      Image: await jobImage(docker, signal),
      Entrypoint: [],
      Cmd: ["node", "-e", PROGRAM, ...NET_FILES],
      Labels: labels,
      HostConfig: { NetworkMode: `container:${seen.Id}` },
    },
  };
  const helper = decode(createdAnswer, await exchange(docker, create, { signal }), create.path).Id;
  try {
    const path = `/containers/${helper}`;
    await exchange(docker, { method: "POST", path: `${path}/start` }, { signal });
    await exchange(docker, { method: "POST", path: `${path}/wait` }, { signal });
    const logs = `${path}/logs?stdout=true&stderr=true`;
    const log = await exchange(docker, { method: "GET", path: logs }, { signal });
    return textsPrinted(Buffer.isBuffer(log) ? logText(log) : "");
  } finally {
    const patience = AbortSignal.timeout(REMOVE_MS);
    await exchange(docker, removeContainer(helper), { signal: patience });
  }
};

const textsPrinted = (text: string): NetTexts => {
  const [line = ""] = text.trim().split("\n");
  try {
    return textsOf(printed.parse(JSON.parse(line)));
  } catch (cause) {
    throw new Error(`the container's routes cannot be read: ${text.trim().slice(0, 300)}`, {
      cause,
    });
  }
};
