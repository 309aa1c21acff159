/**
 * What the programs of a routes job are told, as JSON in their only argument. harness/core/routes/orders.ts writes it,
 * and says what it means.
 */

export interface OutsideOrder {
  readonly port: number;
  readonly redisPort: number;
  readonly nonce: string;
  readonly everyMs: number;
}

export interface AppOrder {
  readonly service: string;
  readonly port: number;
  readonly outsidePort: number;
  readonly redisPort: number;
  readonly hosts: readonly string[];
  readonly nonce: string;
  readonly everyMs: number;
  readonly patienceMs: number;
}

export interface ProxyOrder {
  readonly host: string;
  readonly port: number;
  readonly everyMs: number;
}

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (text: string): Fields => {
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null) throw new Error("not an object");
  return value as Fields;
};

const portIn = (fields: Fields, key: string): number => {
  const value = fields[key];
  if (typeof value === "number" && Number.isInteger(value) && value > 0 && value < 65_536)
    return value;
  throw new Error(`${key} is no port`);
};

const durationIn = (fields: Fields, key: string): number => {
  const value = fields[key];
  if (typeof value === "number" && value > 0) return value;
  throw new Error(`${key} is no duration`);
};

const textIn = (fields: Fields, key: string): string => {
  const value = fields[key];
  if (typeof value === "string" && value !== "") return value;
  throw new Error(`${key} is no text`);
};

/** @throws Error that names what is wrong with the text; so do the others */
export const decodeOutsideOrder = (text: string): OutsideOrder => {
  const fields = fieldsOf(text);
  return {
    port: portIn(fields, "port"),
    redisPort: portIn(fields, "redisPort"),
    nonce: textIn(fields, "nonce"),
    everyMs: durationIn(fields, "everyMs"),
  };
};

export const decodeAppOrder = (text: string): AppOrder => {
  const fields = fieldsOf(text);
  const { hosts } = fields;
  if (!Array.isArray(hosts) || !hosts.every((host) => typeof host === "string"))
    throw new Error("hosts is no list of addresses");
  return {
    service: textIn(fields, "service"),
    port: portIn(fields, "port"),
    outsidePort: portIn(fields, "outsidePort"),
    redisPort: portIn(fields, "redisPort"),
    hosts,
    nonce: textIn(fields, "nonce"),
    everyMs: durationIn(fields, "everyMs"),
    patienceMs: durationIn(fields, "patienceMs"),
  };
};

export const decodeProxyOrder = (text: string): ProxyOrder => {
  const fields = fieldsOf(text);
  return {
    host: textIn(fields, "host"),
    port: portIn(fields, "port"),
    everyMs: durationIn(fields, "everyMs"),
  };
};
