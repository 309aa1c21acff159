import { isIP } from "node:net";
import type { PortFilter } from "../../core/port-owners/facts.ts";
import { usage } from "./flags.ts";

const SHAPE = /^(?:\[([^\]]+)\]:|([^:[\]]+):)?(\d+)(?:\/(tcp|udp))?$/;

/**
 * `8080`, `127.0.0.1:8080`, `[::1]:8080`, each with `/tcp` or `/udp` behind it.
 *
 * @throws StressError("usage") for anything else
 */
export const toPort = (text: string): PortFilter => {
  const [, six, four, digits, protocol] = SHAPE.exec(text.trim()) ?? [];
  const port = Number(digits ?? Number.NaN);
  const address = six ?? four ?? null;
  const isAddress = address === null || isIP(address) === (six === undefined ? 4 : 6);
  if (!isAddress || !(port >= 1 && port <= 65_535)) {
    return usage(
      `${JSON.stringify(text)} is not a port: use 8080, 127.0.0.1:8080, [::1]:8080 or 53/udp (1 to 65535)`,
    );
  }
  return {
    port,
    address,
    protocol: protocol === "tcp" || protocol === "udp" ? protocol : null,
  };
};

/** What the positional says of itself. */
export const portPositional = {
  describe: "8080, 127.0.0.1:8080, [::1]:8080 or 53/udp",
  type: "string",
} as const;
