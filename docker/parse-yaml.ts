/**
 * YAML that a user wrote: small, without tricks, and with the lines of what is wrong in it.
 */
import { LineCounter, isCollection, isMap, isNode, isScalar, parseDocument } from "yaml";
import { messageOf, StressError } from "../harness/core/errors.ts";

export type Path = readonly PropertyKey[];

/** What is wrong, and where. */
export interface Objection {
  readonly path: Path;
  readonly right: string;
}

/** In UTF-16 units: the library compares each key with all before it, 3,400 of them in less than a second. */
const LARGEST = 32 * 1024;

/**
 * @param file - as messages call it
 * @throws StressError("usage") with file and line for what is no YAML, or too large
 */
export const yamlDocument = (source: string, file: string) => {
  if (source.length > LARGEST) {
    const length = source.length.toLocaleString("en");
    throw new StressError(
      "usage",
      `${file}: it has ${length} characters; at most ${LARGEST.toLocaleString("en")} are read`,
    );
  }
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false });
  const [problem] = document.errors;
  if (problem !== undefined) {
    const what = problem.message.split("\n")[0] ?? "";
    const { line } = lines.linePos(problem.pos[0]);
    throw new StressError("usage", `${file}:${String(line)}: not YAML: ${what}`);
  }
  return { document, lines };
};

/** Aliases of aliases grow without bound: the library gives up on more than a hundred. */
const valueOf = (document: ReturnType<typeof parseDocument>, file: string): unknown => {
  try {
    return document.toJS();
  } catch (cause) {
    throw new StressError("usage", `${file}: ${messageOf(cause)}`, { cause });
  }
};

/** YAML with the lines of its keys, for what is wrong with one of them. */
export const parseYaml = (source: string, file: string) => {
  const { document, lines } = yamlDocument(source, file);
  /** The key that the path ends with, or as much of the way to it as there is. */
  const offsetOf = (path: Path): number | undefined => {
    let node: unknown = document.contents;
    let offset: number | undefined;
    for (const step of path) {
      if (isMap(node)) {
        const key = node.items.find((pair) => isScalar(pair.key) && pair.key.value === step)?.key;
        offset = (isNode(key) ? key.range?.[0] : undefined) ?? offset;
      }
      node = isCollection(node) ? node.get(step, true) : undefined;
      if (typeof step === "number" && isNode(node)) offset = node.range?.[0] ?? offset;
    }
    return offset;
  };
  const refusal = ({ path, right }: Objection, cause?: unknown): StressError => {
    const offset = offsetOf(path);
    const line = offset === undefined ? "" : `:${String(lines.linePos(offset).line)}`;
    return new StressError("usage", `${file}${line}: ${right}`, { cause });
  };
  return { value: valueOf(document, file), refusal };
};
