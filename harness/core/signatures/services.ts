/**
 * A service and the way to it: its own log, names, and connections.
 */
import {
  ANY,
  CALLS,
  clickhouse,
  glibc,
  go,
  kernel,
  mysql,
  node,
  PEER,
  redis,
  sourceIn,
  testcontainers,
  USES,
  type Signature,
} from "./signature.ts";

const curl = sourceIn("curl/curl");
const nginx = sourceIn("nginx/nginx");
const gitlabRunner = sourceIn("gitlab-org/gitlab-runner");
const waitForIt = sourceIn("vishnubob/wait-for-it");

/** What the application says of itself. Ahead of the daemon's words where both say "already in use". */
export const APPLICATIONS: readonly Signature[] = [
  {
    // `listen_try` is on in the official image: it listens on :: first, and 0.0.0.0 is then taken or IPv6 is off.
    class: "app.benign_bind_warning",
    pattern:
      /<Warning> \S{1,40} Listen \[|\bListen \[.{1,600}\bIf it is an IPv6 or IPv4 address and your host has disabled\b|\bListen \[::\S{0,10} .{0,200}\bDNS error: EAI\b/,
    by: PEER,
    source: clickhouse("programs/server/Server.cpp (listen_try)", ANY),
  },
  {
    class: "app.bind_in_use",
    pattern: /\bListen \[.{1,300}Address already in use|\bNet Exception: Address already in use/i,
    by: PEER,
    source: clickhouse("src/Daemon, programs/server/Server.cpp", ANY),
  },
  {
    class: "app.bind_in_use",
    pattern:
      /\blistening socket \S{1,100} bind: Address already in use|\bFailed listening on port \d/i,
    by: PEER,
    source: redis("src/server.c, src/anet.c", ANY),
  },
  {
    class: "app.bind_in_use",
    pattern:
      /\bBind on TCP\/IP port.{0,60}Address already in use|\banother mysqld server running on port\b|\bis using unix socket file\b/i,
    by: PEER,
    source: mysql("sql/conn_handler/socket_connection.cc", ANY),
  },
  {
    class: "app.bind_in_use",
    pattern:
      /\bbind\(\) to \S{1,100} failed \(98\b|\bstill could not bind\(\)|\bcould not bind to address\b|\bmake_sock: .{0,60}address already in use/i,
    by: PEER,
    source: nginx("src/core/ngx_connection.c; httpd server/listen.c", ANY),
  },
  {
    class: "app.bind_in_use",
    pattern:
      /\blisten EADDRINUSE\b|\bEADDRINUSE: address already in use\b|\bErrno::EADDRINUSE\b|\beaddrinuse\b/i,
    by: PEER,
    source: node("lib/net.js", ANY),
  },
  {
    class: "app.bind_in_use",
    pattern:
      /\bBindException\b.{0,60}already in use|\bPort \d{1,5} (?:was|is) already in use\b|\bErrno 98\b|\(os error 98\)|\bcould not bind IPv[46] (?:address|socket)\b|\bFailed to bind to address .{1,100}already in use|\bcannot bind socket\b|\bConnection in use: \(|\bBind to port \d{1,5} on \S{1,100} failed: Address already in use|\bSocketException: Address already in use|\bfailed to create listening socket for\b/i,
    by: PEER,
    source: {
      repository: "(OpenJDK, CPython, Rust, PostgreSQL, …)",
      file: "EADDRINUSE",
      versions: ANY,
    },
  },
  {
    class: "app.startup_failed",
    pattern:
      /\bunable to bind socket, errno\b|\bOpening Unix socket: (?:bind: )?(?!Address already)\w|\bFATAL CONFIG FILE ERROR\b|\bBad directive or wrong number of arguments\b|\bCan't open the (?:append only|log) file\b|\bFatal error loading the DB\b|\bCan't handle RDB format version\b|\bBad file format reading the append only file\b|\bCan't chdir to\b/i,
    by: PEER,
    source: redis("src/server.c, src/anet.c, src/config.c", ANY),
  },
  {
    class: "app.startup_failed",
    pattern:
      /\bBind on unix socket: (?!Address already)\w|\bDatabase is uninitialized and\b|\bunknown (?:variable|option) '|\[ERROR\] .{0,40}Aborting\b|\bUnable to lock \.\/ib|\bdata directory has files in it\b|\bCan't open and lock privilege tables\b|\bmysqld: Can't\b|\bFatal error: .{0,60}privilege tables\b|\bData Dictionary initialization failed\b|\bFailed to initialize DD Storage Engine\b|\bUnknown\/unsupported storage engine\b|\[ERROR\] \[(?:MY-\d{1,9}|Entrypoint)\]|\[ERROR\] InnoDB: |\bInnoDB: Operating system error number\b/i,
    by: PEER,
    source: mysql("sql/mysqld.cc; docker-library/mysql docker-entrypoint.sh", ANY),
  },
  {
    class: "app.startup_failed",
    pattern:
      /\bdoes not match the owner of the data\b|\bAnother server instance in same directory\b|\bCannot lock file\b|\bPoco::Exception\b.{0,200}\bConfiguration\b|\bProcessing configuration file\b.{0,200}(?:Exception|failed)|\bAddress family for hostname not supported\b|<Error> Application: .{0,20}(?:DB::|Poco|Cannot|File|Not found|Failed|std::)/i,
    by: PEER,
    source: clickhouse("programs/server/Server.cpp", ANY),
  },
  {
    class: "app.startup_failed",
    pattern:
      /\[emerg\] (?!.{0,300}host not found)\w|\bAddress family not supported by protocol\b|\bAPPLICATION FAILED TO START\b|\bfailed to load configuration\b|\bdata directory \S{1,200} has (?:wrong ownership|invalid permissions|group or world access)\b/i,
    by: PEER,
    source: nginx("src/core/ngx_conf_file.c; PostgreSQL, Spring", ANY),
  },
];

/** A bare `listen tcp`: Go's words without the daemon's, so the application's own. */
export const BARE_BINDS: readonly Signature[] = [
  {
    class: "app.bind_in_use",
    pattern: /\blisten (?:tcp|udp)[46]? \S{0,100} (?:bind: )?address alre/i,
    by: PEER,
    source: go("src/net/net.go", ANY),
  },
  {
    class: "port.permission_privileged",
    pattern: /\blisten (?:tcp|udp)[46]? \S{0,100} bind: permission denied/i,
    phases: CALLS,
    source: go("src/net/net.go", ANY),
  },
  {
    class: "app.startup_failed",
    pattern: /\blisten (?:tcp|udp)[46]? \S{0,100} bind: permission denied/i,
    by: PEER,
    source: go("src/net/net.go", ANY),
  },
  {
    class: "app.startup_failed",
    pattern: /\bEADDRNOTAVAIL\b|\bCannot assign requested address\b/i,
    by: PEER,
    phases: USES,
    source: kernel("EADDRNOTAVAIL", ANY),
  },
  {
    class: "app.bind_in_use",
    pattern: /\baddress alre/i,
    by: PEER,
    source: glibc("EADDRINUSE", ANY),
  },
];

export const SERVICES: readonly Signature[] = [
  {
    class: "dns.unresolved",
    pattern:
      /\bgetaddrinfo (?:ENOTFOUND|EAI_AGAIN)\b|\bTemporary failure in name resolution\b|\bName or service not known\b|\bName does not resolve\b|\bNo address associated with hostname\b|\bnodename nor servname provided\b|\bphp_network_getaddresses\b/i,
    by: PEER,
    source: glibc("resolv/gai_strerror.c; nodejs/node lib/internal/errors.js", ANY),
  },
  {
    class: "dns.unresolved",
    pattern:
      /\bcould not translate host name\b|\bUnknown (?:MySQL |MariaDB )?server host\b|\bCould not resolve (?:host|proxy)\b|\bUnknownHostException\b|\bbad address '|\bunknown host\b|\bhost not found in upstream\b|\b(?:not found address of|failed to resolve|unable to resolve|(?:cannot|could not) (?:resolve|translate)|can't resolve) (?:the )?(?:host|hostname|address|name)\b|\bHost not found\b|\bDNS error\b|\bNXDOMAIN\b/i,
    by: PEER,
    source: curl("lib/strerror.c; libpq, MySQL, OpenJDK, busybox, nginx, ClickHouse", ANY),
  },
  {
    class: "dns.unresolved",
    pattern:
      /\blookup \S{1,200}(?: on \S{1,60})?:? .{0,100}(?:no such host|server misbehaving|i\/o timeout|Temporary failure)|\bno such host\b/i,
    by: PEER,
    source: go("src/net/net.go", ANY),
  },
  {
    class: "readiness.timeout",
    pattern: /\bservice "?\S{1,300}"? timeout\b|\bwait-for-service\b.{0,60}timeout/i,
    by: PEER,
    source: gitlabRunner("commands/helpers/health_check.go", ANY),
  },
  {
    class: "readiness.timeout",
    pattern:
      /\btimed out waiting for (?:container port|log output|URL|\S{1,60} to (?:start|be|become))\b|\bnot bound after \d{1,9}ms|\bnot received after \d{1,9}ms|\bwait until ready: |\bfailed to start up within\b/i,
    by: ["daemon", ...PEER],
    source: testcontainers("wait strategies", ANY),
  },
  {
    class: "readiness.timeout",
    pattern:
      /\btimeout occurred after waiting\b|\bTimeout after \S{1,20} waiting on dependencies\b|\b(?:not|never) (?:become |became )?ready (?:in time|after|within)\b/i,
    by: PEER,
    source: waitForIt("wait-for-it.sh", ANY),
  },
  {
    class: "readiness.connection_refused",
    pattern:
      /\bECONNREFUSED(?! ?\/)|\bconnection refused\b|\bCan't connect to (?:local )?(?:MySQL |MariaDB |)server\b|\bCommunications link failure\b|\bCould not connect to Redis at\b|\bFailed to connect to \S{1,200} port \d/i,
    by: PEER,
    phases: USES,
    source: node("lib/net.js; kernel ECONNREFUSED", ANY),
  },
  {
    class: "daemon.unreachable",
    pattern: /\bconnect ECONNREFUSED /,
    by: ["transport"],
    phases: CALLS,
    source: node("lib/net.js", ANY),
  },
  {
    class: "readiness.connection_reset",
    pattern:
      /\bLost connection to (?:MySQL |MariaDB )?server\b|\bcurl: \((?:52|56)\)|\bEmpty reply from server\b|\bserver closed the connection unexpectedly\b|\bserver has gone away\b|\bConnection closed by server\b|\bRecv failure: Connection reset\b/i,
    by: PEER,
    phases: USES,
    source: mysql("include/errmsg.h; curl, libpq, redis clients", ANY),
  },
  {
    class: "daemon.connection_lost",
    pattern:
      /\bsocket hang up\b|\bread ECONNRESET\b|\bconnection reset by peer\b|(?:^|: )(?:unexpected )?EOF\W{0,3}$/i,
    by: ["daemon", "transport"],
    phases: CALLS,
    source: node("lib/_http_client.js; golang/go src/io/io.go", ANY),
  },
  {
    class: "readiness.connection_reset",
    pattern:
      /\bsocket hang up\b|\bECONNRESET\b|\b(?:read|write) EPIPE\b|\bconnection reset\b|\bunexpected end of stream\b|\bconnection was closed\b/i,
    by: PEER,
    phases: USES,
    source: node("lib/_http_client.js", ANY),
  },
];
