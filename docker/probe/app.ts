/**
 * An application with connections that it holds open for long, while the networks of its container change.
 */
import type { Duplex } from "node:stream";
import { Conversation, converse } from "./conversation.ts";
import { cutOff } from "./cut-off.ts";
import type { Dial } from "./dial.ts";
import { Held } from "./held.ts";
import type { JobLine } from "./job-lines.ts";
import { bridgeAddresses, ownDefault, type OwnRoute } from "./kernel-routes.ts";
import { ASK_ADDRESSES, ASK_STREAM, CHANNEL } from "./outside.ts";
import { command, receive } from "./redis.ts";
import type { AppOrder } from "./routes-orders.ts";
import type {
  AddressesSaid,
  AppSeen,
  GatewaySeen,
  HeldSeen,
  OutsideAddresses,
} from "./traffic-lines.ts";
import { wordsOf } from "./words.ts";

export interface AppSurroundings {
  readonly dial: (address: { readonly host: string; readonly port: number }) => Dial;
  /** Milliseconds since 1970: several containers' lines are laid side by side. */
  readonly now: () => number;
  /** Resolves after the duration, or at once when the signal aborts; never rejects. */
  readonly sleep: (durationMs: number, signal: AbortSignal) => Promise<void>;
  readonly routes: () => readonly OwnRoute[];
  readonly say: (line: JobLine | AppSeen) => void;
  readonly signal: AbortSignal;
}

/** How fine the moment of the attach is known, in milliseconds. */
const LOOK_MS = 10;
const SAY_MS = 500;
/** Between one try at a connection and the next, and for a single try. */
const RETRY_MS = 250;
const TRY_MS = 2000;
/** Messages that a connection has to bring before it counts as held. */
const ENOUGH_MESSAGES = 2;

const CRLF = "\r\n";

/** Resolves with the answer's end. @throws Error with the words of the socket or of Redis */
type Ask = () => Promise<void>;

const isAddresses = (value: unknown): value is AddressesSaid =>
  typeof value === "object" &&
  value !== null &&
  "uplink" in value &&
  (value.uplink === null || typeof value.uplink === "string") &&
  "bridge" in value &&
  (value.bridge === null || typeof value.bridge === "string");

export class App {
  readonly #order: AppOrder;
  readonly #around: AppSurroundings;
  readonly #held: Held[] = [];
  readonly #gateways: GatewaySeen[] = [];
  #interfaces: ReadonlySet<string> | null = null;
  #attachedAt: number | null = null;
  #outside: OutsideAddresses | null = null;
  #attempts = 0;
  /** Where the server outside was looked for. */
  readonly #tried = new Set<string>();
  /** Asks Redis on the connection for requests, as soon as that stands. */
  readonly #redis: Promise<Ask>;
  #redisStands: (ask: Ask) => void = () => undefined;
  /** The question before which the next has to wait. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(order: AppOrder, around: AppSurroundings) {
    this.#order = order;
    this.#around = around;
    this.#redis = new Promise((resolve) => {
      this.#redisStands = resolve;
    });
  }

  /** Until the signal aborts; never rejects. */
  async run(): Promise<void> {
    this.#look();
    await Promise.all([
      this.#every(LOOK_MS, () => {
        this.#look();
      }),
      this.#every(SAY_MS, () => {
        this.#around.say(this.seen());
      }),
      this.#hold(),
      this.#sayReady(),
    ]);
  }

  /**
   * A request that needs Redis: resolves when it has answered over the connection that is held for it, and waits for
   * that connection as long as it was never made.
   *
   * @throws Error when the connection has ended
   */
  async askRedis(): Promise<void> {
    const ask = await this.#redis;
    const mine = this.#turn.then(ask);
    this.#turn = mine.catch(() => undefined);
    await mine;
  }

  seen(): AppSeen {
    const at = this.#around.now();
    return {
      step: "app",
      at,
      attachedAt: this.#attachedAt,
      gateways: [...this.#gateways],
      outside: this.#outside,
      held: this.#held.map((held) => held.seen(at)),
    };
  }

  async #every(durationMs: number, act: () => void): Promise<void> {
    const { sleep, signal } = this.#around;
    while (!signal.aborted) {
      await sleep(durationMs, signal);
      act();
    }
  }

  #look(): void {
    const at = this.#around.now();
    const routes = this.#around.routes();
    const interfaces = new Set(routes.map((route) => route.interface));
    const known = this.#interfaces;
    this.#interfaces = known ?? interfaces;
    const isNew = (name: string): boolean => known !== null && !known.has(name);
    if (this.#attachedAt === null && [...interfaces].some(isNew)) {
      this.#attachedAt = at;
      for (const held of this.#held) held.attached(at);
    }
    const route = ownDefault(routes);
    const gateway = route?.gateway ?? null;
    const last = this.#gateways.at(-1);
    if (last === undefined || last.gateway !== gateway) {
      this.#gateways.push({ at, gateway, interface: route?.interface ?? null });
    }
  }

  async #sayReady(): Promise<void> {
    const { now, say, sleep, signal } = this.#around;
    const { service, patienceMs, everyMs } = this.#order;
    const end = now() + patienceMs;
    while (!signal.aborted && now() < end && !this.#allHeld()) await sleep(everyMs, signal);
    if (signal.aborted) return;
    say(
      this.#outside === null
        ? {
            step: "ready",
            service,
            error: `the server outside answers at none of ${[...this.#tried].join(", ")}`,
          }
        : { step: "ready", service, attempts: this.#attempts },
    );
  }

  #allHeld(): boolean {
    return (
      this.#outside !== null &&
      this.#held.every((held) => held.stands && held.received >= ENOUGH_MESSAGES)
    );
  }

  async #hold(): Promise<void> {
    const outside = await this.#findOutside();
    if (outside === null) return;
    const { uplink, bridge } = outside;
    const made = [
      this.#holdOne({ kind: "subscription", to: "uplink", address: uplink }),
      this.#holdOne({ kind: "stream", to: "uplink", address: uplink }),
      this.#holdOne({ kind: "commands", to: "uplink", address: uplink }),
      ...(bridge === null
        ? []
        : [
            this.#holdOne({ kind: "subscription", to: "bridge", address: bridge }),
            this.#holdOne({ kind: "stream", to: "bridge", address: bridge }),
          ]),
    ];
    this.#outside = outside;
    await Promise.all(made);
  }

  async #findOutside(): Promise<OutsideAddresses | null> {
    const { sleep, routes, signal } = this.#around;
    while (!signal.aborted) {
      const beside = await this.#firstOutside(bridgeAddresses(routes()));
      if (beside !== null) {
        return { uplink: beside.said.uplink ?? beside.host, bridge: beside.said.bridge };
      }
      // In the machine's namespace: its other addresses, and its bridges, need not be in reach from here.
      const beyond = await this.#firstOutside(this.#order.hosts);
      if (beyond !== null) return { uplink: beyond.host, bridge: null };
      await sleep(RETRY_MS, signal);
    }
    return null;
  }

  async #firstOutside(
    hosts: readonly string[],
  ): Promise<{ readonly host: string; readonly said: AddressesSaid } | null> {
    const answers = await Promise.all(
      hosts.map(async (host) => ({ host, said: await this.#askOutside(host) })),
    );
    return answers.flatMap(({ host, said }) => (said === null ? [] : [{ host, said }]))[0] ?? null;
  }

  #patience(): AbortSignal {
    return AbortSignal.any([this.#around.signal, AbortSignal.timeout(TRY_MS)]);
  }

  async #askOutside(host: string): Promise<AddressesSaid | null> {
    this.#attempts += 1;
    this.#tried.add(host);
    const dial = this.#around.dial({ host, port: this.#order.outsidePort });
    try {
      return await converse(dial, this.#patience(), async (conversation) => {
        conversation.write(`${ASK_ADDRESSES} ${this.#order.nonce}${CRLF}`);
        const answer: unknown = JSON.parse(await conversation.takeLine());
        return isAddresses(answer) ? answer : null;
      });
    } catch {
      return null;
    }
  }

  /** Tries until it stands, once; what then ends it is kept. */
  async #holdOne(what: Pick<HeldSeen, "kind" | "to" | "address">): Promise<void> {
    const { dial, now, sleep, signal } = this.#around;
    const held = new Held(what);
    if (this.#attachedAt !== null) held.attached(this.#attachedAt);
    this.#held.push(held);
    const port = what.kind === "stream" ? this.#order.outsidePort : this.#order.redisPort;
    while (!signal.aborted) {
      this.#attempts += 1;
      let connection: Duplex;
      try {
        connection = await dial({ host: what.address, port })(this.#patience());
      } catch (error) {
        held.failed(now(), wordsOf(error));
        await sleep(RETRY_MS, signal);
        continue;
      }
      await this.#use(connection, held, what.kind);
      return;
    }
  }

  async #use(connection: Duplex, held: Held, kind: HeldSeen["kind"]): Promise<void> {
    const { now, signal } = this.#around;
    const conversation = new Conversation(connection);
    const onAbort = (): void => {
      cutOff(connection);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    held.connected(now());
    try {
      switch (kind) {
        case "subscription":
          await this.#subscribe(conversation, held);
          break;
        case "stream":
          await this.#stream(conversation, held);
          break;
        case "commands":
          await this.#serveCommands(conversation, connection, held);
      }
    } catch (error) {
      held.failed(now(), wordsOf(error));
    } finally {
      signal.removeEventListener("abort", onAbort);
      cutOff(connection);
    }
  }

  async #subscribe(conversation: Conversation, held: Held): Promise<never> {
    await command(conversation, ["SUBSCRIBE", CHANNEL]);
    for (;;) {
      await receive(conversation);
      held.message(this.#around.now());
    }
  }

  async #stream(conversation: Conversation, held: Held): Promise<never> {
    const { now } = this.#around;
    conversation.write(`${ASK_STREAM}${CRLF}`);
    const timer = setInterval(() => {
      held.sent();
      conversation.write(`${String(now())}${CRLF}`);
    }, this.#order.everyMs);
    try {
      for (;;) {
        const [, received = ""] = (await conversation.takeLine()).split(" ");
        held.message(now(), Number(received));
      }
    } finally {
      clearInterval(timer);
    }
  }

  /** Until the other side ends it: requests use it in the meantime. */
  async #serveCommands(conversation: Conversation, connection: Duplex, held: Held): Promise<void> {
    const { now } = this.#around;
    const ask = async (): Promise<void> => {
      held.asked(now());
      await command(conversation, ["PING"]);
      held.answered(now());
    };
    for (let greeting = 0; greeting < ENOUGH_MESSAGES; greeting += 1) await ask();
    this.#redisStands(ask);
    await new Promise<void>((resolve) => connection.once("close", resolve));
    throw new Error("the connection is closed");
  }
}
