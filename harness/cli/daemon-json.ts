import { readFileSync } from "node:fs";
import { parseDaemonJson, type DaemonJson } from "../../docker/managed/daemon-config.ts";
import { messageOf, StressError } from "../core/errors.ts";

/**
 * The file of `--daemon-json`; null when there is none.
 *
 * @throws StressError("usage") naming the file and what is wrong with it
 */
export const readDaemonJson = (path: string | null): DaemonJson | null => {
  if (path === null) return null;
  let source: string;
  try {
    source = readFileSync(path, "utf8");
  } catch (error) {
    throw new StressError("usage", `--daemon-json ${path}: ${messageOf(error)}`, { cause: error });
  }
  return parseDaemonJson(source, path);
};
