/**
 * Whether every running container is attached to the network that it was created on.
 */
import { needsNetwork } from "../findings.ts";
import { shellWord } from "../shell-words.ts";
import { count } from "../units.ts";
import { fine, silent, wrong, type Judge } from "./check.ts";

export const attachedNetworks: Judge = (facts) => {
  const { attachments } = facts;
  if (attachments === null) return silent("which networks the engine's containers are on", facts);
  const lost = attachments.containers.filter(
    ({ networkMode, networks }) =>
      networkMode !== null && needsNetwork(networkMode) && networks.length === 0,
  );
  if (lost.length === 0) return fine("Every running container is attached to its network");
  return wrong({
    blocks: false,
    evidence: lost.map(
      ({ name, networkMode }) =>
        `container ${name}: created on ${networkMode ?? "?"}, attached to no network`,
    ),
    meaning: `${count(lost.length, "container")} of this engine run without a network and publish nothing: Engine 29 starts a container in this way after its first start was refused (moby#51758)`,
    fix: "remove each container and create it again; starting or restarting it does not help",
    commands: lost.map(({ name }) => `docker rm --force ${shellWord(name)}`),
  });
};
