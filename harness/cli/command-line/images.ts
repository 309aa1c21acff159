import type { ImagesOptions } from "../commands/images.ts";
import { entry } from "./entry.ts";
import { engineOptions, imagesOption, toEngine, usage } from "./flags.ts";

const optionsOf = { ...engineOptions, ...imagesOption };

export const imagesEntry = entry({
  name: "images",
  words: "images [action]",
  describe: "the images of a run: build, pull, list",
  flags: Object.keys(optionsOf),
  build: (command) =>
    command
      .positional("action", { choices: ["build", "pull", "list"] as const })
      .options(optionsOf),
  read: (args): ImagesOptions => ({
    action: args.action ?? usage("images needs an action: build, pull or list"),
    engine: toEngine(args),
    images: args.images ?? null,
  }),
  load: async () => (await import("../commands/images.ts")).imagesCommand,
});
