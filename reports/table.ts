import type { Summary } from "../harness/core/summary.ts";
import { ARM_COLUMNS } from "./arm-columns.ts";
import { columns } from "./columns.ts";
import type { Paint } from "./paint.ts";

/** The arms side by side, in columns of fixed width, one line an arm. */
export const table = ({ arms }: Summary, paint: Paint): string => {
  const rows = arms.map((arm) => ARM_COLUMNS.map(({ cell }) => cell(arm)));
  const [titles = "", ...lines] = columns({ head: ARM_COLUMNS, rows });
  return `${[paint.dim(titles), ...lines].join("\n")}\n`;
};
