import { expect, test } from "vitest";
import { formatBytes } from "../../../harness/core/units.ts";

test.each([
  [0, "0 kB"],
  [412_400, "412 kB"],
  [999_499, "999 kB"],
  [999_500, "1 MB"],
  [169_000_000, "169 MB"],
  [2_140_000_000, "2.1 GB"],
])("%i bytes are %s", (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});
