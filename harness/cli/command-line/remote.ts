import type { RemoteOptions } from "../commands/remote.ts";
import { parseHosts } from "../remote/hosts.ts";
import { toolVersion } from "../version.ts";
import { entry } from "./entry.ts";
import { oneText, outOption, usage } from "./flags.ts";

/** Everything behind `--` is for the other side, but where its journal goes and what it prints is ours to say. */
const OURS = /^--(?:out|json|dry-run|keep-failed)(?:=|$)/;

const toArguments = (behind: unknown): readonly string[] => {
  const args = Array.isArray(behind) ? behind.map(String) : [];
  const [first = ""] = args;
  if (first !== "run") {
    return usage("remote needs a run behind --: stress remote user@host -- run --n 16");
  }
  const ours = args.find((word) => OURS.test(word));
  return ours === undefined ? args : usage(`${ours} does not go behind --: runs are fetched whole`);
};

/** Not split at commas, which an option may have in it. */
const toSshOptions = (value: unknown): readonly string[] =>
  value === undefined ? [] : (Array.isArray(value) ? value : [value]).map(String);

const optionsOf = {
  "ssh-option": {
    describe: "as behind ssh's -o, e.g. Port=2222; may be repeated",
    requiresArg: true,
    coerce: toSshOptions,
  },
  command: {
    describe: "what starts the program over there",
    requiresArg: true,
    coerce: oneText("command"),
    defaultDescription: `npx --yes rootless-stress@${toolVersion()}`,
    type: "string",
  },
  ...outOption,
  json: { describe: "print one JSON object", type: "boolean", default: false },
} as const;

export const remoteEntry = entry({
  name: "remote",
  words: "remote [hosts]",
  describe: "run beside the daemons of other machines, over ssh: remote HOST[,HOST…] -- run …",
  flags: Object.keys(optionsOf),
  build: (command) =>
    command
      .positional("hosts", {
        describe: "user@host, or a name ssh knows; with commas",
        type: "string",
      })
      .options(optionsOf),
  read: (args): RemoteOptions => ({
    hosts: parseHosts(args.hosts ?? usage("remote needs a host: stress remote user@host -- run …")),
    sshOptions: args.sshOption ?? [],
    command: args.command ?? `npx --yes rootless-stress@${toolVersion()}`,
    args: toArguments(args["--"]),
    out: args.out ?? usage("--out needs a value"),
    json: args.json,
  }),
  load: async () => (await import("../commands/remote.ts")).remoteCommand,
});
