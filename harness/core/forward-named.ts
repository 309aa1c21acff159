import type { Forward } from "./evidence.ts";
import type { WaveHistory } from "./history.ts";

/** RootlessKit's words where its own table has the port: they name the entry, and no port. */
const CONFLICT = /\bconflict with ID (\d{1,9})\b/;

/**
 * The forward that a failure was about, where the words name it and the list of forwards at the end of the burst still
 * has it. Of a port that the daemon chose, nothing else tells which one it was.
 */
export const forwardNamedIn = (
  message: string,
  { portsSeen }: Pick<WaveHistory, "portsSeen">,
): Forward | null => {
  const id = Number(CONFLICT.exec(message)?.[1] ?? Number.NaN);
  return portsSeen?.forwards?.find((forward) => forward.id === id) ?? null;
};
