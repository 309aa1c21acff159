/**
 * The way to the daemon, and its own start. The more specific place comes first.
 */
import {
  ANY,
  CALLS,
  compose,
  containerd,
  EVERY_ENGINE,
  go,
  moby,
  node,
  podman,
  rootlesskit,
  sourceIn,
  testcontainers,
  type Signature,
} from "./signature.ts";

const dockerPy = sourceIn("docker/docker-py");
const client = moby("client/request.go", EVERY_ENGINE);
const EVERYBODY = ["daemon", "transport", "service", "harness"] as const;

/** Ahead of the errno texts: `dial unix` and `listen unix` name the daemon, whatever follows. */
export const DAEMON_START: readonly Signature[] = [
  {
    class: "daemon.rootless_startup",
    pattern:
      /\blisten unix \S{1,300} bind: address already in us|\bfailed to load listeners\b|\bcan't create unix socket\b|\banother RootlessKit is running\b/i,
    source: moby("daemon/command/daemon.go", EVERY_ENGINE),
  },
  {
    class: "daemon.rootless_startup",
    pattern:
      /\brootlesskit:(?:parent|child) ?\]|\bfailed to setup UID\/GID map\b|\bnew[ug]idmap\b|\bfailed to start the child\b|\bapparmor_restrict_unprivileged_userns\b|\bunprivileged_userns_clone\b|\bfailed to create a detached netns\b|\bsub[ug]id ranges?\b|\bfork\/exec \/proc\/self\/exe: (?:permission denied|operation not permitted)/i,
    source: rootlesskit("pkg/parent/parent.go", ANY),
  },
  {
    class: "daemon.rootless_startup",
    pattern:
      /\bslirp4netns (?:nor vpnkit|failed|not found)\b|\bXDG_RUNTIME_DIR needs to be set\b|\bdockerd-rootless\.sh conflicts with containerd-rootless\.sh|\bUnsupported RootlessKit network driver\b|\brootlesskit needs to be installed\b|\bmust be executed as a non-privileged user\b|\bMissing system requirements\b|\bneeds to be started with root privileges\b|\bwaiting for ready fd\b|\bRefusing to install rootless Docker\b|\buser namespaces are not enabled\b/i,
    source: moby("contrib/dockerd-rootless.sh", EVERY_ENGINE),
  },
];

export const CONNECTIONS: readonly Signature[] = [
  {
    class: "daemon.socket_permission",
    pattern:
      /\bpermission denied while trying to connect to the (?:docker|podman)\b|\bdial unix \S{1,200} (?:connect: )?permission denied|\bdocker\.sock\b.{0,100}\bpermission denied|\bpermission denied\b.{0,100}\bdocker\.sock\b|\bdocker_engine: Access is denied/i,
    source: client,
  },
  {
    class: "daemon.socket_permission",
    pattern: /\bConnection aborted\b.{0,20}\bPermissionError\b|\bconnect EACCES \S{0,20}\//,
    source: dockerPy("docker/transport/unixconn.py", ANY),
  },
  {
    class: "daemon.connection_lost",
    pattern:
      /\berror during connect\b.{0,400}(?:\bEOF\b|connection reset by peer|broken pipe)|\bdocker\.sock: (?:read|write): (?:connection reset by peer|broken pipe)|\bConnection aborted\b.{0,20}\b(?:ConnectionResetError|BrokenPipeError|RemoteDisconnected|BadStatusLine)|\bRemote end closed connection without response\b|\bhttps?:\/\/(?:%2F\S{0,300}|[.\w]{0,40}\/\S{0,200}) (?:unexpected )?EOF\b/i,
    source: client,
  },
  {
    class: "daemon.timeout",
    pattern:
      /\bUnixHTTPConnectionPool\b.{0,100}timed out|\bHTTPConnectionPool\(host='localhost', port=None\).{0,60}timed out|\bHTTP request took too long to complete\b|\bCOMPOSE_HTTP_TIMEOUT\b/i,
    source: compose("compose/cli/errors.py", "≤1.29"),
  },
  {
    class: "daemon.unreachable",
    pattern:
      /\b(?:Cannot|can't|Couldn't|could not|unable to) connect to (?:the )?Docker\b|\bfailed to connect to the docker API\b|\bIs the docker daemon running\b|\bdocker daemon is not running\b|\bdocker_engine: The system cannot find the file specified|\bdial unix \S{1,200}docker\S{0,30}\.sock: (?:connect: )?(?:no such file or directory|connection refused)/i,
    source: client,
  },
  {
    class: "daemon.unreachable",
    pattern:
      /\bConnection aborted\b.{0,20}\b(?:FileNotFoundError|ConnectionRefusedError|No such file or directory)|\bError while fetching server API version\b|\bNot supported URL scheme http\+docker\b/i,
    source: dockerPy("docker/api/client.py", ANY),
  },
  {
    class: "daemon.unreachable",
    pattern:
      /\bCould not find a (?:valid Docker environment|working container runtime strategy)\b|\brootless Docker not found\b/i,
    source: testcontainers("DockerClientFactory.java, container-runtime/clients/client.ts", ANY),
  },
  {
    class: "daemon.unreachable",
    pattern: /\bCannot connect to Podman\b|\bunable to connect to Podman\b/i,
    source: podman("pkg/bindings/connection.go", ANY),
  },
  {
    // A socket's path: only the daemon has one, whoever tells of it.
    class: "daemon.unreachable",
    pattern: /\bconnect (?:ENOENT|ECONNREFUSED) \S{0,20}\//,
    by: EVERYBODY,
    source: node("lib/net.js", ANY),
  },
  {
    // 2375 and 2376 are the daemon's registered ports.
    class: "daemon.unreachable",
    pattern:
      /\bECONNREFUSED \S{1,100}:237[56]\b|:237[56]\b.{0,200}\b(?:connection refused|no such host|i\/o timeout)\b/i,
    source: node("lib/net.js", ANY),
  },
  {
    class: "daemon.api_version",
    pattern:
      /\bMinimum supported API version is\b|\bMaximum supported API version is\b|\bclient is newer than server\b|\bclient and server don't have same version\b/i,
    source: moby("daemon/server/middleware/version.go", EVERY_ENGINE),
  },
  {
    class: "daemon.connection_lost",
    pattern:
      /\bconnection is unavailable\b|\btransport is closing\b|\bttrpc: closed\b|\berror waiting for container: (?:unexpected )?EOF|\bcode = Unavailable\b|\bcontainerd\.sock\b.{0,100}(?:connection refused|connection reset by peer|broken pipe)/i,
    source: containerd("(its gRPC connection)", ANY),
  },
];

/** Deadlines: after everything that names what was waited for. */
export const DEADLINES: readonly Signature[] = [
  {
    class: "daemon.timeout",
    pattern: /\bfailed to update (?:bridge )?store for object type \S{1,200}: timeout\b/,
    source: moby("daemon/libnetwork/drivers/bridge/bridge_store.go", EVERY_ENGINE),
  },
  {
    class: "daemon.timeout",
    pattern: /\bcontext deadline exceeded|\bcontext canceled\b|\bDeadlineExceeded\b/i,
    source: go("src/context/context.go", ANY),
  },
  {
    class: "daemon.timeout",
    pattern:
      /\bbefore the specified timeout\b|\bClient\.Timeout exceeded\b|\btimeout waiting for containerd\b|\bdial unix\S{0,200} timeout\b|\brequest canceled while waiting\b|\bnet\/http: timeout awaiting response headers\b/i,
    source: containerd("runtime/runtime.go", "0.2"),
  },
  {
    class: "daemon.timeout",
    pattern:
      /\bRead timed out\b|\bESOCKETTIMEDOUT\b|\bSocketTimeoutException\b|\b\/var\/run\/docker\.sock\b.{0,200}timed? ?out\b/i,
    phases: CALLS,
    source: dockerPy("docker/transport/unixconn.py", ANY),
  },
];

/** A daemon that did not come up, where its words name no cause. */
export const DAEMON_STEPS: readonly Signature[] = [
  {
    class: "daemon.rootless_startup",
    pattern:
      /\bfailed to start daemon\b|\bdockerd-rootless\S{0,20}: .{0,100}(?:failed|exited|error)\b|\brootlesskit\b.{0,200}(?:failed|not found|not permitted|denied|exited|error)\b/i,
    source: moby("daemon/command/daemon.go", EVERY_ENGINE),
  },
];
