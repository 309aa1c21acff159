/**
 * The setups that a run compared, side by side.
 */
import type { Summary } from "../harness/core/summary.ts";
import { NOTHING } from "./arm-columns.ts";
import { left, right } from "./columns.ts";
import { tableOf } from "./markup.ts";

const rangeText = (range: readonly [number, number] | null | undefined): string =>
  range === null || range === undefined ? NOTHING : `${String(range[0])}–${String(range[1])}`;

/** A section of the report; none where the run had one engine and no profile. */
export const setupsMarkdown = (profiles: Summary["profiles"]): readonly string[] =>
  profiles.length === 0
    ? []
    : [
        "## Setups",
        tableOf({
          head: [
            left("profile"),
            left("what"),
            left("engine"),
            left("RootlessKit"),
            left("network, ports by"),
            left("storage"),
            left("dynamic ports"),
            right("starts"),
          ],
          rows: profiles.map(({ name, title, skipped, engine, starts }) => [
            name,
            skipped === null ? title : `left out: ${skipped}`,
            engine?.version ?? NOTHING,
            engine?.components["rootlesskit"] ?? NOTHING,
            engine === null
              ? NOTHING
              : `${engine.networkDriver ?? NOTHING}, ${engine.portDriver ?? NOTHING}`,
            engine?.storageDriver ?? NOTHING,
            rangeText(engine?.enginePortRange),
            String(starts),
          ]),
        }),
      ];
