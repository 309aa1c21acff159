/** Bytes before each piece of a container's log: the stream's number, three zeros, the length. */
const HEADER = 8;

/**
 * The text of a container's log without its framing, stdout and stderr in the order they were written.
 *
 * @see https://docs.docker.com/reference/api/engine/ "Stream format" under ContainerAttach
 */
export const logText = (frames: Buffer): string => {
  const parts: string[] = [];
  for (let at = 0; at + HEADER <= frames.length;) {
    const end = at + HEADER + frames.readUInt32BE(at + 4);
    parts.push(frames.toString("utf8", at + HEADER, end));
    at = end;
  }
  return parts.join("");
};
