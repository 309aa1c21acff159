/** A server as a datapath client reaches it. */
interface Server {
  /** An address, or a name that is looked up. */
  readonly host: string;
  readonly port: number;
  readonly family: 4 | 6;
}

/** What the datapath client is told, as JSON in its only argument. */
export type DatapathRequest =
  /** Connect and ask one question: does anybody answer? */
  | (Server & { readonly kind: "reach"; readonly question: Question; readonly patienceMs: number })
  /** Ask Redis over new connections, and then over one that is held. */
  | (Server & {
      readonly kind: "requests";
      /** New connections at most, one after another, and how long in all they may take. */
      readonly connects: number;
      readonly connectMs: number;
      readonly holdMs: number;
    });

/** Something that a server of that kind answers with at least a byte. */
const QUESTIONS = ["redis", "iperf3"] as const;
export type Question = (typeof QUESTIONS)[number];

type Fields = Readonly<Record<string, unknown>>;

const duration = (fields: Fields, key: string): number => {
  const value = fields[key];
  if (typeof value !== "number" || !(value > 0)) throw new Error(`${key} is not above 0`);
  return value;
};

const serverOf = ({ host, port, family }: Fields): Server => {
  if (typeof host !== "string") throw new Error("no host");
  if (typeof port !== "number" || !Number.isInteger(port)) throw new Error("no port");
  if (family !== 4 && family !== 6) throw new Error("family is neither 4 nor 6");
  return { host, port, family };
};

/** @throws Error that names what is wrong with the text */
export const decodeDatapathRequest = (text: string): DatapathRequest => {
  const fields = JSON.parse(text) as Fields;
  const server = serverOf(fields);
  switch (fields["kind"]) {
    case "reach": {
      const question = QUESTIONS.find((each) => each === fields["question"]);
      if (question === undefined) throw new Error("no such question");
      return { kind: "reach", ...server, question, patienceMs: duration(fields, "patienceMs") };
    }
    case "requests":
      return {
        kind: "requests",
        ...server,
        connects: duration(fields, "connects"),
        connectMs: duration(fields, "connectMs"),
        holdMs: duration(fields, "holdMs"),
      };
    default:
      throw new Error("neither reach nor requests");
  }
};
