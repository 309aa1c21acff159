/**
 * Enough of the MySQL client protocol to log in as root without a password and to ask in plain text:
 * MariaDB from 10.2 and MySQL from 5.7.
 *
 * @see https://dev.mysql.com/doc/dev/mysql-server/latest/PAGE_PROTOCOL.html
 */
import type { Conversation } from "./conversation.ts";

const OK = 0x00;
const LOCAL_INFILE = 0xfb;
const END = 0xfe;
const FAILED = 0xff;
/** First byte of an authentication packet that asks for more. */
const AUTH_MORE = 0x01;
/** Content of AUTH_MORE: the password's hash was known and right. */
const FAST_AUTH_OK = 0x03;

const COM_QUERY = 0x03;
const NULL_VALUE = 0xfb;

/** LONG_PASSWORD, PROTOCOL_41, TRANSACTIONS, SECURE_CONNECTION, PLUGIN_AUTH. */
const CAPABILITIES = 0x1 | 0x200 | 0x2000 | 0x8000 | 0x80000;
const UTF8 = 33;
const MOST_PACKET = 1 << 20;

/** With an empty password each of them sends an empty answer. */
const PLUGINS: ReadonlySet<string> = new Set(["mysql_native_password", "caching_sha2_password"]);

interface Packet {
  readonly sequence: number;
  readonly payload: Buffer;
}

const receive = async (conversation: Conversation): Promise<Packet> => {
  const head = await conversation.take(4);
  const payload = await conversation.take(head.readUIntLE(0, 3));
  if (payload.length === 0) throw new Error("not the MySQL protocol: an empty packet");
  return { sequence: head.readUInt8(3), payload };
};

const send = (conversation: Conversation, { sequence, payload }: Packet): void => {
  const head = Buffer.alloc(4);
  head.writeUIntLE(payload.length, 0, 3);
  head.writeUInt8(sequence & 0xff, 3);
  conversation.write(Buffer.concat([head, payload]));
};

/** `ERROR 1045 (28000): Access denied …`, as the mysql program prints it. */
const errorOf = (payload: Buffer): Error => {
  const code = String(payload.readUInt16LE(1));
  // Before the handshake the five letters of the SQL state are missing.
  if (payload[3] !== 0x23) return new Error(`ERROR ${code}: ${payload.toString("utf8", 3)}`);
  const state = payload.toString("latin1", 4, 9);
  return new Error(`ERROR ${code} (${state}): ${payload.toString("utf8", 9)}`);
};

const untilZero = (
  bytes: Buffer,
  from: number,
): { readonly text: string; readonly next: number } => {
  const zero = bytes.indexOf(0, from);
  const end = zero < 0 ? bytes.length : zero;
  return { text: bytes.toString("latin1", from, end), next: end + 1 };
};

/** The authentication plugin that the server greets with. */
const pluginOf = (greeting: Buffer): string => {
  const version = untilZero(greeting, 1);
  // thread 4, challenge 8, filler 1, capabilities 2, character set 1, status 2, capabilities 2
  const challengeLength = greeting.readUInt8(version.next + 20);
  const rest = version.next + 21 + 10 + Math.max(13, challengeLength - 8);
  return untilZero(greeting, rest).text;
};

const loginOf = (plugin: string): Buffer => {
  const fixed = Buffer.alloc(32);
  fixed.writeUInt32LE(CAPABILITIES, 0);
  fixed.writeUInt32LE(MOST_PACKET, 4);
  fixed.writeUInt8(UTF8, 8);
  return Buffer.concat([
    fixed,
    Buffer.from("root\0"),
    Buffer.from([0]),
    Buffer.from(`${plugin}\0`),
  ]);
};

const known = (plugin: string): string => {
  if (PLUGINS.has(plugin)) return plugin;
  throw new Error(`the server wants an authentication this probe does not speak: ${plugin}`);
};

const isFastAuthOk = (payload: Buffer): boolean => payload[1] === FAST_AUTH_OK;

/**
 * Greets and logs in as `root` without a password.
 *
 * @throws Error with the server's words, e.g. `ERROR 1040 (08004): Too many connections`
 */
export const logIn = async (conversation: Conversation): Promise<void> => {
  const greeting = await receive(conversation);
  if (greeting.payload[0] === FAILED) throw errorOf(greeting.payload);
  if (greeting.payload[0] !== 10) throw new Error("not the MySQL protocol: no version 10 greeting");
  const offered = pluginOf(greeting.payload);
  // A plugin we do not speak may be the server's default only: it then offers the account's own one.
  const plugin = PLUGINS.has(offered) ? offered : "mysql_native_password";
  send(conversation, { sequence: greeting.sequence + 1, payload: loginOf(plugin) });
  for (;;) {
    const { sequence, payload } = await receive(conversation);
    if (payload[0] === OK) return;
    if (payload[0] === FAILED) throw errorOf(payload);
    if (payload[0] === END) {
      known(payload.length === 1 ? "mysql_old_password" : untilZero(payload, 1).text);
      send(conversation, { sequence: sequence + 1, payload: Buffer.alloc(0) });
    } else if (payload[0] !== AUTH_MORE || !isFastAuthOk(payload)) {
      throw new Error("the server asks root for a password");
    }
  }
};

interface Cell {
  readonly text: string;
  readonly next: number;
}

/** A length and as many bytes; NULL reads as the empty text. */
const cellAt = (row: Buffer, at: number): Cell => {
  const first = row.readUInt8(at);
  if (first === NULL_VALUE) return { text: "", next: at + 1 };
  const width = first < NULL_VALUE ? 0 : first === 0xfc ? 2 : first === 0xfd ? 3 : 6;
  const length = width === 0 ? first : row.readUIntLE(at + 1, width);
  const from = at + 1 + width;
  return { text: row.toString("utf8", from, from + length), next: from + length };
};

const isEnd = (payload: Buffer): boolean => payload[0] === END && payload.length < 9;

/**
 * Runs one statement.
 *
 * @returns the first column of every row; empty for a statement without rows
 * @throws Error with the server's words
 */
export const query = async (
  conversation: Conversation,
  sql: string,
): Promise<readonly string[]> => {
  const payload = Buffer.concat([Buffer.from([COM_QUERY]), Buffer.from(sql)]);
  send(conversation, { sequence: 0, payload });
  const head = await receive(conversation);
  if (head.payload[0] === OK) return [];
  if (head.payload[0] === FAILED) throw errorOf(head.payload);
  if (head.payload[0] === LOCAL_INFILE) throw new Error("the server asks for a file");
  while (!isEnd((await receive(conversation)).payload)) {
    // Column definitions: only the values are of interest.
  }
  const column: string[] = [];
  for (;;) {
    const row = await receive(conversation);
    if (isEnd(row.payload)) return column;
    if (row.payload[0] === FAILED) throw errorOf(row.payload);
    column.push(cellAt(row.payload, 0).text);
  }
};
