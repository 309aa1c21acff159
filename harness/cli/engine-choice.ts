import { formatEngineSource } from "../core/engine-source.ts";
import type { EngineSource } from "../core/profile.ts";

/** Where the engine comes from. */
export type EngineChoice =
  | {
      readonly kind: "auto";
      readonly host?: string;
      readonly context?: string;
      /** The file that its daemon logs to; absent: systemd's journal, where it knows a docker unit. */
      readonly log?: string;
    }
  /** A throw-away engine: the newest that Debian's packages bring, else the installed one. */
  | { readonly kind: "managed" }
  | { readonly kind: "directory"; readonly path: string }
  /** A throw-away engine whose programs are fetched or built where need be. */
  | { readonly kind: "source"; readonly source: EngineSource }
  | { readonly kind: "fake" };

/** What `--engine` says for it. */
export const engineWord = (choice: EngineChoice): string => {
  switch (choice.kind) {
    case "directory":
      return formatEngineSource(choice);
    case "source":
      return formatEngineSource(choice.source);
    case "auto":
    case "managed":
    case "fake":
      return choice.kind;
  }
};
