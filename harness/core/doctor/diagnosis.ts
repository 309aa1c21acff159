/**
 * What `stress doctor` answers, schema `stress.doctor/1`: every check that applies, and what follows from all.
 */
import { z } from "zod";
import { count } from "../units.ts";
import { CHECK_STATUSES, outcomeSchema, type CheckStatus } from "./check.ts";
import { CHECKS } from "./checks.ts";
import { askedText } from "./conflict.ts";
import { PROTOCOLS, type DoctorFacts } from "./facts.ts";

/**
 * `healthy`: nothing is wrong (there may be warnings). `problem`: something is. `unread`: nothing is, as far as it
 * could be read, and something could not. `no-engine`: no engine answers; what needs none was checked.
 */
const VERDICTS = ["healthy", "problem", "unread", "no-engine"] as const;

const resultSchema = z.object({
  id: z.string(),
  title: z.string(),
  question: z.string(),
  ...outcomeSchema.shape,
});
export type CheckResult = z.infer<typeof resultSchema>;

const diagnosisSchema = z.object({
  schema: z.literal("stress.doctor/1"),
  tool: z.string(),
  /** Null: a preflight. */
  asked: z
    .object({
      port: z.int().min(1).max(65_535),
      protocol: z.enum(PROTOCOLS),
      address: z.string().nullable(),
    })
    .nullable(),
  /** Jobs at once that the preflight reckoned with. */
  n: z.int().positive(),
  engine: z.object({
    address: z.string(),
    version: z.string().nullable(),
    rootless: z.boolean().nullable(),
  }),
  verdict: z.enum(VERDICTS),
  /** In one sentence. */
  conclusion: z.string(),
  /** Problems first, then warnings, what could not be read, and the rest, each in the order of the checks. */
  checks: z.array(resultSchema).readonly(),
});
export type Diagnosis = z.infer<typeof diagnosisSchema>;

/** As JSON Schema, for those who read the output with something else. */
export const diagnosisJsonSchema = (): unknown => z.toJSONSchema(diagnosisSchema);

/** The keys in the order of the schema. @throws ZodError for what is none */
export const toDiagnosis = (value: unknown): Diagnosis => diagnosisSchema.parse(value);

const applies = (when: "port" | "preflight" | "always", { asked }: DoctorFacts): boolean =>
  when === "always" || when === (asked === null ? "preflight" : "port");

const judged = (facts: DoctorFacts): readonly CheckResult[] =>
  CHECKS.filter(({ when }) => applies(when, facts))
    .map(({ id, title, question, judge }) => ({ id, title, question, ...judge(facts) }))
    .toSorted((a, b) => CHECK_STATUSES.indexOf(a.status) - CHECK_STATUSES.indexOf(b.status));

const withStatus = (results: readonly CheckResult[], status: CheckStatus) =>
  results.filter((result) => result.status === status);

/** `meaning (first line of evidence)` */
const inShort = ({ meaning, evidence: [seen] }: CheckResult): string =>
  seen === undefined ? meaning : `${meaning} (${seen})`;

/** What the first that keeps the port from being published comes to. */
const blocked = (what: string | null, check: CheckResult): string => {
  if (what === null) return `No port can be published: ${inShort(check)}`;
  return check.holder === null
    ? `${what} cannot be published: ${inShort(check)}`
    : `${what} is held by ${check.holder}`;
};

/** What of the host keeps the port that was asked; in a preflight, what else is wrong; empty where nothing is. */
const ofTheHost = (
  problems: readonly CheckResult[],
  { asked, outer }: DoctorFacts,
): readonly string[] => {
  const [first] = problems;
  if (asked === null) return first === undefined ? [] : [inShort(first)];
  const port = `port ${askedText(asked)}`;
  if (first?.blocks === true) {
    return [first.holder === null ? inShort(first) : `${port} is held by ${first.holder}`];
  }
  return [
    outer.sockets === null
      ? `whether anything on the host keeps ${port} could not be read`
      : `nothing on the host was found to keep ${port}`,
    ...(first === undefined ? [] : [inShort(first)]),
  ];
};

/** Nobody is there to refuse a port, but whether the host keeps it from an engine can be told. */
const withoutEngine = (results: readonly CheckResult[], facts: DoctorFacts): string => {
  const problems = withStatus(results, "problem")
    .filter(({ id }) => id !== "engine")
    .toSorted((a, b) => Number(b.blocks) - Number(a.blocks));
  const unread = withStatus(results, "unknown").length;
  return [
    `There is no engine to ask at ${facts.address}`,
    ...ofTheHost(problems, facts),
    ...(problems.length < 2 ? [] : [count(problems.length - 1, "other problem")]),
    ...(unread === 0 ? [] : [`${count(unread, "check")} could not be made`]),
  ].join("; ");
};

const concluding = (results: readonly CheckResult[], facts: DoctorFacts): string => {
  const { asked, n, daemon } = facts;
  if (daemon === null) return withoutEngine(results, facts);
  const problems = withStatus(results, "problem");
  const [first] = [...problems.filter(({ blocks }) => blocks), ...problems];
  const unread = withStatus(results, "unknown").length;
  const rest = [
    ...(problems.length < 2 ? [] : [count(problems.length - 1, "other problem")]),
    ...(unread === 0 ? [] : [`${count(unread, "check")} could not be read`]),
  ];
  const free =
    asked === null
      ? `Nothing found that speaks against ${count(n, "job")} at once`
      : `Nothing found that keeps port ${askedText(asked)} from being published`;
  const main =
    first === undefined
      ? free
      : first.blocks
        ? blocked(asked === null ? null : `Port ${askedText(asked)}`, first)
        : asked === null
          ? inShort(first)
          : `${free}, but: ${inShort(first)}`;
  return [main, ...rest].join("; ");
};

const verdictOf = (
  results: readonly CheckResult[],
  { daemon }: DoctorFacts,
): Diagnosis["verdict"] => {
  if (daemon === null) return "no-engine";
  if (withStatus(results, "problem").length > 0) return "problem";
  return withStatus(results, "unknown").length > 0 ? "unread" : "healthy";
};

export const diagnose = (facts: DoctorFacts, tool: string): Diagnosis => {
  const results = judged(facts);
  const { daemon, processes, asked } = facts;
  return {
    schema: "stress.doctor/1",
    tool,
    asked: asked === null ? null : { ...asked },
    n: facts.n,
    engine: {
      address: facts.address,
      version: daemon?.version ?? null,
      rootless: daemon?.rootless ?? processes?.rootless ?? null,
    },
    verdict: verdictOf(results, facts),
    conclusion: concluding(results, facts),
    checks: results,
  };
};
