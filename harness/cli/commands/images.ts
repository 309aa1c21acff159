import { ensureImages, listImages, resolveImageSet } from "../../../docker/images/image-set.ts";
import { EXIT, StressError } from "../../core/errors.ts";
import { CleanupStack } from "../../run/cleanup.ts";
import type { EngineChoice } from "../engine-choice.ts";
import { openEngine } from "../engine-session.ts";
import { narrated } from "../heartbeat.ts";
import { ownerToken } from "../owner.ts";
import type { Shell } from "../shell.ts";

export interface ImagesOptions {
  readonly action: "build" | "pull" | "list";
  readonly engine: EngineChoice;
  readonly images: string | null;
}

type ImagesCommand = ImagesOptions;

/** `stress images build|pull|list`: an image set on an engine, before a run needs it. */
export const imagesCommand = async (command: ImagesCommand, shell: Shell): Promise<number> => {
  const set = resolveImageSet(command.images ?? (command.action === "pull" ? "hub" : "debian"));
  if (command.action === "pull" && set.name === "debian") {
    throw new StressError("usage", "--images debian is built, not pulled: stress images build");
  }
  await using cleanup = new CleanupStack();
  const session = await openEngine(command.engine, { ...shell, daemonJson: null }, cleanup);
  const { docker } = session;
  const { stateDir, signal, say } = shell;
  if (command.action === "list") {
    for (const { role, reference, id } of await listImages({ set, docker, signal })) {
      shell.print(`${role}  ${reference}  ${id ?? "missing"}\n`);
    }
    return EXIT.holds;
  }
  const { ids } = await narrated(say, "preparing images", () =>
    ensureImages({ set, docker, stateDir, owner: ownerToken(), narrate: say, signal }),
  );
  for (const [reference, id] of Object.entries(ids)) shell.print(`${reference}  ${id}\n`);
  return EXIT.holds;
};
