/**
 * A user's own image set, from a YAML file.
 *
 *     mysql:
 *       reference: mariadb:11
 *       env: { MARIADB_ALLOW_EMPTY_ROOT_PASSWORD: "1" }
 *     job:
 *       reference: node:22-slim
 */
import { isMap, isScalar, isSeq, type LineCounter, type Node, type Pair } from "yaml";
import { StressError } from "../../harness/core/errors.ts";
import type { ImageUse } from "../../harness/core/model.ts";
import { yamlDocument } from "../parse-yaml.ts";

const ROLES = ["mysql", "redis", "clickhouse", "job"] as const;
export type Role = (typeof ROLES)[number];

const KEYS = ["reference", "command", "env"] as const;

const isOneOf = <Item extends string>(items: readonly Item[], text: string): text is Item =>
  items.some((item) => item === text);

/** Where in the file something is wrong, for the message. */
class Source {
  readonly #file: string;
  readonly #lines: LineCounter;

  constructor(file: string, lines: LineCounter) {
    this.#file = file;
    this.#lines = lines;
  }

  /** @param at - a node, or null for the file as a whole */
  error(at: unknown, right: string): StressError {
    const offset = isNode(at) ? at.range?.[0] : undefined;
    const line = offset === undefined ? "" : `:${String(this.#lines.linePos(offset).line)}`;
    return new StressError("usage", `${this.#file}${line}: ${right}`);
  }
}

const isNode = (value: unknown): value is Node => isScalar(value) || isMap(value) || isSeq(value);

const keyOf = (pair: Pair, source: Source): string => {
  const { key } = pair;
  if (isScalar(key) && typeof key.value === "string") return key.value;
  throw source.error(key, "a key must be a plain word");
};

const pairsOf = (node: unknown, what: string, source: Source): readonly Pair[] => {
  if (isMap(node)) return node.items;
  throw source.error(node, `${what} must be a mapping of keys to values`);
};

const textOf = (node: unknown, what: string, source: Source): string => {
  if (isScalar(node) && typeof node.value === "string") return node.value;
  throw source.error(node, `${what} must be a text; put numbers and true/false in quotes`);
};

const commandOf = (node: unknown, source: Source): readonly string[] => {
  if (!isSeq(node)) throw source.error(node, 'command must be a list, such as ["redis-server"]');
  return node.items.map((item) => textOf(item, "each part of command", source));
};

const envOf = (node: unknown, source: Source): Readonly<Record<string, string>> =>
  Object.fromEntries(
    pairsOf(node, "env", source).map((pair) => {
      const name = keyOf(pair, source);
      return [name, textOf(pair.value, `env ${name}`, source)];
    }),
  );

const useOf = (node: unknown, role: Role, source: Source): ImageUse => {
  let reference: string | null = null;
  let command: readonly string[] | null = null;
  let env: Readonly<Record<string, string>> = {};
  for (const pair of pairsOf(node, role, source)) {
    const key = keyOf(pair, source);
    if (!isOneOf(KEYS, key)) {
      throw source.error(pair.key, `unknown key "${key}" of ${role}; known: ${KEYS.join(", ")}`);
    }
    if (key === "reference") reference = textOf(pair.value, "reference", source);
    else if (key === "command") command = commandOf(pair.value, source);
    else env = envOf(pair.value, source);
  }
  if (reference === null || reference === "") {
    throw source.error(node, `${role} needs a reference, such as ${role}: { reference: NAME:TAG }`);
  }
  return { reference, command, env };
};

/**
 * The roles that the file names. Pure.
 *
 * @param file - named in messages
 * @throws StressError("usage") with file, line and what would be right
 */
export const parseImageFile = (
  text: string,
  file: string,
): Readonly<Partial<Record<Role, ImageUse>>> => {
  const { document, lines } = yamlDocument(text, file);
  const source = new Source(file, lines);
  const roles: Partial<Record<Role, ImageUse>> = {};
  for (const pair of pairsOf(document.contents, "the file", source)) {
    const role = keyOf(pair, source);
    if (!isOneOf(ROLES, role)) {
      throw source.error(pair.key, `unknown role "${role}"; known: ${ROLES.join(", ")}`);
    }
    roles[role] = useOf(pair.value, role, source);
  }
  if (Object.keys(roles).length === 0) {
    throw source.error(null, `names no images; roles are ${ROLES.join(", ")}`);
  }
  return roles;
};
