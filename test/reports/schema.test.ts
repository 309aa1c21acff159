import { format } from "prettier";
import { expect, test } from "vitest";
import { summaryJsonSchema } from "../../harness/core/summary.ts";

test("the committed schema is the one that summaries are checked against", async () => {
  const schema = await format(JSON.stringify(summaryJsonSchema()), {
    parser: "json",
    printWidth: 100,
  });
  await expect(schema).toMatchFileSnapshot("../../reports/summary.schema.json");
});
