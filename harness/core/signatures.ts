/**
 * The words by which a class is known, each with the place that prints them.
 *
 * Patterns are written from the format strings of the sources, never from one pasted example, and match
 * text that `causeOf` has made plain: one line, unescaped, without client prefixes and wrappers. None has a
 * quantifier within a quantifier, and every gap is bounded, so that matching time grows with the length of
 * the message and not faster.
 */
import type { FailureClass } from "./classes.ts";
import type { Answer, OperationKind } from "./model.ts";

/** Whose words a message is. */
export type Speaker = Extract<Answer, { readonly kind: "refused" }>["by"];

/** Where the words are printed. */
export interface Source {
  readonly repository: string;
  readonly file: string;
  /** Releases that print it, as sampled: "≤" and "≥" mark the ends of the sample. */
  readonly versions: string;
}

export interface Signature {
  readonly class: Exclude<FailureClass, "unknown">;
  readonly pattern: RegExp;
  readonly source: Source;
  /** Who can say it; where absent: the daemon, or the transport to it. */
  readonly by?: readonly Speaker[];
  /** Where alone it means this; where absent: anywhere. */
  readonly phases?: readonly OperationKind[];
}

const sourceIn =
  (repository: string) =>
  (file: string, versions: string): Source => ({ repository, file, versions });

const moby = sourceIn("moby/moby");
const rootlesskit = sourceIn("rootless-containers/rootlesskit");
const slirp4netns = sourceIn("rootless-containers/slirp4netns");
const runc = sourceIn("opencontainers/runc");
const containerd = sourceIn("containerd/containerd");
const netlink = sourceIn("vishvananda/netlink");
const compose = sourceIn("docker/compose");
const podman = sourceIn("containers/podman");
const kernel = sourceIn("torvalds/linux");
const node = sourceIn("nodejs/node");
const go = sourceIn("golang/go");
const own = sourceIn("rootless-stress");

const ANY = "any";

/** The calls to the daemon, as opposed to the use of a service. */
const CALLS: readonly OperationKind[] = [
  "network.create",
  "container.create",
  "container.start",
  "container.inspect",
  "container.remove",
  "network.remove",
];
const USES: readonly OperationKind[] = ["ready", "identity"];
/** Whoever tells of the use of a service: its own words, its socket's, or those of the probe. */
const PEER: readonly Speaker[] = ["service", "transport", "harness"];
const PROBE: readonly Speaker[] = ["service", "harness"];
const HARNESS: readonly Speaker[] = ["harness"];

const findings = own("harness/core/findings.ts", ANY);

/** What the harness found itself, and what its probes say of a service. */
const FINDINGS: readonly Signature[] = [
  {
    class: "readiness.timeout",
    pattern: /^(?:\S{1,200} )?not ready within [\d.]{1,20}s:/,
    by: PROBE,
    phases: USES,
    source: own("docker/probe/until-ready.ts", ANY),
  },
  {
    class: "readiness.timeout",
    pattern: /^no answer within [\d.]{1,20}s$/,
    by: PROBE,
    phases: USES,
    source: own("docker/probe/job.ts", ANY),
  },
  {
    class: "readiness.connection_reset",
    pattern: /^the other side closed the connection$|^the connection is closed$/,
    by: PROBE,
    phases: USES,
    source: own("docker/probe/conversation.ts", ANY),
  },
  {
    class: "container.exited_early",
    pattern: /^the job container ended: /,
    by: PROBE,
    phases: USES,
    source: own("docker/client/job-output.ts", ANY),
  },
  {
    class: "container.exited_early",
    pattern: /^\S{1,200} exited with code -?\d{1,20} before it was ready:/,
    by: HARNESS,
    source: findings,
  },
  {
    class: "identity.crosstalk",
    pattern: /^\S{1,200} holds another job's nonce:/,
    by: HARNESS,
    source: findings,
  },
  {
    class: "identity.lost",
    pattern: /^\S{1,200} does not hold its job's nonce:/,
    by: HARNESS,
    source: findings,
  },
];

/** Publishing a port, in the order in which the sources tell "address already in use" apart. */
const PORTS: readonly Signature[] = [
  {
    class: "port.rootlesskit_conflict_id",
    pattern: /\bconflict with ID \d/,
    source: rootlesskit("pkg/port/portutil/portutil.go", "≤0.14.6–3.0.1"),
  },
  {
    class: "port.permission_privileged",
    pattern: /\bcannot expose privileged port \d/,
    source: rootlesskit("pkg/port/builtin/parent/parent.go", "≤0.14.6–3.0.1"),
  },
  {
    // 28 and later say "RootlessKit PortManager", rootlesskit-docker-proxy (27 and older) only "PortManager".
    class: "port.rootlesskit_addport_in_use",
    pattern: /PortManager\.AddPort\(\): .{0,300}\bbind: address already in use/,
    source: moby(
      "daemon/libnetwork/internal/rlkclient/rootlesskit_client_linux.go",
      "28.0.0–29.7.2",
    ),
  },
  {
    class: "port.rootlesskit_driver_error",
    pattern:
      /\bunsupported port protocol |\bunknown proto: "|\binvalid ParentIP: "|\bfailed to expose port: expose request failed with status /,
    source: rootlesskit("pkg/port/builtin/parent/parent.go", "2.3.5–3.0.1"),
  },
  {
    class: "port.rootlesskit_driver_error",
    pattern: /\bprotocol "[^"]{1,20}" is not supported by the RootlessKit port driver "/,
    source: moby(
      "daemon/libnetwork/internal/rlkclient/rootlesskit_client_linux.go",
      "28.0.0–29.7.2",
    ),
  },
  {
    class: "port.rootlesskit_driver_error",
    pattern: /\badd_hostfwd: slirp_add_hostfwd failed/,
    source: slirp4netns("api.c", ANY),
  },
  {
    class: "port.rootless_slirp4netns_regression",
    pattern: /\bfailed to bind host port (?:for )?10\.0\.2\.100:\S{1,200} address already in use/,
    source: moby("daemon/libnetwork/portmappers/nat/mapper_linux.go", "29.0.0–29.1.1"),
  },
  {
    class: "port.host_bind_in_use",
    pattern: /\bfailed to bind host port (?:for )?\S{1,200} address already in use/,
    source: moby("daemon/libnetwork/portallocator/osallocator_linux.go", "28.0.0–29.7.2"),
  },
  {
    class: "port.host_bind_in_use",
    pattern: /\bfailed to listen on (?:TCP|tcp) socket: .{0,200}address already in use/,
    source: moby("daemon/libnetwork/portallocator/osallocator_linux.go", "28.0.0–29.7.2"),
  },
  {
    class: "port.podman_rootlessport_in_use",
    pattern: /\brootlessport\b.{0,100}\blisten \S{1,10} \S{1,100} bind: address already in use/,
    source: podman(
      "vendor/go.podman.io/common/libnetwork/slirp4netns/slirp4netns.go",
      "≤4.9.5–5.8.2",
    ),
  },
  {
    // Docker Desktop's backend is not public; both spellings are in the reading rules of the catalogue.
    class: "port.desktop_not_available",
    pattern: /\b[Pp]orts are not available: /,
    source: { repository: "Docker Desktop", file: "com.docker.backend", versions: ANY },
  },
  {
    // "already in us": the end of the line is often cut off.
    class: "port.userland_proxy_bind",
    pattern: /\bstarting userland proxy: listen \S{1,10} \S{1,100} bind: address already in us/,
    source: moby("libnetwork/portmapper/proxy_linux.go", "≤20.10.27–27.5.1"),
  },
  {
    class: "port.userland_proxy_timeout",
    pattern: /\b[Tt]imed out (?:proxy )?starting the userland proxy/,
    source: moby("daemon/libnetwork/portmapper/proxy_linux.go", "≤20.10.27–29.7.2"),
  },
  {
    class: "port.host_addr_unavailable",
    pattern:
      /\b(?:bind:|failed to bind host port (?:for )?\S{1,200}) cannot assign requested address/,
    source: kernel("EADDRNOTAVAIL", ANY),
  },
  {
    class: "port.already_allocated",
    pattern: /\bport is already allocated/,
    source: moby("daemon/libnetwork/portallocator/portallocator.go", "≤20.10.27–29.7.2"),
  },
  {
    class: "port.range_exhausted",
    pattern: /\ball ports are allocated/,
    source: moby("daemon/libnetwork/portallocator/portallocator.go", "≤20.10.27–29.7.2"),
  },
];

const NETWORKS: readonly Signature[] = [
  {
    class: "network.subnet_exhausted",
    pattern: /\ball predefined address pools have been fully subnetted/,
    source: moby("daemon/libnetwork/ipamapi/contract.go", "27.0.1–29.7.2"),
  },
  {
    class: "network.subnet_exhausted",
    pattern:
      /\bcould not find an available, non-overlapping IPv[46] address pool among the defaults/,
    source: moby("libnetwork/ipam/allocator.go", "≤20.10.27–26.1.5"),
  },
  {
    class: "network.subnet_exhausted",
    pattern: /\bcould not find free subnet from subnet pools/,
    source: podman("vendor/go.podman.io/common/libnetwork/internal/util/util.go", "≤4.9.5–5.8.2"),
  },
  {
    class: "network.pool_overlap",
    pattern: /\bPool overlaps with other one on this address space/,
    source: moby("daemon/libnetwork/ipamapi/contract.go", "≤20.10.27–29.7.2"),
  },
  {
    class: "network.pool_overlap",
    pattern: /\bcannot create network \S{1,300} \(\S{0,300}\): conflicts with network /,
    source: moby("daemon/libnetwork/drivers/bridge/bridge_linux.go", "≤20.10.27–29.7.2"),
  },
  {
    class: "network.pool_overlap",
    pattern: /\bsubnet \S{1,100} is already used on the host or by another config/,
    source: podman(
      "vendor/go.podman.io/common/libnetwork/internal/util/validate.go",
      "≤4.9.5–5.8.2",
    ),
  },
  {
    class: "network.name_conflict",
    pattern: /\bnetwork with name \S{1,300} already exists/,
    source: moby("daemon/libnetwork/error.go", "≤20.10.27–29.7.2"),
  },
  {
    class: "network.name_conflict",
    pattern: /\bnetwork already exists/,
    source: podman("vendor/go.podman.io/common/libnetwork/types/define.go", "≤4.9.5–5.8.2"),
  },
  {
    class: "network.name_ambiguous",
    pattern: /\bnetwork \S{1,300} is ambiguous/,
    source: moby("daemon/network.go", "≤20.10.27–29.7.2"),
  },
  {
    class: "network.not_found",
    pattern: /\bnetwork \S{1,300} not found/,
    source: moby("daemon/libnetwork/error.go", "≤20.10.27–29.7.2"),
  },
  {
    class: "network.ip_exhausted",
    pattern: /\bno available IPv[46] addresses on this network's address pools/,
    source: moby("daemon/libnetwork/endpoint.go", "≤20.10.27–29.7.2"),
  },
  {
    // The capital A and the missing "bind" tell the daemon's own address manager from the kernel.
    class: "network.ip_in_use",
    pattern: /(?:^|(?<!\bbind): )Address already in use\W{0,10}$/,
    by: ["daemon"],
    source: moby("daemon/libnetwork/ipamapi/contract.go", "≤20.10.27–29.7.2"),
  },
  {
    class: "network.bridge_port_limit",
    pattern: /\bexchange full/,
    source: moby("daemon/libnetwork/drivers/bridge/bridge_linux.go", "≤20.10.27–29.7.2"),
  },
  {
    class: "network.netns_restore",
    pattern:
      /\bfailed to restore thread's network namespace|\brestoring thread network namespace failed/,
    source: moby("daemon/libnetwork/osl/namespace_linux.go", "24.0.9–29.7.2"),
  },
  {
    class: "iptables.chain_missing",
    pattern: /\bNo chain\/target\/match by that name|\bChain 'DOCKER[^']{0,60}' does not exist/,
    source: { repository: "netfilter/iptables", file: "iptables", versions: ANY },
  },
  {
    class: "iptables.backend_mismatch",
    pattern: /\bChain 'DNAT' does not exist|\b(?:RULE_INSERT|RULE_APPEND|CHAIN_ADD) failed/,
    source: { repository: "netfilter/iptables", file: "iptables-nft", versions: ANY },
  },
  {
    class: "iptables.kernel_module",
    pattern: /\bcan't initialize iptables table [`'][^']{1,40}': Table does not exist/,
    source: { repository: "netfilter/iptables", file: "iptables", versions: ANY },
  },
];

const IMAGES: readonly Signature[] = [
  {
    class: "image.missing",
    pattern: /\bNo such image: /,
    source: moby("daemon/images/image.go", "≤20.10.27–29.7.2"),
  },
  {
    class: "image.missing",
    pattern:
      /\bmanifest unknown\b|\bpull access denied for \S{1,500}, repository does not exist or may require/,
    source: moby("daemon/containerd/image_pull.go", "≤20.10.27–29.7.2"),
  },
  {
    class: "image.platform_mismatch",
    pattern:
      /\bwas found but its platform \(|\bno matching manifest for \S{1,200} in the manifest list/,
    source: moby("daemon/images/image.go", "≤20.10.27–29.7.2"),
  },
  {
    class: "image.pull_rate_limit",
    pattern: /\btoomanyrequests: /,
    source: { repository: "Docker Hub", file: "(sent by the registry)", versions: ANY },
  },
  {
    // %2F: a socket's path as the host, which is the daemon and not a registry.
    class: "image.registry_unreachable",
    pattern:
      /\b(?:Get|Head) "?https?:\/\/(?!%2F)\S{1,1000} .{0,1000}(?:i\/o timeout|no such host|server misbehaving|TLS handshake timeout|Client\.Timeout exceeded|connection refused|connection reset by peer|context deadline exceeded|\bEOF)/,
    source: go("src/net/http/client.go", ANY),
  },
];

const CONTAINERS: readonly Signature[] = [
  {
    class: "container.name_conflict",
    pattern: /\bConflict\. The container name \S{1,300} is already in use by container/,
    source: moby("daemon/errors.go", "≤20.10.27–29.7.2"),
  },
  {
    class: "container.marked_for_removal",
    pattern: /\bcontainer is marked for removal and cannot be started/,
    source: moby("daemon/start.go", "≤20.10.27–29.7.2"),
  },
  {
    class: "container.not_found",
    pattern: /\bNo such container: /,
    source: moby("daemon/errors.go", "≤20.10.27–29.7.2"),
  },
  {
    class: "container.exited_early",
    pattern: /\bcannot join network namespace of a non running container: /,
    source: moby("daemon/container_operations.go", "28.0.0–29.7.2"),
  },
  {
    class: "container.exited_early",
    pattern: /\bdependency failed to start: container \S{1,300} exited \(/,
    source: compose("pkg/compose/convergence.go", "2.20.0–5.5.0"),
  },
  {
    class: "container.unhealthy",
    pattern: /\bdependency failed to start: container \S{1,300} is unhealthy/,
    source: compose("pkg/compose/convergence.go", "2.20.0–5.5.0"),
  },
  {
    class: "container.unhealthy",
    pattern: /\btimed out starting health check for container/,
    source: moby("daemon/health.go", "23.0.18–29.7.2"),
  },
  {
    class: "container.oom",
    pattern: /\bcontainer init was OOM-killed/,
    source: runc("libcontainer/process_linux.go", "≤1.0.3–1.5.1"),
  },
  {
    class: "teardown.active_endpoints",
    pattern: /\bhas active endpoints/,
    source: moby("daemon/libnetwork/error.go", "≤20.10.27–29.7.2"),
  },
  {
    class: "teardown.removal_in_progress",
    pattern: /\bremoval of container \S{1,300} is already in progress/,
    source: moby("daemon/delete.go", "≤20.10.27–29.7.2"),
  },
  {
    class: "teardown.device_busy",
    pattern: /\bfailed to remove root filesystem.{0,1000}\bdevice or resource busy/,
    source: moby("daemon/delete.go", "≤20.10.27–29.7.2"),
  },
  {
    class: "teardown.stop_failed",
    pattern: /\btried to kill container, but did not receive an exit event/,
    source: moby("daemon/kill.go", "≤20.10.27–29.7.2"),
  },
  {
    class: "teardown.stop_failed",
    pattern: /\bCannot kill container:? \S{1,300} .{0,1000}\bpermission denied/,
    source: moby("daemon/kill.go", "≤20.10.27–29.7.2"),
  },
  {
    class: "runtime.exec_not_found",
    pattern: /\bexec: "[^"]{1,1000}": executable file not found in \$PATH/,
    source: moby("daemon/errors.go", "≤20.10.27–29.7.2"),
  },
  {
    class: "runtime.cgroup",
    pattern:
      /\bunable to apply cgroup configuration: |\bDevices cgroup isn't mounted|\bNanoCPUs can not be set/,
    source: runc("libcontainer/process_linux.go", "1.1.15–1.5.1"),
  },
];

/** What ran out, where a longer message ends in the kernel's words for it. */
const RESOURCES: readonly Signature[] = [
  {
    class: "resource.keyring_quota",
    pattern: /\bsession key(?:ring)?: .{0,100}\bdisk quota exceeded/,
    source: runc("libcontainer/keys/keyctl.go", "≤1.0.3–1.5.1"),
  },
  {
    class: "resource.inotify_limit",
    pattern: /\binotify\w{0,20}\W.{0,40}(?:too many open files|no space left on device)/i,
    source: kernel("fs/notify/inotify/inotify_user.c", ANY),
  },
  {
    class: "resource.inotify_limit",
    pattern: /\bno space left on device \(inotify/,
    source: kernel("fs/notify/inotify/inotify_user.c", ANY),
  },
  {
    class: "resource.fd_limit",
    pattern: /\btoo many open files|\bconnect E[MN]FILE\b/,
    source: kernel("EMFILE, ENFILE", ANY),
  },
  {
    class: "resource.disk_full",
    pattern: /\bno space left on device/,
    source: kernel("ENOSPC", ANY),
  },
  {
    class: "resource.pid_limit",
    pattern:
      /\bfork\/exec \S{1,500} resource temporarily unavailable|\bpthread_create failed: Resource temporarily unavailable/,
    source: kernel("EAGAIN of clone(2)", ANY),
  },
  {
    class: "resource.unix_backlog",
    pattern: /\bdial unix \S{1,200} connect: resource temporarily unavailable|\bconnect EAGAIN \//,
    source: kernel("EAGAIN of connect(2)", ANY),
  },
  {
    class: "resource.conntrack_full",
    pattern: /\bnf_conntrack: table full, dropping packet/,
    source: kernel("net/netfilter/nf_conntrack_core.c", ANY),
  },
  {
    class: "resource.neigh_overflow",
    pattern: /\bneighbor table overflow!/,
    source: kernel("net/core/neighbour.c", ANY),
  },
];

/** Steps that failed for a cause which none of the rows above names. */
const STEPS: readonly Signature[] = [
  {
    class: "port.userland_proxy_start",
    pattern:
      /\bfailed to start userland proxy for port mapping |\berror starting userland proxy: |\bfailed to start docker-proxy, check that/,
    source: moby("daemon/libnetwork/portmapper/proxy_linux.go", "28.0.0–29.7.2"),
  },
  {
    class: "network.veth_setup",
    pattern:
      /\bfailed to add the host \(\S{0,100}\) <=> sandbox \(|\bunable to set hairpin mode on /,
    source: moby("daemon/libnetwork/drivers/bridge/bridge_linux.go", "≤20.10.27–29.7.2"),
  },
  {
    class: "network.veth_setup",
    pattern: /\bfailed to add interface \S{1,100} to sandbox: |\bcould not generate interface name/,
    source: moby("daemon/libnetwork/sandbox_linux.go", "≤20.10.27–29.7.2"),
  },
  {
    class: "network.netns_enter",
    pattern:
      /\bfailed get network namespace "|\bsetting into container netns "|\bfailed to (?:open|enter) detached network namespace/,
    source: moby("daemon/libnetwork/osl/namespace_linux.go", "≤20.10.27–29.7.2"),
  },
  {
    class: "network.netns_enter",
    pattern: /\bfailed to set into network namespace \d{1,20} while creating netlink socket/,
    source: netlink("nl/nl_linux.go", ANY),
  },
  {
    class: "network.netns_create",
    pattern: /\bfailed to create new osl sandbox: |\bbind-mount \S{1,500} -> \S{1,500}: /,
    source: moby("daemon/libnetwork/osl/namespace_linux.go", "≤20.10.27–29.7.2"),
  },
  {
    class: "network.netns_create",
    pattern: /\bcreating network namespace for container /,
    source: podman("libpod/networking_linux.go", "≤4.9.5–5.8.2"),
  },
  {
    class: "network.bridge_create",
    pattern:
      /\bexisting interface \S{1,100} is not a bridge|\bfailed to add IPv[46] address \S{1,100} to bridge: |\bbridge IPv[46] \(\S{0,100}\) does not match requested configuration|\bFailed to set link up for |\bbridge device with non default name /,
    source: moby("daemon/libnetwork/drivers/bridge/setup_device_linux.go", "≤20.10.27–29.7.2"),
  },
  {
    class: "iptables.programming",
    pattern:
      /\biptables failed: |\bfailed to create (?:NAT|FILTER) chain |\bFailed to Setup IP tables: |\bfailed to append jump rules to nat-/,
    source: moby("daemon/libnetwork/iptables/iptables.go", "≤20.10.27–29.7.2"),
  },
  {
    class: "nftables.programming",
    pattern:
      /\brunning nft: |\blibnftables: failed to apply commands |\bfirewall-backend is set to nftables: /,
    source: moby("daemon/libnetwork/internal/nftables/nft_exec_linux.go", "28.1.1–29.7.2"),
  },
  {
    class: "runtime.oci_create",
    pattern:
      /\bOCI runtime create failed: |\bunable to start container process: |\bfinal child's (?:PID|pid) from pipe\b/,
    source: runc("libcontainer/container_linux.go", "1.0.0–1.5.1"),
  },
];

/** The way to the daemon, and to a service. The more specific place comes first. */
const CONNECTIONS: readonly Signature[] = [
  {
    class: "daemon.socket_permission",
    pattern:
      /\bpermission denied while trying to connect to the (?:docker API|Docker daemon socket) at |\bconnect EACCES \//,
    source: moby("client/request.go", "≤20.10.27–29.7.2"),
  },
  {
    class: "daemon.unreachable",
    pattern: /\bCannot connect to the Docker daemon at |\bfailed to connect to the docker API at /,
    source: moby("client/errors.go, client/request.go", "≤20.10.27–29.7.2"),
  },
  {
    // A socket's path: only the daemon has one, whoever tells of it.
    class: "daemon.unreachable",
    pattern: /\bconnect (?:ENOENT|ECONNREFUSED) \//,
    by: ["daemon", "transport", "service", "harness"],
    source: node("lib/net.js", ANY),
  },
  {
    // 2375 and 2376 are the daemon's registered ports.
    class: "daemon.unreachable",
    pattern: /\bconnect ECONNREFUSED \S{1,100}:237[56]\b/,
    source: node("lib/net.js", ANY),
  },
  {
    class: "daemon.api_version",
    pattern: /\bclient version \S{1,20} is too old\. Minimum supported API version is /,
    source: moby("daemon/server/middleware/version.go", "≤20.10.27–29.7.2"),
  },
  {
    class: "daemon.timeout",
    pattern: /\bcontext deadline exceeded|\bcontext canceled/,
    source: go("src/context/context.go", ANY),
  },
  {
    class: "daemon.timeout",
    pattern: /\bcontainer did not start before the specified timeout/,
    source: containerd("runtime/runtime.go", "0.2"),
  },
  {
    class: "dns.unresolved",
    pattern:
      /\bgetaddrinfo (?:ENOTFOUND|EAI_AGAIN)\b|\bTemporary failure in name resolution|\bName or service not known/,
    by: PEER,
    source: node("lib/internal/errors.js; glibc resolv/gai_strerror.c", ANY),
  },
  {
    class: "readiness.connection_refused",
    pattern: /\bconnect ECONNREFUSED (?!\/)|\b[Cc]onnection refused\b/,
    by: PEER,
    phases: USES,
    source: node("lib/net.js", ANY),
  },
  {
    class: "daemon.unreachable",
    pattern: /\bconnect ECONNREFUSED /,
    by: ["transport"],
    phases: CALLS,
    source: node("lib/net.js", ANY),
  },
  {
    class: "daemon.connection_lost",
    pattern: /\bsocket hang up|\bread ECONNRESET\b|\bconnection reset by peer|(?:^|: )EOF$/,
    phases: CALLS,
    source: node("lib/_http_client.js; golang/go src/io/io.go", ANY),
  },
  {
    class: "readiness.connection_reset",
    pattern: /\bsocket hang up|\b(?:read|write) (?:ECONNRESET|EPIPE)\b|\bconnection reset by peer/,
    by: PEER,
    phases: USES,
    source: node("lib/_http_client.js", ANY),
  },
];

/** In the order in which they are tried: the first that fits names the class. */
export const SIGNATURES: readonly Signature[] = [
  ...FINDINGS,
  ...PORTS,
  ...NETWORKS,
  ...IMAGES,
  ...CONTAINERS,
  ...RESOURCES,
  ...STEPS,
  ...CONNECTIONS,
];
