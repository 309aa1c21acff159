/**
 * What "Docker networking on Linux" measured on its author's laptop (rootful, four processors, iperf3 with ten
 * connections towards the server, over IPv4), and what was measured here of the same.
 */
import { z } from "zod";
import type { DatapathWay } from "./datapath-table.ts";

const number = z.number();

const ARTICLE_WAYS = ["docker-proxy", "rules", "host"] as const;
type ArticleWay = (typeof ARTICLE_WAYS)[number];

/** Gbit/s, and what `mpstat` called idle, a fraction of 1. */
const FIGURES = {
  "docker-proxy": { throughput: 42, idle: 0.14 },
  rules: { throughput: 54, idle: 0.49 },
  host: { throughput: 70, idle: 0.49 },
} as const satisfies Record<ArticleWay, { readonly throughput: number; readonly idle: number }>;

const figureSchema = z.object({
  way: z.enum(ARTICLE_WAYS),
  /** Null where nothing was measured of that way, as are the others; and for the author's. */
  arm: z.string().nullable(),
  throughput: number.nullable(),
  idle: number.nullable(),
  /** How many times as much host networking moves with as much processor time. */
  hostBetterBy: number.nullable(),
});
type Figure = z.infer<typeof figureSchema>;

export const articleSchema = z.object({
  author: z.array(figureSchema).readonly(),
  /** One entry for rootless engines and one for rootful ones, where there is anything of the kind. */
  ours: z
    .array(z.object({ rootless: z.boolean(), figures: z.array(figureSchema).readonly() }))
    .readonly(),
});
export type BesideArticle = z.infer<typeof articleSchema>;

/** Throughput over what was busy of the machine. */
const efficiency = (way: ArticleWay): number => FIGURES[way].throughput / (1 - FIGURES[way].idle);

const AUTHOR: readonly Figure[] = ARTICLE_WAYS.map((way) => ({
  way,
  arm: null,
  ...FIGURES[way],
  hostBetterBy: way === "host" ? 1 : efficiency("host") / efficiency(way),
}));

const isSame = ({ family, direction, connections }: DatapathWay["flows"][number]): boolean =>
  family === 4 && direction === "ingress" && connections === 10;

/** By what was seen to carry the traffic, not by what the engine was told. */
const isWay = ({ mode, carriers }: DatapathWay, way: ArticleWay): boolean => {
  switch (way) {
    case "docker-proxy":
      return mode === "ports" && carriers?.proxied === true;
    case "rules":
      return mode === "ports" && carriers?.proxied === false;
    case "host":
      return mode === "host";
  }
};

/** The first arm that is such a way. */
const figureOf = (ways: readonly DatapathWay[], way: ArticleWay): Figure => {
  const found = ways.find((each) => isWay(each, way));
  const flow = found?.flows.find(isSame);
  const throughput = flow?.throughput?.median ?? null;
  const ratio = flow?.perCoreRatio?.value ?? null;
  const isMeasured = found !== undefined && throughput !== null;
  return {
    way,
    arm: isMeasured ? found.arm : null,
    throughput,
    idle: flow?.processor?.idle ?? null,
    hostBetterBy: isMeasured && way === "host" ? 1 : ratio === null ? null : 1 / ratio,
  };
};

export const besideArticle = (ways: readonly DatapathWay[]): BesideArticle => ({
  author: AUTHOR,
  ours: [true, false].flatMap((rootless) => {
    const figures = ARTICLE_WAYS.map((way) =>
      figureOf(
        ways.filter((each) => each.rootless === rootless),
        way,
      ),
    );
    return figures.every(({ arm }) => arm === null) ? [] : [{ rootless, figures }];
  }),
});
