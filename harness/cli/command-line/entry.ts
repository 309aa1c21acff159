/**
 * One command of the program: its words, its flags, and what it does.
 */
import type { ArgumentsCamelCase, Argv } from "yargs";
import type { Shell } from "../shell.ts";

/** A command with its checked options, ready to go. */
export interface Command {
  readonly name: string;
  readonly options: unknown;
  /** @returns the exit code */
  readonly perform: (shell: Shell) => Promise<number>;
}

export interface Entry {
  readonly name: string;
  /** Its long flags, without dashes: what environment and config file may set. */
  readonly flags: readonly string[];
  /** Adds it to the parser; `choose` is called if argv asks for it. */
  readonly register: (parser: Argv<object>, choose: (command: Command) => void) => Argv<object>;
}

interface Definition<Built, Checked> {
  readonly name: string;
  /** As yargs reads them: `clean [run]`. */
  readonly words: string | readonly string[];
  /** One line of `--help`. */
  readonly describe: string;
  /** Long flags that environment and config file may set; a switch that does harm is not among them. */
  readonly flags: readonly string[];
  readonly build: (parser: Argv<object>) => Argv<Built>;
  /** @throws StressError("usage") for values that cannot be right */
  readonly read: (args: ArgumentsCamelCase<Built>) => Checked;
  /** What it does; loaded when it is wanted, since few commands need the whole Engine API. */
  readonly load: () => Promise<(options: Checked, shell: Shell) => number | Promise<number>>;
}

export const entry = <Built, Checked>(definition: Definition<Built, Checked>): Entry => {
  const { name, words, describe, flags, build, read, load } = definition;
  return {
    name,
    flags,
    register: (parser, choose) =>
      parser.command(words, describe, build, (args) => {
        const options = read(args);
        choose({ name, options, perform: async (shell) => await (await load())(options, shell) });
      }),
  };
};
