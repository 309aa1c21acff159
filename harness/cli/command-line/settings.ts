/**
 * What environment and config file say of a command's flags.
 */
import { parseYaml } from "../../../docker/parse-yaml.ts";
import { readInputFile } from "../../../docker/read-input-file.ts";
import { usage } from "./flags.ts";

const readConfig = (path: string): Record<string, unknown> => {
  const name = `--config ${path}`;
  const { value } = parseYaml(readInputFile(path, name), name);
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : usage(`${name}: must be a mapping of flags to values`);
};

/** `STRESS_DAEMON_JSON` is `--daemon-json`. */
const variableOf = (flag: string): string => `STRESS_${flag.toUpperCase().replaceAll("-", "_")}`;

interface SettingsQuestion {
  readonly command: string;
  /** Of every command: a key for another one's flag is no mistake. */
  readonly flagsOf: Readonly<Record<string, readonly string[]>>;
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * What environment and config file say of this command's flags; the environment beats the file. A variable or a
 * key for another command's flag is not for this one; a key that no command knows is a mistake.
 */
export const settingsOf = ({
  command,
  flagsOf,
  argv,
  environment,
}: SettingsQuestion): Record<string, unknown> => {
  const known = new Set(Object.values(flagsOf).flat());
  const flags = flagsOf[command] ?? [];
  const fromEnvironment = flags.flatMap((flag) => {
    const value = environment[variableOf(flag)];
    return value === undefined ? [] : [[flag, toSwitch(value)] as const];
  });
  const path = configIn(argv) ?? environment[variableOf("config")];
  const file = path === undefined ? {} : readConfig(path);
  const stranger = Object.keys(file).find((key) => !known.has(key));
  if (stranger !== undefined) usage(`--config ${path ?? ""}: no flag is called "${stranger}"`);
  return Object.fromEntries([
    ...Object.entries(file).filter(([key]) => flags.includes(key)),
    ...fromEnvironment,
  ]);
};

/** The words for a switch become one: `STRESS_JSON=true`. */
const toSwitch = (value: string): string | boolean =>
  value === "true" ? true : value === "false" ? false : value;

/** Read ahead of everything else, since its content stands below the flags. */
const configIn = (argv: readonly string[]): string | undefined => {
  const at = argv.findIndex((word) => word === "--config" || word.startsWith("--config="));
  const word = argv[at];
  return word?.includes("=") === true
    ? word.slice("--config=".length)
    : argv[at + 1 || argv.length];
};
