import { format } from "prettier";
import { expect, test } from "vitest";
import { diagnose, diagnosisJsonSchema, toDiagnosis } from "../../harness/core/doctor/diagnosis.ts";
import type { DoctorFacts } from "../../harness/core/doctor/facts.ts";
import { doctorFixes, doctorJson, doctorText } from "../../reports/doctor.ts";
import type { Paint } from "../../reports/paint.ts";
import { ASKED, QUIET_FACTS } from "../harness/core/doctor/quiet-facts.ts";

const same = (text: string): string => text;
const PLAIN: Paint = { good: same, bad: same, dim: same, bold: same };

/** A listener of somebody else's, and an orphan rule beside it; one table could not be read. */
const BUSY: DoctorFacts = {
  ...QUIET_FACTS,
  asked: ASKED,
  outer: {
    ...QUIET_FACTS.outer,
    conntrack: null,
    sockets: [
      {
        family: 4,
        localAddress: "0.0.0.0",
        localPort: 8080,
        remoteAddress: "0.0.0.0",
        remotePort: 0,
        state: "listen",
        uid: 33,
        holder: {
          pid: 4711,
          uid: 33,
          user: "www-data",
          command: "/usr/sbin/nginx -g daemon off;",
          part: "none",
        },
      },
    ],
  },
  inner: QUIET_FACTS.inner === null ? null : { ...QUIET_FACTS.inner, conntrack: null },
  firewall: {
    ...QUIET_FACTS.firewall,
    backends: QUIET_FACTS.firewall.backends.map(({ backend, rules }) => ({
      backend,
      rules:
        backend === "iptables-nft"
          ? [
              ...(rules ?? []),
              {
                backend,
                chain: "DOCKER",
                line: 2,
                rule: "-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.9:80",
              },
            ]
          : rules,
    })),
  },
};

const busy = diagnose(BUSY, "0.0.0");

test("the text has problems first and the conclusion last", async () => {
  await expect(doctorText(busy, PLAIN)).toMatchFileSnapshot("goldens/doctor.text.golden");
});

test("--fix is a script of comments and commands, and nothing of what is well", async () => {
  await expect(doctorFixes(busy)).toMatchFileSnapshot("goldens/doctor.fix.golden");
});

test("the JSON is the diagnosis, and reads back as itself", () => {
  expect(toDiagnosis(JSON.parse(doctorJson(busy)))).toEqual(busy);
});

test("a preflight of a fit machine ends with what was reckoned with", () => {
  const text = doctorText(diagnose(QUIET_FACTS, "0.0.0"), PLAIN);
  expect(text.trimEnd().split("\n").at(-1)).toBe(
    "Nothing found that speaks against 16 jobs at once.",
  );
});

test("words from outside do not act on a terminal, nor leave their line of the script", () => {
  const { daemon } = QUIET_FACTS;
  if (daemon === null) throw new Error("the quiet facts have no engine");
  const facts: DoctorFacts = {
    ...QUIET_FACTS,
    asked: ASKED,
    forwards: [
      {
        id: 1,
        protocol: "tcp4",
        parentIp: "0.0.0.0",
        parentPort: 8080,
        childIp: "127.0.0.1",
        childPort: 8080,
      },
    ],
    daemon: {
      ...daemon,
      containers: [
        {
          name: "web\u001b[2J\nrm -rf $HOME #",
          state: "running",
          pid: null,
          hostNetwork: false,
          addresses: [],
          ports: [{ protocol: "tcp", hostIp: "", hostPort: 8080, containerPort: 80 }],
        },
      ],
    },
  };
  const diagnosis = diagnose(facts, "0.0.0");
  expect(doctorText(diagnosis, PLAIN) + doctorFixes(diagnosis)).not.toMatch(/\u001b/);
  const commands = doctorFixes(diagnosis)
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  expect(commands[0]).toBe(String.raw`docker stop $'web\x1b[2J\x0arm -rf $HOME #'`);
  expect(commands).toHaveLength(1);
});

test("the committed schema is the one that diagnoses are checked against", async () => {
  const schema = await format(JSON.stringify(diagnosisJsonSchema()), {
    parser: "json",
    printWidth: 100,
  });
  await expect(schema).toMatchFileSnapshot("../../reports/doctor.schema.json");
});
