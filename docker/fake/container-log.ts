export type LogStream = "stdout" | "stderr";

const STREAM_NUMBER: Readonly<Record<LogStream, number>> = { stdout: 1, stderr: 2 };

interface Frame {
  readonly stream: LogStream;
  readonly bytes: Buffer;
}

interface Follower {
  readonly onFrame: (bytes: Buffer) => void;
  readonly onEnd: () => void;
  readonly streams: ReadonlySet<LogStream>;
}

/** Stream number, three zeros, length, text: the framing of a container's log without a terminal. */
const framed = (stream: LogStream, text: string): Buffer => {
  const bytes = Buffer.from(text);
  const head = Buffer.alloc(8);
  head.writeUInt8(STREAM_NUMBER[stream], 0);
  head.writeUInt32BE(bytes.length, 4);
  return Buffer.concat([head, bytes]);
};

/** What a container said, and who is listening. */
export class ContainerLog {
  readonly #frames: Frame[] = [];
  readonly #followers = new Set<Follower>();

  append(stream: LogStream, text: string): void {
    const frame = { stream, bytes: framed(stream, text) };
    this.#frames.push(frame);
    for (const { streams, onFrame } of this.#followers) {
      if (streams.has(stream)) onFrame(frame.bytes);
    }
  }

  /** @param tail - at most so many of the last frames, Infinity for all */
  read(streams: ReadonlySet<LogStream>, tail: number): Buffer {
    const chosen = this.#frames.filter(({ stream }) => streams.has(stream));
    const first = Math.max(0, chosen.length - tail);
    return Buffer.concat(chosen.slice(first).map(({ bytes }) => bytes));
  }

  /** @returns stops following */
  follow(follower: Follower): () => void {
    this.#followers.add(follower);
    return () => {
      this.#followers.delete(follower);
    };
  }

  /** The container is no longer running: whoever follows has seen all. */
  endFollowing(): void {
    for (const { onEnd } of [...this.#followers]) onEnd();
    this.#followers.clear();
  }
}
