/** As much of MySQL as the probe uses: any login as root, `SELECT 1`, and one table of nonces. */
import type { Conversation } from "../probe/conversation.ts";

const CHALLENGE = Buffer.from("simulated-challenge0");
/** PROTOCOL_41, SECURE_CONNECTION and PLUGIN_AUTH, in two halves. */
const CAPABILITIES_LOW = 0x8200;
const CAPABILITIES_HIGH = 0x0008;
const AUTOCOMMIT = 2;

const OK = Buffer.from([0, 0, 0, AUTOCOMMIT, 0, 0, 0]);
const END = Buffer.from([0xfe, 0, 0, AUTOCOMMIT, 0]);

const withLength = (text: string): Buffer =>
  Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);

const failed = (code: number, state: string, words: string): Buffer => {
  const head = Buffer.from([0xff, 0, 0]);
  head.writeUInt16LE(code, 1);
  return Buffer.concat([head, Buffer.from(`#${state}${words}`)]);
};

const greeting = (plugin: string): Buffer => {
  const capabilities = Buffer.alloc(18);
  capabilities.writeUInt16LE(CAPABILITIES_LOW, 0);
  capabilities.writeUInt8(45, 2);
  capabilities.writeUInt16LE(AUTOCOMMIT, 3);
  capabilities.writeUInt16LE(CAPABILITIES_HIGH, 5);
  capabilities.writeUInt8(CHALLENGE.length + 1, 7);
  return Buffer.concat([
    Buffer.from([10]),
    Buffer.from("8.0.99-simulated\0"),
    Buffer.from([1, 0, 0, 0]),
    CHALLENGE.subarray(0, 8),
    Buffer.from([0]),
    capabilities,
    CHALLENGE.subarray(8),
    Buffer.from(`\0${plugin}\0`),
  ]);
};

const columnDefinition = (name: string): Buffer => {
  const fixed = Buffer.from([0x0c, 33, 0, 0, 1, 0, 0, 0xfd, 0, 0, 0, 0, 0]);
  return Buffer.concat([...["def", "", "", "", name, name].map(withLength), fixed]);
};

const resultSet = (name: string, values: readonly string[]): readonly Buffer[] => [
  Buffer.from([1]),
  columnDefinition(name),
  END,
  ...values.map(withLength),
  END,
];

const answer = (sql: string, nonces: Set<string>): readonly Buffer[] => {
  if (sql === "SELECT 1") return resultSet("1", ["1"]);
  if (sql.startsWith("SELECT nonce ")) return resultSet("nonce", [...nonces]);
  if (sql.startsWith("CREATE ")) return [OK];
  const inserted = /^INSERT .*VALUES \('([^']*)'\)$/.exec(sql)?.[1];
  if (inserted === undefined) {
    return [failed(1064, "42000", "You have an error in your SQL syntax")];
  }
  nonces.add(inserted);
  return [OK];
};

const receive = async (conversation: Conversation): Promise<Buffer> => {
  const head = await conversation.take(4);
  return await conversation.take(head.readUIntLE(0, 3));
};

const send = (conversation: Conversation, first: number, payloads: readonly Buffer[]): void => {
  const packets = payloads.map((payload, index) => {
    const head = Buffer.from([0, 0, 0, (first + index) & 0xff]);
    head.writeUIntLE(payload.length, 0, 3);
    return Buffer.concat([head, payload]);
  });
  conversation.write(Buffer.concat(packets));
};

/** How this server logs a client in. */
export interface LoginManner {
  /** The plugin it greets with. */
  readonly greetWith: string;
  /** The plugin of root's account, if the client is asked to change to it. */
  readonly switchTo: string | null;
}

/** MySQL 8 as its image sets it up, but for an account that keeps the older plugin. */
const MYSQL_8: LoginManner = {
  greetWith: "caching_sha2_password",
  switchTo: "mysql_native_password",
};

/** Serves one connection until its client goes. @throws Error when it does */
export const serveMysql = async (
  conversation: Conversation,
  nonces: Set<string>,
  { greetWith, switchTo }: LoginManner = MYSQL_8,
): Promise<void> => {
  send(conversation, 0, [greeting(greetWith)]);
  await receive(conversation);
  if (switchTo === null) {
    send(conversation, 2, [OK]);
  } else {
    const request = Buffer.concat([
      Buffer.from([0xfe]),
      Buffer.from(`${switchTo}\0`),
      CHALLENGE,
      Buffer.from([0]),
    ]);
    send(conversation, 2, [request]);
    const proof = await receive(conversation);
    if (proof.length > 0) {
      const words = "Access denied for user 'root'@'localhost' (using password: YES)";
      send(conversation, 4, [failed(1045, "28000", words)]);
      return;
    }
    send(conversation, 4, [OK]);
  }
  for (;;) {
    const command = await receive(conversation);
    send(conversation, 1, answer(command.toString("utf8", 1), nonces));
  }
};
