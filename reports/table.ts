import type { Summary } from "../harness/core/summary.ts";
import { ARM_COLUMNS } from "./arm-columns.ts";
import type { Paint } from "./paint.ts";

const GAP = "  ";

/** The arms side by side, in columns of fixed width, one line an arm. */
export const table = ({ arms }: Summary, paint: Paint): string => {
  const columns = ARM_COLUMNS.map(({ title, align, cell }) => {
    const cells = [title, ...arms.map(cell)];
    const width = Math.max(...cells.map((text) => text.length));
    return cells.map((text) => (align === "left" ? text.padEnd(width) : text.padStart(width)));
  });
  const rowOf = (row: number): string =>
    columns
      .map((cells) => cells[row] ?? "")
      .join(GAP)
      .trimEnd();
  const lines = [paint.dim(rowOf(0)), ...arms.map((_, index) => rowOf(index + 1))];
  return `${lines.join("\n")}\n`;
};
