import { expect, test } from "vitest";
import { parseImageFile } from "../../../docker/images/image-file.ts";

test("a set is read with what each role needs", () => {
  const text = `
mysql:
  reference: mariadb:11
  env:
    MARIADB_ALLOW_EMPTY_ROOT_PASSWORD: "1"
redis:
  reference: valkey/valkey:8
  command: [valkey-server, --save, ""]
`;
  expect(parseImageFile(text, "set.yaml")).toEqual({
    mysql: {
      reference: "mariadb:11",
      command: null,
      env: { MARIADB_ALLOW_EMPTY_ROOT_PASSWORD: "1" },
    },
    redis: {
      reference: "valkey/valkey:8",
      command: ["valkey-server", "--save", ""],
      env: {},
    },
  });
});

test.each([
  ["", "set.yaml: the file must be a mapping of keys to values"],
  ["{}", "set.yaml: names no images; roles are mysql, redis, clickhouse, job"],
  ["- mysql", "set.yaml:1: the file must be a mapping of keys to values"],
  [
    "mysql: { reference: a }\npostgres: { reference: b }",
    'set.yaml:2: unknown role "postgres"; known: mysql, redis, clickhouse, job',
  ],
  [
    "mysql:\n  reference: a\n  image: b",
    'set.yaml:3: unknown key "image" of mysql; known: reference, command, env',
  ],
  [
    "mysql:\n  env: {}",
    "set.yaml:2: mysql needs a reference, such as mysql: { reference: NAME:TAG }",
  ],
  ["mysql: mariadb:11", "set.yaml:1: mysql must be a mapping of keys to values"],
  [
    "mysql:\n  reference: 8",
    "set.yaml:2: reference must be a text; put numbers and true/false in quotes",
  ],
  [
    "mysql:\n  reference: a\n  env:\n    A: yes\n    B: 1",
    "set.yaml:5: env B must be a text; put numbers and true/false in quotes",
  ],
  [
    "redis:\n  reference: a\n  command: redis-server",
    'set.yaml:3: command must be a list, such as ["redis-server"]',
  ],
  ["mysql:\n  reference: [", /^set\.yaml:2: not YAML: /],
])("%j is refused with file, line and what would be right", (text, words) => {
  const read = () => parseImageFile(text, "set.yaml");
  expect(read).toThrow(expect.objectContaining({ code: "usage" }));
  expect(read).toThrow(words);
});
