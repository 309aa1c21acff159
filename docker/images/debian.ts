/**
 * The image set `debian`: services and job container from Debian's packages, no registry needed.
 */
import type { ImageUse } from "../../harness/core/model.ts";
import type { DebianRelease } from "../managed/debian-packages.ts";
import { contentKey } from "../managed/state-directory.ts";
import { iperf3Image } from "./datapath-images.ts";
import type { ImageSource, ResolvedImageSet } from "./image-source.ts";
import { PROBE_COMMAND, readProbeFiles } from "./probe-files.ts";
import { recipeReference, type Recipe } from "./recipe.ts";
import type { TarEntry } from "./tar.ts";

const file = (path: string, ...lines: readonly string[]): TarEntry => ({
  kind: "file",
  path,
  content: `${lines.join("\n")}\n`,
});

const directory = (path: string): TarEntry => ({ kind: "directory", path });

/** No maintainer script has run, so the files that those make are missing. */
const ACCOUNTS: readonly TarEntry[] = [
  file("etc/passwd", "root:x:0:0:root:/root:/bin/sh", "mysql:x:101:101::/nonexistent:/bin/false"),
  file("etc/group", "root:x:0:", "mysql:x:101:"),
  file("etc/nsswitch.conf", "passwd: files", "group: files", "hosts: files dns"),
  directory("root"),
];

const PATH = "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * Small buffers and no binary log: a burst starts dozens of these, and it is not their speed that is measured.
 */
const MARIADB_CONFIG = file(
  "etc/mysql/my.cnf",
  "[mysqld]",
  "user = root",
  "datadir = /var/lib/mysql",
  // Not below /run, which mmdebstrap empties.
  "socket = /var/lib/mysql/mysqld.sock",
  "pid-file = /var/lib/mysql/mysqld.pid",
  "port = 3306",
  "bind-address = 0.0.0.0",
  "skip-name-resolve",
  "skip-log-bin",
  "performance_schema = OFF",
  "max_connections = 32",
  "table_open_cache = 100",
  "key_buffer_size = 1M",
  "aria_pagecache_buffer_size = 1M",
  "innodb_buffer_pool_size = 16M",
  "innodb_log_file_size = 4M",
  "innodb_log_buffer_size = 2M",
  // Written at every start, by every server of a burst.
  "innodb_temp_data_file_path = ibtmp1:3M:autoextend",
  // Native asynchronous I/O takes from a limit of the whole machine (fs.aio-max-nr), which many servers exhaust.
  "innodb_use_native_aio = 0",
);

/** The access of the hub's image with MYSQL_ALLOW_EMPTY_PASSWORD: root, from anywhere, without a password. */
const MARIADB_ACCESS = file(
  "etc/mysql/access.sql",
  // The bootstrap server starts without grants and refuses to change what it has not read.
  "FLUSH PRIVILEGES;",
  "CREATE USER IF NOT EXISTS root@'%';",
  "GRANT ALL PRIVILEGES ON *.* TO root@'%' WITH GRANT OPTION;",
);

const MARIADB: Recipe = {
  name: "mariadb",
  // The shell tools are for mariadb-install-db, a shell script.
  packages: ["mariadb-server", "dash", "coreutils", "sed", "grep", "gawk", "hostname", "libc-bin"],
  files: [
    ...ACCOUNTS,
    MARIADB_CONFIG,
    MARIADB_ACCESS,
    directory("var/lib/mysql"),
    { kind: "link", path: "usr/bin/awk", target: "gawk" },
  ],
  prepare: [
    "mariadb-install-db",
    // Without a network the container's own name cannot be looked up, nor is there need to.
    "--force",
    "--user=root",
    "--skip-test-db",
    "--skip-name-resolve",
    "--auth-root-authentication-method=normal",
    "--extra-file=/etc/mysql/access.sql",
  ],
  changes: [PATH, 'CMD ["mariadbd"]', "EXPOSE 3306/tcp"],
};

const REDIS: Recipe = {
  name: "redis",
  // The shell is for health checks: `--health-cmd` is run by one.
  packages: ["redis-server", "dash"],
  files: [...ACCOUNTS, directory("data")],
  prepare: null,
  changes: [
    PATH,
    "WORKDIR /data",
    'CMD ["redis-server", "--bind", "0.0.0.0", "--protected-mode", "no", "--save", "", "--appendonly", "no"]',
    "EXPOSE 6379/tcp",
  ],
};

const CLICKHOUSE: Recipe = {
  name: "clickhouse",
  // The client and its shell are for health checks.
  packages: ["clickhouse-server", "tzdata", "clickhouse-client", "dash"],
  files: [
    ...ACCOUNTS,
    file(
      "etc/clickhouse-server/config.xml",
      "<yandex>",
      "  <logger><level>warning</level><console>1</console></logger>",
      "  <listen_host>0.0.0.0</listen_host>",
      "  <http_port>8123</http_port>",
      "  <tcp_port>9000</tcp_port>",
      "  <interserver_http_port>9009</interserver_http_port>",
      // Otherwise it asks the resolver for its own name and gives up when nobody knows it.
      "  <interserver_http_host>localhost</interserver_http_host>",
      "  <path>/var/lib/clickhouse/</path>",
      "  <tmp_path>/var/lib/clickhouse/tmp/</tmp_path>",
      "  <users_config>users.xml</users_config>",
      "  <default_profile>default</default_profile>",
      "  <default_database>default</default_database>",
      "  <timezone>UTC</timezone>",
      "  <mark_cache_size>5242880</mark_cache_size>",
      "  <max_concurrent_queries>32</max_concurrent_queries>",
      "</yandex>",
    ),
    file(
      "etc/clickhouse-server/users.xml",
      "<yandex>",
      "  <profiles><default></default></profiles>",
      "  <users><default>",
      "    <password></password>",
      "    <networks><ip>::/0</ip></networks>",
      "    <profile>default</profile>",
      "    <quota>default</quota>",
      "  </default></users>",
      "  <quotas><default></default></quotas>",
      "</yandex>",
    ),
    directory("var/lib/clickhouse"),
    directory("var/lib/clickhouse/tmp"),
    // The client ends without; the server has its time zone from its configuration.
    { kind: "link", path: "etc/localtime", target: "../usr/share/zoneinfo/UTC" },
  ],
  prepare: null,
  changes: [
    PATH,
    'CMD ["clickhouse-server", "--config-file=/etc/clickhouse-server/config.xml"]',
    "EXPOSE 8123/tcp",
    "EXPOSE 9000/tcp",
    "EXPOSE 9009/tcp",
  ],
};

/** Debian 12 is the last one with ClickHouse. */
const WITHOUT_CLICKHOUSE: ReadonlySet<string> = new Set(["trixie", "forky", "sid"]);

const clickhouseRelease = (release: DebianRelease): DebianRelease =>
  WITHOUT_CLICKHOUSE.has(release.suite) ? { ...release, suite: "bookworm" } : release;

const NODE: Recipe = {
  name: "node",
  packages: ["nodejs"],
  files: ACCOUNTS,
  prepare: null,
  changes: [PATH, 'CMD ["node"]'],
};

const plain = (reference: string): ImageUse => ({ reference, command: null, env: {} });

/**
 * The set for a release of Debian.
 *
 * @throws StressError("environment") when the probe has not been compiled
 */
export const debianSet = (release: DebianRelease, probeDirectory: string): ResolvedImageSet => {
  const services = [
    ["mysql", MARIADB, release],
    ["redis", REDIS, release],
    ["clickhouse", CLICKHOUSE, clickhouseRelease(release)],
  ] as const;
  const images: Record<string, ImageUse> = {};
  const sources: Record<string, ImageSource> = {};
  for (const [role, recipe, from] of services) {
    images[role] = plain(recipeReference(recipe, from));
    sources[role] = { kind: "recipe", recipe, release: from };
  }
  const base = recipeReference(NODE, release);
  const key = contentKey([base, readProbeFiles(probeDirectory).key]).slice(0, 12);
  images["job"] = { ...plain(`rootless-stress/job:${key}`), command: PROBE_COMMAND };
  sources["job"] = {
    kind: "probe",
    base,
    baseSource: { kind: "recipe", recipe: NODE, release },
    probeDirectory,
  };
  const iperf3 = iperf3Image(release, probeDirectory);
  images["iperf3"] = iperf3.use;
  sources["iperf3"] = iperf3.source;
  return { name: "debian", images, sources };
};
