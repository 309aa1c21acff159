/** A table as plain text: what both the terminal and the report make their columns of. */
export interface Table {
  readonly head: readonly { readonly title: string; readonly align: "left" | "right" }[];
  /** Cells as plain text. */
  readonly rows: readonly (readonly string[])[];
}

export const left = (title: string) => ({ title, align: "left" }) as const;
export const right = (title: string) => ({ title, align: "right" }) as const;

const GAP = "  ";

/** In columns of fixed width, the titles first, one line a row. */
export const columns = ({ head, rows }: Table): readonly string[] => {
  const set = head.map(({ title, align }, column) => {
    const cells = [title, ...rows.map((row) => row[column] ?? "")];
    const width = Math.max(...cells.map((text) => text.length));
    return cells.map((text) => (align === "left" ? text.padEnd(width) : text.padStart(width)));
  });
  return Array.from({ length: rows.length + 1 }, (_, row) =>
    set
      .map((cells) => cells[row] ?? "")
      .join(GAP)
      .trimEnd(),
  );
};
