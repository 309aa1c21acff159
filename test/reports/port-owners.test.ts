import { format } from "prettier";
import { expect, test } from "vitest";
import type { PortFacts } from "../../harness/core/port-owners/facts.ts";
import { portTable } from "../../harness/core/port-owners/join.ts";
import { portTableJsonSchema, toPortTable } from "../../harness/core/port-owners/port-table.ts";
import { portsJson, portsText } from "../../reports/port-owners.ts";
import type { Paint } from "../../reports/paint.ts";
import {
  bound,
  container,
  forward,
  listening,
  OUTPUT_PROXYLESS,
  proxy,
  proxyless,
  redis,
  ROOTLESS,
  rootlessDaemon,
  rootlesskit,
  rules,
  stranger,
} from "../harness/core/port-owners/engine-of-a-test.ts";

const same = (text: string): string => text;
const PLAIN: Paint = { good: same, bad: same, dim: same, bold: same };

/** A rootless engine whose proxy was just turned off; one docker-proxy of before is left. */
const BUSY: PortFacts = {
  ...proxyless(ROOTLESS),
  asked: null,
  reader: { uid: 1000, user: "ada" },
  containers: [
    container("web", ["172.17.0.2"], "0.0.0.0:8080/tcp"),
    container("six", ["172.18.0.2", "fd00:6::2"], "[::]:8082/tcp"),
    container("lost", ["172.17.0.4"], "0.0.0.0:8083/tcp"),
    { ...container("cache", []), pid: 4711, hostNetwork: true },
  ],
  host: [
    bound("0.0.0.0:8080/tcp", rootlesskit),
    bound("[::]:8082/tcp", rootlesskit),
    bound("0.0.0.0:8084/tcp", rootlesskit),
  ],
  inner: [
    bound("127.0.0.1:8080/tcp", rootlessDaemon),
    bound("[::1]:8082/tcp", rootlessDaemon),
    listening(proxy(5001, "127.0.0.1:8084/tcp", "172.17.0.9")),
    bound("0.0.0.0:6379/tcp", redis),
    bound("[::]:6379/tcp", redis),
  ],
  forwards: [
    forward(1, "0.0.0.0:8080/tcp", "127.0.0.1:8080/tcp"),
    forward(2, "[::]:8082/tcp", "[::1]:8082/tcp"),
    forward(4, "0.0.0.0:8084/tcp", "127.0.0.1:8084/tcp"),
  ],
  proxies: [proxy(5001, "127.0.0.1:8084/tcp", "172.17.0.9")],
  rules: {
    four: rules(
      OUTPUT_PROXYLESS,
      "DOCKER -d 127.0.0.1/32 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:6379",
    ),
    six: [],
    unread: ["iptables-legacy"],
  },
  inContainers: [{ pid: 4711, container: "cache" }],
};

test("the text is one line a port, what is to be said of it, and what was not to be seen", async () => {
  const text = portsText(portTable(BUSY, "0.0.0"), PLAIN);
  await expect(text).toMatchFileSnapshot("goldens/ports.text.golden");
});

test("the JSON is the table, and reads back as itself", () => {
  const table = portTable(BUSY, "0.0.0");
  expect(toPortTable(JSON.parse(portsJson(table)))).toEqual(table);
});

test("an engine without ports is said to have none, and a port that nobody has to be nobody's", () => {
  expect(portsText(portTable(ROOTLESS, "0.0.0"), PLAIN)).toBe(
    "No container publishes a port, and none listens in the host's network.\n",
  );
  const asked = { port: 53, address: "127.0.0.1", protocol: "udp" } as const;
  expect(portsText(portTable({ ...ROOTLESS, asked }, "0.0.0"), PLAIN)).toBe(
    "Nobody has port 127.0.0.1:53/udp.\n",
  );
});

test("where not all could be seen, nobody is said to have a port only as far as it could", () => {
  const asked = { port: 53, address: null, protocol: null } as const;
  const text = portsText(portTable({ ...ROOTLESS, host: null, asked }, "0.0.0"), PLAIN);
  expect(text).toBe(
    "Nobody was seen to have port 53.\nUnseen: the socket table where ports of the host are bound: user root could not read it.\n",
  );
});

test("only what is wrong is set off", () => {
  const marked = { ...PLAIN, bad: (text: string) => `<${text}>` };
  const bad = portsText(portTable(BUSY, "0.0.0"), marked)
    .split("\n")
    .filter((line) => line.startsWith("<"));
  expect(bad.map((line) => line.slice(1, line.indexOf(": ")))).toEqual([
    "[::]:8082/tcp",
    "0.0.0.0:8083/tcp",
    "0.0.0.0:8084/tcp",
  ]);
});

test("words from outside do not act on a terminal", () => {
  const evil = "web\u001b[2J\nrm";
  const table = portTable(
    {
      ...ROOTLESS,
      asked: { port: 8080, address: null, protocol: null },
      containers: [container(evil, ["172.17.0.2"], "0.0.0.0:8080/tcp")],
      host: [bound("0.0.0.0:8080/tcp", { ...stranger, command: `${evil} -x` })],
    },
    "0.0.0",
  );
  expect(portsText(table, PLAIN) + portsJson(table)).not.toMatch(/\u001b/);
});

test("the committed schema is the one that tables are checked against", async () => {
  const schema = await format(JSON.stringify(portTableJsonSchema()), {
    parser: "json",
    printWidth: 100,
  });
  await expect(schema).toMatchFileSnapshot("../../reports/ports.schema.json");
});
