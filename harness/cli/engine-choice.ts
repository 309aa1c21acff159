/** Where the engine comes from. */
export type EngineChoice =
  | {
      readonly kind: "auto";
      readonly host?: string;
      readonly context?: string;
      /** The file that its daemon logs to; absent: systemd's journal, where it knows a docker unit. */
      readonly log?: string;
    }
  /** A throw-away engine from the installed programs, or from Debian's packages. */
  | { readonly kind: "managed" }
  | { readonly kind: "directory"; readonly path: string }
  | { readonly kind: "fake" };
