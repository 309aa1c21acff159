/**
 * The routes of a network namespace, from the kernel's own text: what is below `/proc/PID/net`. No program in a
 * container's image is needed for it.
 */
import { z } from "zod";

const text = z.string();

const defaultRouteSchema = z.object({ gateway: text, interface: text });

const routeTableSchema = z.object({
  /** Where everything goes that no other route takes; null: nowhere. */
  default4: defaultRouteSchema.nullable(),
  default6: defaultRouteSchema.nullable(),
  /** In the kernel's order, without the loopback interface; addresses as the kernel has them, without their prefix. */
  interfaces: z.array(z.object({ name: text, addresses: z.array(text).readonly() })).readonly(),
});
export type RouteTable = z.infer<typeof routeTableSchema>;
/** As a journal keeps it. */
export const routesReadSchema = z.object({ kind: z.literal("routes"), ...routeTableSchema.shape });
export type DefaultRoute = z.infer<typeof defaultRouteSchema>;

/** The files that a table is read from, in the order of `NetTexts`. */
export const NET_FILES = ["route", "fib_trie", "ipv6_route", "if_inet6"] as const;
/** Their texts by name; empty where there is none, as without IPv6. */
export type NetTexts = Readonly<Record<(typeof NET_FILES)[number], string>>;

const LOOPBACK = "lo";

interface Route4 {
  readonly interface: string;
  readonly destination: number;
  readonly gateway: number;
  readonly flags: number;
  readonly metric: number;
  readonly mask: number;
}

const piecesOf = (hex: string, length: number): readonly string[] =>
  Array.from({ length: Math.floor(hex.length / length) }, (_, index) =>
    hex.slice(index * length, (index + 1) * length),
  );

/** An address as a number, the first of its four parts the highest; `0100007F` is 127.0.0.1, as in memory. */
const number4 = (hex: string): number => parseInt(piecesOf(hex, 2).toReversed().join(""), 16);

const text4 = (address: number): string =>
  [24, 16, 8, 0].map((shift) => String((address >>> shift) & 0xff)).join(".");

const wordsIn = (lines: string): readonly (readonly string[])[] =>
  lines.split("\n").flatMap((line) => (line.trim() === "" ? [] : [line.trim().split(/\s+/)]));

/** The first line names the columns. @see linux net/ipv4/fib_trie.c, fib_route_seq_show */
const routes4 = (lines: string): readonly Route4[] =>
  wordsIn(lines)
    .slice(1)
    .map(([name = "", destination = "", gateway = "", flags = "", , , metric = "", mask = ""]) => ({
      interface: name,
      destination: number4(destination),
      gateway: number4(gateway),
      flags: parseInt(flags, 16),
      metric: Number(metric),
      mask: number4(mask),
    }));

/** Addresses of this namespace itself. Both tables of the file may list them. */
const local4 = (trie: string): readonly number[] => {
  const found = [...trie.matchAll(/\|-- ([\d.]+)\n\s+\/32 host LOCAL/g)].map(([, address = ""]) =>
    address.split(".").reduce((number, part) => number * 256 + Number(part), 0),
  );
  return [...new Set(found)];
};

const contains = ({ destination, mask }: Route4, address: number): boolean =>
  ((address & mask) ^ destination) >>> 0 === 0;

/** Sixteen bytes as text, the longest run of zero groups as `::` (RFC 5952). */
const text6 = (hex: string): string => {
  const groups = piecesOf(hex, 4).map((group) => parseInt(group, 16).toString(16));
  const whole = groups.join(":");
  const [zeros] = [...whole.matchAll(/(?<![0-9a-f])0(?::0)+(?![0-9a-f])/g)].toSorted(
    ([one], [other]) => other.length - one.length,
  );
  if (zeros === undefined) return whole;
  const before = whole.slice(0, zeros.index).replace(/:$/, "");
  const after = whole.slice(zeros.index + zeros[0].length).replace(/^:/, "");
  return `${before}::${after}`;
};

/** Packets are refused on this route. @see linux include/uapi/linux/route.h, RTF_REJECT */
const REJECT = 0x0200;

const NO_ADDRESS = "0".repeat(32);

/** Columns: address, number of the interface, prefix, scope, flags, name. */
const local6 = (lines: string): readonly { readonly name: string; readonly address: string }[] =>
  wordsIn(lines).map(([address = "", , , , , name = ""]) => ({ name, address: text6(address) }));

/** Columns: destination, prefix, source, prefix, next hop, metric, two counters, flags, interface. */
const default6 = (lines: string): DefaultRoute | null => {
  const [best] = wordsIn(lines)
    .flatMap(([destination, prefix, , , hop = "", metric = "", , , flags = "", name = ""]) =>
      destination === NO_ADDRESS && prefix === "00" && (parseInt(flags, 16) & REJECT) === 0
        ? [{ gateway: text6(hop), interface: name, metric: parseInt(metric, 16) }]
        : [],
    )
    .toSorted((one, other) => one.metric - other.metric);
  return best === undefined ? null : { gateway: best.gateway, interface: best.interface };
};

const default4 = (routes: readonly Route4[]): DefaultRoute | null => {
  const [best] = routes
    .filter(({ mask, flags }) => mask === 0 && (flags & REJECT) === 0)
    .toSorted((one, other) => one.metric - other.metric);
  return best === undefined ? null : { gateway: text4(best.gateway), interface: best.interface };
};

/**
 * Pure. The kernel does not say in these files on which interface an IPv4 address is: it is where the route to its
 * own subnet goes.
 */
export const routeTable = (texts: NetTexts): RouteTable => {
  const routes = routes4(texts.route);
  const own4 = local4(texts.fib_trie);
  const own6 = local6(texts.if_inet6);
  const names = new Set(
    [...routes.map((route) => route.interface), ...own6.map(({ name }) => name)].filter(
      (name) => name !== LOOPBACK,
    ),
  );
  const addressesOf = (name: string): readonly string[] => [
    ...own4
      .filter((address) =>
        routes.some(
          (route) => route.interface === name && route.mask !== 0 && contains(route, address),
        ),
      )
      .map(text4),
    ...own6.filter((each) => each.name === name).map(({ address }) => address),
  ];
  return {
    default4: default4(routes),
    default6: default6(texts.ipv6_route),
    interfaces: [...names].toSorted().map((name) => ({ name, addresses: addressesOf(name) })),
  };
};
