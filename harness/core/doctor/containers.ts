/**
 * Containers of this engine that have the port, or ask for it.
 */
import { shellWord } from "../shell-words.ts";
import { fine, risky, silent, wrong } from "./check.ts";
import { endpoint, isSix } from "../addresses.ts";
import { askedText } from "./conflict.ts";
import type { Asked, ContainerSeen, DoctorFacts, PublishedPort } from "./facts.ts";
import { forPort } from "./sockets.ts";

const isAny = (address: string): boolean => ["", "0.0.0.0", "::"].includes(address);

const shareAddress = (one: string, other: string): boolean => {
  if (one === "" || other === "") return true;
  if (isSix(one) !== isSix(other)) return false;
  return isAny(one) || isAny(other) || one === other;
};

const meets = ({ protocol, hostIp, hostPort }: PublishedPort, asked: Asked): boolean =>
  hostPort === asked.port &&
  protocol === asked.protocol &&
  shareAddress(hostIp, asked.address ?? "");

interface User {
  readonly container: ContainerSeen;
  readonly ports: readonly PublishedPort[];
}

const usersOf = (asked: Asked, { daemon }: DoctorFacts): readonly User[] | null =>
  daemon?.containers?.flatMap((container) => {
    const ports = container.ports.filter((port) => meets(port, asked));
    return ports.length === 0 ? [] : [{ container, ports }];
  }) ?? null;

const runs = ({ container: { state } }: User): boolean => state === "running" || state === "paused";

const describeUser = ({ container: { name, state }, ports }: User): string => {
  const list = ports.map(
    ({ hostIp, hostPort, containerPort, protocol }) =>
      `${hostIp === "" ? String(hostPort) : endpoint(hostIp, hostPort)} → ${String(containerPort)}/${protocol}`,
  );
  return `container ${name} (${state}): ${list.join(", ")}`;
};

export const containerRunning = forPort((asked, facts) => {
  const users = usersOf(asked, facts);
  if (users === null) return silent("the engine's containers", facts);
  const running = users.filter(runs);
  if (running.length === 0) return fine("No running container of this engine publishes the port");
  return wrong({
    blocks: true,
    holder: running.map(({ container: { name } }) => `container ${name}`).join(" and "),
    evidence: running.map(describeUser),
    meaning: `A running container of this engine has ${askedText(asked)}`,
    fix: "stop or remove it, or publish another port (with Compose: `docker compose up -d --force-recreate` after changing it)",
    commands: running.map(({ container: { name } }) => `docker stop ${shellWord(name)}`),
  });
});

export const containerStopped = forPort((asked, facts) => {
  const users = usersOf(asked, facts);
  if (users === null) return silent("the engine's containers", facts);
  const stopped = users.filter((user) => !runs(user));
  if (stopped.length === 0) return fine("No stopped container of this engine asks for the port");
  return risky({
    evidence: stopped.map(describeUser),
    meaning:
      "A container that does not run holds no port: it can be published now, and that container then fails to start (also by itself, where its restart policy starts it)",
    fix: "remove it if it is not needed any more, or give it another port",
    commands: stopped.map(({ container: { name } }) => `docker rm ${shellWord(name)}`),
  });
});

export const askedTwice = forPort((asked, facts) => {
  const users = usersOf(asked, facts);
  if (users === null) return silent("the engine's containers", facts);
  if (users.length < 2) return fine("No two containers of this engine ask for the port");
  return risky({
    evidence: users.map(describeUser),
    meaning: "Several containers ask for the same port: only the first to start gets it",
    fix: "give each its own, or let the engine choose (`-p 80` instead of `-p 8080:80`)",
  });
});
