/**
 * Does a service answer in its own protocol, and is it ours? One try, one connection, nothing left behind.
 */
import * as clickhouse from "./clickhouse.ts";
import { converse, type Conversation } from "./conversation.ts";
import type { Dial } from "./dial.ts";
import * as mysql from "./mysql.ts";
import type { Protocol } from "./protocol.ts";
import * as redis from "./redis.ts";

/** Goes into SQL text as it is. */
const NONCE = /^[\w.:-]{1,128}$/;

/** The answers to `SELECT 1` and `PING`: anything else is not the service we know. */
const expectOnly = (expected: string, answer: readonly string[]): void => {
  if (answer.length !== 1 || answer[0] !== expected) {
    throw new Error(`expected ${expected}, got ${JSON.stringify(answer.slice(0, 3))}`);
  }
};

const checkReady: Readonly<Record<Protocol, (conversation: Conversation) => Promise<void>>> = {
  mysql: async (conversation) => {
    await mysql.logIn(conversation);
    expectOnly("1", await mysql.query(conversation, "SELECT 1"));
  },
  redis: async (conversation) => {
    expectOnly("PONG", await redis.command(conversation, ["PING"]));
  },
  clickhouse: async (conversation) => {
    await clickhouse.ping(conversation);
    expectOnly("1", await clickhouse.query(conversation, "SELECT 1"));
  },
};

type Exchange = (conversation: Conversation, nonce: string) => Promise<readonly string[]>;

/** Everything is created if it is missing, so that a repeated try changes nothing. */
const exchangeNonces: Readonly<Record<Protocol, Exchange>> = {
  mysql: async (conversation, nonce) => {
    await mysql.logIn(conversation);
    const run = (sql: string): Promise<readonly string[]> => mysql.query(conversation, sql);
    await run("CREATE DATABASE IF NOT EXISTS rootless_stress");
    await run(
      "CREATE TABLE IF NOT EXISTS rootless_stress.nonces (nonce VARCHAR(128) PRIMARY KEY) CHARACTER SET latin1",
    );
    await run(`INSERT IGNORE INTO rootless_stress.nonces VALUES ('${nonce}')`);
    return await run("SELECT nonce FROM rootless_stress.nonces");
  },
  redis: async (conversation, nonce) => {
    await redis.command(conversation, ["SADD", "rootless_stress:nonces", nonce]);
    return await redis.command(conversation, ["SMEMBERS", "rootless_stress:nonces"]);
  },
  clickhouse: async (conversation, nonce) => {
    const run = (sql: string): Promise<readonly string[]> => clickhouse.query(conversation, sql);
    await run("CREATE TABLE IF NOT EXISTS default.rootless_stress (nonce String) ENGINE = Log");
    await run(`INSERT INTO default.rootless_stress VALUES ('${nonce}')`);
    return await run("SELECT DISTINCT nonce FROM default.rootless_stress");
  },
};

/**
 * Asks once whether the service is ready.
 *
 * @throws Error with the words of the service or of the socket, or the signal's reason
 */
export const probeReady = (protocol: Protocol, dial: Dial, signal: AbortSignal): Promise<void> =>
  converse(dial, signal, checkReady[protocol]);

/**
 * Writes the nonce into the service and reads all nonces back. A service that is ours alone holds exactly this
 * one; another job's nonce means that its connection came here, or that ours went there.
 *
 * @param nonce - 1 … 128 letters, digits, `_`, `.`, `:` or `-`
 * @returns every nonce once, sorted
 * @throws RangeError for a nonce that could not go into SQL; otherwise as probeReady
 */
export const probeNonces = async (
  protocol: Protocol,
  dial: Dial,
  nonce: string,
  signal: AbortSignal,
): Promise<readonly string[]> => {
  if (!NONCE.test(nonce)) throw new RangeError(`not a nonce: ${JSON.stringify(nonce)}`);
  const nonces = await converse(dial, signal, (conversation) =>
    exchangeNonces[protocol](conversation, nonce),
  );
  return [...nonces].sort();
};
