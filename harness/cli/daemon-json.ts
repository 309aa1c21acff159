import { parseDaemonJson, type DaemonJson } from "../../docker/managed/daemon-config.ts";
import { readInputFile } from "../../docker/read-input-file.ts";

/**
 * The file of `--daemon-json`; null when there is none.
 *
 * @throws StressError("usage") naming the file and what is wrong with it
 */
export const readDaemonJson = (path: string | null): DaemonJson | null =>
  path === null ? null : parseDaemonJson(readInputFile(path, `--daemon-json ${path}`), path);
