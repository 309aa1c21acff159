/**
 * Writes tar archives (POSIX ustar) of a few small files, the form in which an engine takes files.
 */

export type TarEntry =
  | { readonly kind: "file"; readonly path: string; readonly content: string | Buffer }
  | { readonly kind: "directory"; readonly path: string }
  | { readonly kind: "link"; readonly path: string; readonly target: string };

const BLOCK = 512;
const LONGEST_PATH = 100;

const TYPE = { file: "0", link: "2", directory: "5" } as const;
const MODE = { file: 0o644, link: 0o777, directory: 0o755 } as const;

const octal = (value: number, width: number): string =>
  `${value.toString(8).padStart(width - 1, "0")}\0`;

/** Offsets and widths as in POSIX.1-2017, pax, "ustar Interchange Format". */
const headerOf = (entry: TarEntry, size: number): Buffer => {
  if (Buffer.byteLength(entry.path) > LONGEST_PATH) {
    throw new RangeError(`path too long for a ustar header: ${entry.path}`);
  }
  const header = Buffer.alloc(BLOCK);
  header.write(entry.path, 0);
  header.write(octal(MODE[entry.kind], 8), 100);
  header.write(octal(0, 8), 108);
  header.write(octal(0, 8), 116);
  header.write(octal(size, 12), 124);
  // No time of day: the same files give the same archive.
  header.write(octal(0, 12), 136);
  header.write(" ".repeat(8), 148);
  header.write(TYPE[entry.kind], 156);
  if (entry.kind === "link") header.write(entry.target, 157);
  header.write("ustar\u000000", 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, 7)} `, 148);
  return header;
};

/**
 * All owned by root; files 0644, directories 0755.
 *
 * @throws RangeError for a path longer than 100 bytes
 */
export const tar = (entries: readonly TarEntry[]): Buffer => {
  const blocks = entries.flatMap((entry) => {
    const content = entry.kind === "file" ? Buffer.from(entry.content) : Buffer.alloc(0);
    const padding = Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK);
    return [headerOf(entry, content.length), content, padding];
  });
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]);
};
