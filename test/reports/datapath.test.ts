import { expect, test } from "vitest";
import { datapathTable, type DatapathTable } from "../../harness/core/datapath/datapath-table.ts";
import type { Carriers, Spender } from "../../harness/core/datapath/measurements.ts";
import type { Measured } from "../../harness/core/measured.ts";
import type { Mode } from "../../harness/core/model.ts";
import { datapathMarkdown, datapathText } from "../../reports/datapath.ts";
import { figureText } from "../../reports/datapath-tables.ts";
import type { Paint } from "../../reports/paint.ts";
import {
  carriers,
  flowed,
  listener,
  measuredHistory,
  requested,
  type Asked,
} from "../harness/core/datapath/measured-ways.ts";

const same = (words: string): string => words;
const PLAIN: Paint = { good: same, bad: same, dim: same, bold: same };

interface Told {
  readonly profile: string;
  readonly mode: Mode;
  /** Gbit/s over ten connections, and who spends how many cores on it. */
  readonly gigabits: number;
  readonly cores: Partial<Record<Spender, number>>;
  readonly rate: number;
  readonly carriers: Partial<Carriers>;
}

const ENDS = { "iperf3-server": 0.8, "iperf3-client": 0.6, other: 0.05, softirq: 0.2 };

const PROXY = {
  ...{ pid: 42, program: "docker-proxy", hostIp: "0.0.0.0", hostPort: 32768 },
  ...{ containerIp: "172.18.0.2", containerPort: 5201 },
};

const RULE = {
  backend: "iptables-nft",
  chain: "DOCKER",
  line: 3,
  rule: "-A DOCKER ! -i br-1 -p tcp -m tcp --dport 32768 -j DNAT --to-destination 172.18.0.2:5201",
} as const;

const OUTSIDE = [listener("rootlesskit", 12, ["0.0.0.0", 32768])];

const WAYS: readonly Told[] = [
  {
    profile: "default",
    mode: "ports",
    gigabits: 12.3,
    cores: { ...ENDS, rootlesskit: 0.9, "docker-proxy": 0.7 },
    rate: 9000,
    carriers: {
      onHost: [...OUTSIDE, listener("rootlesskit", 12, ["::", 32768])],
      inEngine: [listener("docker-proxy", 42, ["0.0.0.0", 32768])],
      proxies: [PROXY],
      rules: [RULE],
    },
  },
  {
    profile: "no-userland-proxy",
    mode: "ports",
    gigabits: 18,
    cores: { ...ENDS, rootlesskit: 0.9 },
    rate: 12_000,
    carriers: { onHost: OUTSIDE, rules: [RULE] },
  },
  {
    profile: "slirp4netns-port-driver",
    mode: "ports",
    gigabits: 1.9,
    cores: { ...ENDS, slirp4netns: 1 },
    rate: 3000,
    carriers: { onHost: null, inEngine: null, rules: null },
  },
  {
    ...{ profile: "default", mode: "noports", gigabits: 30 },
    cores: ENDS,
    rate: 18_000,
    carriers: {},
  },
  {
    ...{ profile: "default", mode: "host", gigabits: 41.5, cores: ENDS, rate: 21_000 },
    carriers: { inEngine: [listener("iperf3", 77, ["::", 10240])] },
  },
  {
    ...{ profile: "default", mode: "process", gigabits: 42, cores: ENDS, rate: 21_500 },
    carriers: {},
  },
];

const NOWHERE = "IPv6: [::1]:32768 leads nowhere: accepted, and closed without an answer";

/** How the rounds of a way scatter. */
const SCATTER = [1, 0.96, 1.05];

const measured = ({ arm, block, operation, step }: Asked): Measured => {
  const told = WAYS.find(({ profile, mode }) => arm === `${profile}/${mode}/n1`);
  if (told === undefined) throw new Error(`no way ${arm}`);
  const scatter = SCATTER[(block + WAYS.indexOf(told)) % SCATTER.length] ?? 1;
  if (told.profile === "no-userland-proxy" && step?.endsWith("ipv6") === true) {
    return { kind: "unreachable", words: NOWHERE };
  }
  switch (operation) {
    case "flow.measure": {
      const single = step?.includes("/1/") === true ? 0.7 : 1;
      const out = step?.startsWith("egress") === true ? 0.9 : 1;
      return flowed(told.gigabits * scatter * single * out, told.cores);
    }
    case "requests.measure":
      return requested(
        { rate: told.rate * scatter, connect: 1200 / told.rate },
        { "redis-server": 0.3, "redis-client": 0.4 },
      );
    default:
      return carriers({
        ...told.carriers,
        ...(told.profile === "no-userland-proxy"
          ? {
              reach: {
                "4": { address: "127.0.0.1", port: 32768, outcome: "answers", words: null },
                "6": {
                  ...{ address: "::1", port: 32768, outcome: "leads-nowhere" },
                  words: "accepted, and closed without an answer",
                },
              },
            }
          : {}),
      });
  }
};

const tableOf = (rounds: number): DatapathTable | null =>
  datapathTable(
    measuredHistory({
      arms: WAYS.map(({ profile, mode }) => ({ profile, mode, n: 1 })),
      rounds,
      measured,
    }),
  );

test("the ways are rendered for the terminal and for the report", async () => {
  const table = tableOf(3);
  await expect(datapathText(table, PLAIN)).toMatchFileSnapshot("goldens/datapath.text.golden");
  await expect(`${datapathMarkdown(table).join("\n\n")}\n`).toMatchFileSnapshot(
    "goldens/datapath.report.golden",
  );
});

test("tables on the terminal are at most 120 columns wide", () => {
  const lines = datapathText(tableOf(3), PLAIN).split("\n");
  const tables = lines.filter((line) => /^(?:way|Gbit\/s|\S+\/\S+ {2}) /.test(line));
  expect(tables.length).toBeGreaterThan(10);
  expect(tables.filter((line) => line.length > 120)).toEqual([]);
});

test("a ratio of two rounds stands without an interval, and why is said", () => {
  const text = datapathText(tableOf(2), PLAIN);
  expect(text).toContain("no interval from fewer than 3 rounds");
  expect(datapathText(tableOf(3), PLAIN)).not.toContain("no interval");
});

test("of a run of another scenario there is nothing", () => {
  expect(datapathText(null, PLAIN)).toBe("");
  expect(datapathMarkdown(null)).toEqual([]);
});

test("where nothing was measured, that is said and nothing is made up", () => {
  const table = datapathTable(
    measuredHistory({
      arms: [{ mode: "noports", n: 1 }],
      rounds: 1,
      measured: () => ({ kind: "unreachable", words: "the container does not run" }),
    }),
  );
  const text = datapathText(table, PLAIN);
  expect(text).toContain("to host: no way with host networking was measured");
  expect(text).toContain("- noports: nothing over IPv6: the container does not run");
  expect(text).not.toContain("Docker networking on Linux");
  expect(text).not.toMatch(/NaN|null|undefined|Infinity/);
});

test.each([
  [0, "0.00"],
  [0.0034, "0.0034"],
  [0.0999, "0.10"],
  [0.353, "0.35"],
  [9.999, "10.0"],
  [41.96, "42.0"],
  [137.4, "137"],
])("%f has its figures as %s", (value, text) => {
  expect(figureText(value)).toBe(text);
});
