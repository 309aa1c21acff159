import { expect, test } from "vitest";
import { adviceFor } from "../../../harness/core/causes.ts";
import { explain, explanationSchema, type Page } from "../../../harness/core/explanation.ts";
import { history } from "../../../harness/core/history.ts";
import type { SocketSeen } from "../../../harness/core/evidence.ts";
import { arm, journalOf, portTaken, refused } from "./history.ts";
import { portSight, recorded, refusedBy, type Recording, type Trouble } from "./recorded.ts";

const connection = (port: number): SocketSeen => ({
  family: 4,
  localAddress: "127.0.0.1",
  localPort: port,
  remoteAddress: "127.0.0.1",
  remotePort: 5432,
  state: "established",
  uid: 1000,
  holder: { pid: 4711, uid: 1000, user: "ci", command: "/usr/bin/psql", part: "none" },
});

/** A job whose Redis did not get its port, because a connection of the host had it. */
const taken = (job: string, port: number): Trouble => ({
  job,
  operation: "container.start",
  service: "redis",
  answer: refusedBy(portTaken(port)),
  sights: [portSight(port, { host: [connection(port)] })],
});

const dynamic = { modes: ["ports"], ns: [4] } as const;

const runOf = (recording: Recording) => history(recorded(recording));

const pageOf = (recording: Recording, job: string): Page => {
  const [page] = explain(runOf(recording), { job }).pages;
  if (page === undefined) throw new Error(`no page for ${job}`);
  return page;
};

test("a page tells each call with its command, its time, its answer, and which one failed", () => {
  const { asked, notReached } = pageOf(
    { request: dynamic, troubles: [taken("w1j2", 32770)] },
    "w1j2",
  );
  expect(
    asked.map(({ command, at, took, answer, failed }) => [command?.[1], at, took, answer, failed]),
  ).toEqual([
    ["network", 10, 100, "done", false],
    ["create", 110, 100, "done", false],
    ["start", 210, 100, "refused", true],
  ]);
  expect(asked[2]).toMatchObject({
    command: ["docker", "start", "stress-k3x9-w1j2-redis"],
    status: 500,
  });
  // Inspect, ready and identity were still to come.
  expect(notReached).toBe(3);
});

test("calls of other jobs count as in flight where the daemon had them and had not answered", () => {
  const { inFlight } = pageOf({ request: dynamic, troubles: [taken("w1j2", 32770)] }, "w1j2");
  // Jobs start a tenth of a step apart: the one before has sent its start, the two after are at their creates.
  expect(inFlight).toEqual({ "container.create": 2, "container.start": 1 });
});

test("words, class, cause and what to change stand together, with how sure that is", () => {
  const { said, because, change, sureness } = pageOf(
    { request: dynamic, troubles: [taken("w1j2", 32770)] },
    "w1j2",
  );
  expect(said).toMatchObject({
    by: "daemon",
    message: portTaken(32770),
    cause:
      "error while calling RootlessKit PortManager.AddPort(): listen tcp4 0.0.0.0:32770: bind: address already in use",
    class: "port.rootlesskit_addport_in_use",
    source: { repository: "moby/moby" },
  });
  expect(because).toMatchObject({ cause: "outbound_connection", certainty: "shown" });
  expect(change).toEqual([
    "publish nothing, or give the daemon's namespace an ip_local_port_range apart from the host's",
    "removing the container, then creating and starting it again, is sensible: the daemon then chooses another port; Engine 29.6.0 does not do so itself (20.10–27 and 28.3–28.5 do)",
    "Engine 29.1.0 and later: a container whose first start was refused starts the second time without any network, and the engine reports success; remove the container and create it again; do not start it again",
  ]);
  expect(sureness).toEqual([
    "shown: the look saw it 2.0ms after the failure",
    "the daemon's log could not be read",
  ]);
});

test.each([
  ["ports", "28.5.2", /sensible.*Engine 28\.5\.2 has itself tried up to ten/],
  ["ports-fixed", "29.6.0", /does not help while the port is held: it asks for a fixed port/],
] as const)(
  "in mode %s on Engine %s the advice on repeating is another",
  (mode, version, words) => {
    const { change } = pageOf(
      { request: { modes: [mode], ns: [1] }, engine: { version }, troubles: [taken("w1j1", 6379)] },
      "w1j1",
    );
    expect(change.join("\n")).toMatch(words);
  },
);

test("a fixed port that a connection holds is to be moved out of the range, not to be chosen by the daemon", () => {
  const { change } = pageOf(
    { request: { modes: ["ports-fixed"], ns: [1] }, troubles: [taken("w1j1", 6379)] },
    "w1j1",
  );
  expect(change).toContain(adviceFor("outbound_connection", { dynamic: false }));
  expect(change).not.toContain(adviceFor("outbound_connection", { dynamic: true }));
});

test.each([
  ["other-engine", { state: "listen" }],
  ["none", null],
] as const)(
  "a fixed port held by %s is not advised a port range for the daemon",
  (part, holding) => {
    const held: SocketSeen = {
      ...connection(6379),
      state: "listen",
      holder: { pid: 4711, uid: 1000, user: "ci", command: "/usr/bin/rootlesskit", part },
    };
    const host = holding === null ? null : [held];
    const { change } = pageOf(
      {
        request: { modes: ["ports-fixed"], ns: [1] },
        troubles: [{ ...taken("w1j1", 6379), sights: [portSight(6379, { host })] }],
      },
      "w1j1",
    );
    expect(change[0]).toBe("publish another port, or let the daemon choose one");
    expect(change.join("\n")).not.toContain("ip_local_port_range");
  },
);

test("a known problem of the engine with these very words is among what to change", () => {
  const words = "failed to bind host port 10.0.2.100:32768/tcp: address already in use";
  const { change } = pageOf(
    {
      request: { modes: ["ports"], ns: [1] },
      engine: { version: "29.0.4", portDriver: "slirp4netns" },
      troubles: [{ ...taken("w1j1", 32768), answer: refusedBy(words) }],
    },
    "w1j1",
  );
  expect(change.join("\n")).toMatch(/29\.0\.0–29\.1\.1: .*held by nobody; update to 29\.1\.2/);
});

test("what could not be read is said, and so is that nobody was looked at", () => {
  const blind = {
    ...taken("w1j1", 32770),
    sights: [portSight(32770, { host: null, rules: null })],
  };
  const { because, sureness } = pageOf({ request: dynamic, troubles: [blind] }, "w1j1");
  expect(because).toMatchObject({ cause: null, certainty: "open", meaning: null });
  expect(sureness).toContain("the host's sockets, the NAT rules could not be read");
  const unseen = { ...taken("w1j1", 32770), sights: [] };
  expect(pageOf({ request: dynamic, troubles: [unseen] }, "w1j1").because?.sentence).toBe(
    "nothing was looked at",
  );
});

test("log lines that only their time joins are doubted where other jobs were at work", () => {
  const line = 'time="2026-11-21T04:00:00.310000000Z" level=warning msg="something else"';
  const { log, sureness } = pageOf(
    { request: dynamic, troubles: [taken("w1j2", 32770)], log: [line] },
    "w1j2",
  );
  expect(log?.lines.map(({ joined }) => joined)).toEqual(["time"]);
  expect(sureness).toContain(
    "1 log line joined by time alone: 3 other jobs had a call under way too",
  );
});

test("a daemon that gave up says after how many tries, by the port in its log", () => {
  const retry = (port: number, attempt: number): string =>
    `time="2026-11-21T04:00:00.310000000Z" level=warning msg="Failed to allocate and map port" attempt=${String(attempt)} error="error while calling RootlessKit PortManager.AddPort(): listen tcp4 0.0.0.0:${String(port)}: bind: address already in use"`;
  const { change } = pageOf(
    {
      request: dynamic,
      engine: { version: "28.5.2" },
      troubles: [taken("w1j2", 32777)],
      log: [retry(32776, 9), retry(32777, 10)],
    },
    "w1j2",
  );
  expect(change.join("\n")).toContain("Engine 28.5.2 has itself refused it after 10 tries");
});

test("lines about a thread's network namespace are called noise", () => {
  const line =
    'time="2026-11-21T04:00:00.310000000Z" level=warning msg="failed to restore thread\'s network namespace"';
  const { sureness } = pageOf(
    { request: dynamic, troubles: [taken("w1j2", 32770)], log: [line] },
    "w1j2",
  );
  expect(sureness.join("\n")).toMatch(/network namespace: noise on Engine 29\.6\.0, not a cause/);
});

test("jobs that failed by the same class and cause share one page, whatever their ports", () => {
  const run = runOf({
    request: { ...dynamic, waves: 2 },
    troubles: [
      taken("w1j1", 32770),
      taken("w1j3", 32771),
      { ...taken("w2j2", 32780), sights: [portSight(32780)] },
      taken("w2j4", 32790),
    ],
  });
  const { pages, jobs } = explain(run, { failed: "first" });
  expect(pages.map(({ job, alike }) => [job, alike])).toEqual([
    ["w1j1", ["w1j3", "w2j4"]],
    ["w2j2", []],
  ]);
  expect(jobs).toEqual({ ok: 4, failed: 4, unfinished: 0 });
  expect(explain(run, { failed: "all" }).pages.map(({ job }) => job)).toEqual([
    ...["w1j1", "w1j3", "w2j2", "w2j4"],
  ]);
});

/** Two engines, each with a warm-up and a wave that counts; in each wave MySQL's port was taken once. */
const twoEngines = () => {
  const armOf = (profile: string) => ({ ...arm("ports", 2), id: `${profile}/ports/n2`, profile });
  const wrong = { 1: [refused("container.start", "mysql", portTaken(32770))] };
  return history(
    journalOf({
      arms: [armOf("new"), armOf("old")],
      engines: { new: { version: "29.6.0" }, old: { version: "28.5.2", rootless: false } },
      waves: [0, 1, 2].flatMap((block) =>
        ["new", "old"].map((profile) => ({ arm: `${profile}/ports/n2`, block, wrong })),
      ),
    }),
  );
};

test("a page is of one engine, which it names, and its likes are those of that engine alone", () => {
  const { pages } = explain(twoEngines(), { failed: "first" });
  expect(
    pages.map(({ job, profile, engine, alike, alikeInWarmups }) => ({
      ...{ job, profile, version: engine.version, rootless: engine.rootless },
      ...{ alike, alikeInWarmups },
    })),
  ).toEqual([
    {
      ...{ job: "w3j1", profile: "new", version: "29.6.0", rootless: true },
      ...{ alike: ["w5j1"], alikeInWarmups: ["w1j1"] },
    },
    {
      ...{ job: "w4j1", profile: "old", version: "28.5.2", rootless: false },
      ...{ alike: ["w6j1"], alikeInWarmups: ["w2j1"] },
    },
  ]);
});

test("a job of a warm-up is called one", () => {
  const run = twoEngines();
  const warmups = ["w1j1", "w3j1"].flatMap((job) =>
    explain(run, { job }).pages.map(({ warmup }) => warmup),
  );
  expect(warmups).toEqual([true, false]);
});

test("where nothing was looked at, nothing was seen", () => {
  const { sureness } = pageOf(
    { request: dynamic, troubles: [{ ...taken("w1j1", 32770), sights: [] }] },
    "w1j1",
  );
  expect(sureness).toContain(
    "open: nothing but the message itself was looked at after the failure",
  );
});

test("jobs of different modes have pages of their own: what helps is not the same", () => {
  const recording: Recording = {
    request: { modes: ["ports", "ports-fixed"], ns: [2] },
    troubles: [taken("w1j1", 32770), taken("w2j1", 32770)],
  };
  const { pages } = explain(runOf(recording), { failed: "first" });
  expect(new Set(pages.map(({ mode }) => mode))).toEqual(new Set(["ports", "ports-fixed"]));
  expect(pages.map(({ alike }) => alike)).toEqual([[], []]);
  expect(new Set(pages.map(({ change }) => change.join("\n"))).size).toBe(2);
});

test.each([
  [
    true,
    "the sockets in the daemon's namespace, RootlessKit's forwards, the NAT rules could not be read",
  ],
  [false, "the NAT rules could not be read"],
])("what there is none of is not missed (rootless: %j)", (rootless, words) => {
  const sights = [portSight(32770, { engine: null, forwards: null, rules: null })];
  const trouble = { ...taken("w1j1", 32770), sights };
  const { sureness } = pageOf(
    { request: dynamic, engine: { rootless }, troubles: [trouble] },
    "w1j1",
  );
  expect(sureness).toContain(words);
});

test("a job that did not fail has its calls and nothing to change", () => {
  const page = pageOf({ request: dynamic }, "w1j3");
  expect(page).toMatchObject({ outcome: "ok", label: null, said: null, because: null, change: [] });
  expect(page.asked).toHaveLength(6);
  expect(page.notReached).toBe(0);
  expect(page.asked.at(-1)?.words).toBe(
    "look for foreign data in redis, on its published port 6379",
  );
});

test("a journal of version 1 is explained without its commands, and says so", () => {
  const run = history(
    journalOf({
      arms: [arm("ports", 2)],
      waves: [
        { arm: "ports", wrong: { 1: [refused("container.start", "mysql", portTaken(32770))] } },
      ],
    }),
  );
  const [page] = explain(run, { failed: "first" }).pages;
  expect(page?.asked.at(-1)).toMatchObject({
    command: null,
    words: "container.start mysql",
    failed: true,
  });
  expect(page?.sureness).toContain("the journal is of version 1: it does not hold the exact calls");
});

test("an explanation is what its schema promises, and JSON keeps it whole", () => {
  const explanation = explain(
    runOf({ request: dynamic, troubles: [taken("w1j2", 32770)], log: ["whatever"] }),
    { failed: "first" },
  );
  expect(explanationSchema.parse(JSON.parse(JSON.stringify(explanation)))).toEqual(explanation);
});
