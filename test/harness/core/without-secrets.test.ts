import fc from "fast-check";
import { expect, test } from "vitest";
import { commandOf } from "../../../docker/evidence/process-table.ts";
import { settingsWithoutSecrets } from "../../../harness/core/without-secrets.ts";

const shown = (...words: string[]): string =>
  commandOf({ pid: 1, parent: 0, uid: 0, name: "name", words });

test.each([
  [["mysqld", "--password=hunter2", "-v"], "mysqld --password=*** -v"],
  [["app", "--password", "hunter2", "--port", "80"], "app --password *** --port 80"],
  [["redis-server", "--requirepass", "hunter2"], "redis-server --requirepass ***"],
  [["redis-cli", "-a", "hunter2", "ping"], "redis-cli -a *** ping"],
  [["mysql", "-uroot", "-phunter2"], "mysql -uroot -p***"],
  [["curl", "-u", "me:hunter2", "http://h/"], "curl -u me:*** http://h/"],
  [["curl", "-H", "Authorization: Bearer hunter2"], "curl -H Authorization: ***"],
  [["psql", "postgres://me:hunter2@db:5432/x"], "psql postgres://me:***@db:5432/x"],
  [["proxy", "me:hunter2@host"], "proxy me:***@host"],
  [["sh", "-c", "API_KEY='a b' TOKEN=hunter2 run"], "sh -c API_KEY=*** TOKEN=*** run"],
  [["app", '{"password": "hunter2", "port": 1}'], 'app {"password": ***, "port": 1}'],
  [["app", "ghp_0123456789abcdef0123456789"], "app ***"],
])("of %j the secret is hidden and the rest is kept", (words, command) => {
  expect(shown(...words)).toBe(command);
});

test.each([
  "/usr/bin/docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 8080 -container-ip 172.17.0.2",
  "rootlesskit --net=slirp4netns --port-driver=builtin -p 0.0.0.0:8080:80/tcp /usr/bin/dockerd",
  "docker run -p8080:80 -p80 redis:7",
  "dockerd --host=unix:///run/user/1000/docker.sock --data-root=/a --password-file=/b",
  "python3 -m http.server 8080 --bind ::1",
  "socat TCP-LISTEN:80,fork TCP:10.0.0.1:80",
  "ssh -N -L 127.0.0.1:80:db:80 me@host",
])("nothing of %j is hidden", (command) => {
  expect(shown(...command.split(" "))).toBe(command);
});

test("a long command line is cut with a mark, and says how long it was", () => {
  const command = shown("app", "x".repeat(100_000));
  expect(command.length).toBeLessThan(340);
  expect(command).toMatch(/^app x+… \(100,004 characters\)$/);
});

test("no password is shown, wherever it stands", () => {
  const secret = "S3cr3t-of-5tress";
  const places = [
    (text: string) => [`--db-password=${text}`],
    (text: string) => ["--token", text],
    (text: string) => ["mysql", `-p${text}`],
    (text: string) => [`amqp://u:${text}@h:1/`],
    (text: string) => ["sh", "-c", `exec env DB_SECRET="${text}" app`],
  ];
  fc.assert(
    fc.property(
      fc.constantFrom(...places),
      fc.array(fc.string({ maxLength: 20 }), { maxLength: 3 }),
      (place, others) => {
        expect(shown("app", ...place(secret), ...others)).not.toContain(secret);
      },
    ),
  );
});

test("of a daemon.json, passwords in proxies' addresses and in log options are hidden, and nothing else", () => {
  const settings = {
    proxies: { "http-proxy": "http://me:hunter2@proxy:3128", "no-proxy": "localhost" },
    "log-opts": { "splunk-token": "0123", "splunk-url": "https://splunk:8088", "max-size": "10m" },
    "default-address-pools": [{ base: "10.200.0.0/14", size: 24 }],
    debug: true,
  };
  expect(settingsWithoutSecrets(settings)).toEqual({
    ...settings,
    proxies: { ...settings.proxies, "http-proxy": "http://me:***@proxy:3128" },
    "log-opts": { ...settings["log-opts"], "splunk-token": "***" },
  });
});
