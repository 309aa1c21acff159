import fc from "fast-check";
import { expect, test } from "vitest";
import { outcomeSchema } from "../../../../harness/core/doctor/check.ts";
import { CHECKS, ROWS, STEPS } from "../../../../harness/core/doctor/checks.ts";
import { diagnose } from "../../../../harness/core/doctor/diagnosis.ts";
import type { DoctorFacts } from "../../../../harness/core/doctor/facts.ts";
import { ASKED, QUIET_FACTS, QUIET_NAMESPACE } from "./quiet-facts.ts";

test.each(ROWS)("the seed's cause “%s” has a check", (row) => {
  expect(CHECKS.filter(({ rows }) => rows.includes(row))).not.toEqual([]);
});

test("each of the seed's seven steps has a check", () => {
  const steps = new Set(CHECKS.flatMap((check) => check.steps));
  expect([...steps].toSorted()).toEqual(Array.from({ length: STEPS }, (_, index) => index + 1));
});

test("no two checks have the same id", () => {
  expect(new Set(CHECKS.map(({ id }) => id)).size).toBe(CHECKS.length);
});

test.each([null, ASKED])(
  "a fit machine has no problem, no warning and no gap (asked: %j)",
  (asked) => {
    const { checks, verdict } = diagnose({ ...QUIET_FACTS, asked }, "test");
    expect(checks.filter(({ status }) => !["ok", "not-applicable"].includes(status))).toEqual([]);
    expect(verdict).toBe("healthy");
  },
);

/** Nothing at all could be read. */
const BLIND: DoctorFacts = {
  ...QUIET_FACTS,
  daemon: null,
  silence: "no answer",
  attachments: null,
  processes: null,
  outer: {
    sockets: null,
    sixOnly: null,
    resolvers: null,
    portRange: null,
    reservedPorts: null,
    unprivilegedStart: null,
    conntrack: null,
    ipv6: null,
    backlog: null,
  },
  inner: null,
  forwards: null,
  firewall: { backends: [], uses: null, reserved: null, bridges: null },
  otherEngines: null,
  machine: {
    subordinate: null,
    helpers: [],
    cgroup: null,
    localhost: null,
    inotifyInstances: null,
    keys: null,
    dockerUnits: { system: false, user: false },
  },
};

test.each([null, ASKED, { ...ASKED, port: 53 }])(
  "what could not be read is never called well (asked: %j)",
  (asked) => {
    const { checks, verdict } = diagnose({ ...BLIND, asked }, "test");
    expect(checks.filter(({ status }) => status === "ok").map(({ id }) => id)).toEqual([]);
    expect(checks.filter(({ status }) => status === "problem").map(({ id }) => id)).toEqual([
      "engine",
    ]);
    expect(verdict).toBe("no-engine");
  },
);

/** Every combination of parts that could not be read. */
const partlyBlind = fc
  .record({
    daemon: fc.constantFrom("all", "none", "containers", "networks", "leftovers"),
    processes: fc.boolean(),
    outer: fc.boolean(),
    inner: fc.boolean(),
    forwards: fc.boolean(),
    firewall: fc.boolean(),
    otherEngines: fc.boolean(),
    machine: fc.boolean(),
    rootless: fc.boolean(),
    asked: fc.constantFrom(null, ASKED, { ...ASKED, port: 53 }, { ...ASKED, address: "::1" }),
  })
  .map((seen): DoctorFacts => {
    const daemon =
      seen.daemon === "none" || QUIET_FACTS.daemon === null
        ? null
        : {
            ...QUIET_FACTS.daemon,
            rootless: seen.rootless,
            ...(seen.daemon === "all" ? {} : { [seen.daemon]: null }),
          };
    const part = <Key extends keyof DoctorFacts>(key: Key, isSeen: boolean): DoctorFacts[Key] =>
      isSeen ? QUIET_FACTS[key] : BLIND[key];
    return {
      ...QUIET_FACTS,
      asked: seen.asked,
      daemon,
      processes: part("processes", seen.processes),
      outer: part("outer", seen.outer),
      inner: part("inner", seen.inner),
      forwards: part("forwards", seen.forwards),
      firewall: part("firewall", seen.firewall),
      otherEngines: part("otherEngines", seen.otherEngines),
      machine: part("machine", seen.machine),
    };
  });

test("every check answers whatever could not be read, and says why it does not know", () => {
  fc.assert(
    fc.property(partlyBlind, (facts) => {
      for (const { judge } of CHECKS) {
        const outcome = outcomeSchema.parse(judge(facts));
        expect(outcome.meaning).not.toBe("");
        // A machine without trouble has none because of a gap.
        if (facts.daemon !== null) expect(outcome.status).not.toBe("problem");
      }
    }),
  );
});

test("who could read it is named: the engine's user or root", () => {
  const facts = {
    ...QUIET_FACTS,
    asked: ASKED,
    reader: { uid: 1001, user: "eve" },
    outer: { ...QUIET_NAMESPACE, sockets: null },
  };
  const check = diagnose(facts, "test").checks.find(({ id }) => id === "host-process");
  expect(check).toMatchObject({
    status: "unknown",
    meaning:
      "the socket table where ports of the host are bound: user eve could not read it; run this as ada or as root",
  });
});

test("without an engine the host's side is still told, and the verdict is that there is none", () => {
  const facts = { ...QUIET_FACTS, asked: ASKED, daemon: null, silence: "no answer" };
  const { checks, verdict } = diagnose(facts, "test");
  expect(verdict).toBe("no-engine");
  expect(checks.find(({ id }) => id === "host-process")?.status).toBe("ok");
});

const NO_ENGINE: DoctorFacts = {
  ...QUIET_FACTS,
  asked: ASKED,
  address: "the places where one is looked for",
  daemon: null,
  silence: "no Docker engine found",
  processes: null,
  inner: null,
  forwards: null,
};

const engineOf = (facts: DoctorFacts) =>
  diagnose(facts, "test").checks.find(({ id }) => id === "engine");

test("without an engine the conclusion is that there is none to ask, and what the host has to do with the port", () => {
  const free = diagnose(NO_ENGINE, "test").conclusion;
  expect(free).toMatch(
    /^There is no engine to ask at the places [^;]*; nothing on the host was found to keep port 8080; \d+ checks could not be made$/,
  );
  const blind = { ...NO_ENGINE, outer: { ...QUIET_NAMESPACE, sockets: null } };
  expect(diagnose(blind, "test").conclusion).toContain(
    "whether anything on the host keeps port 8080 could not be read",
  );
});

test("without an engine RootlessKit's list is not missed; of a rootless one it is", () => {
  const leaked = (facts: DoctorFacts) =>
    diagnose(facts, "test").checks.find(({ id }) => id === "leaked-forward")?.status;
  expect(leaked(NO_ENGINE)).toBe("not-applicable");
  expect(leaked({ ...NO_ENGINE, processes: QUIET_FACTS.processes })).toBe("unknown");
});

test("an engine is started with what the machine has, and with nothing where it has nothing", () => {
  const having = (system: boolean, user: boolean) =>
    engineOf({
      ...NO_ENGINE,
      machine: { ...QUIET_FACTS.machine, dockerUnits: { system, user } },
    })?.commands;
  expect(having(true, true)).toEqual(["systemctl start docker"]);
  expect(having(false, true)).toEqual(["systemctl --user start docker"]);
  expect(having(false, false)).toEqual([]);
});

test("an engine that is seen on the machine is named, with the words that ask it", () => {
  const seen = { uid: 1000, user: "ada", rootless: true, command: "rootlesskit", portRange: null };
  const check = engineOf({
    ...NO_ENGINE,
    otherEngines: [
      { ...seen, pid: 4001, host: "unix:///run/user/1000/docker.sock" },
      { ...seen, pid: 5001, host: null },
    ],
  });
  expect(check?.evidence).toContain(
    "a rootless engine runs as pid 4001 of ada: --host unix:///run/user/1000/docker.sock",
  );
  expect(check?.evidence).toContain("a rootless engine runs as pid 5001 of ada");
  expect(check?.commands).toEqual(["stress doctor 8080 --host unix:///run/user/1000/docker.sock"]);
});
