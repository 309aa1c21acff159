/**
 * Publishing a port, in the order in which the sources tell "address alree" apart.
 */
import {
  ANY,
  EVERY_ENGINE,
  kernel,
  moby,
  podman,
  rootlesskit,
  sourceIn,
  type Signature,
} from "./signature.ts";

const slirp4netns = sourceIn("rootless-containers/slirp4netns");
const rootlessKitClient = (versions: string) =>
  moby("daemon/libnetwork/internal/rlkclient/rootlesskit_client_linux.go", versions);
const proxy = (versions: string) => moby("libnetwork/portmapper/proxy_linux.go", versions);
const allocator = moby("daemon/libnetwork/portallocator/portallocator.go", EVERY_ENGINE);
const osAllocator = moby("daemon/libnetwork/portallocator/osallocator_linux.go", "28.0.0–29.7.2");
const parentDriver = (versions: string) =>
  rootlesskit("pkg/port/builtin/parent/parent.go", versions);
const podmanPorts = (versions: string) =>
  podman("vendor/go.podman.io/common/libnetwork/slirp4netns/slirp4netns.go", versions);
/** Its backend is not public: the wordings are those that its users see. */
const desktop = { repository: "Docker Desktop", file: "com.docker.backend", versions: ANY };
const desktopProxy = { repository: "Docker Desktop", file: "com.docker.slirp", versions: "≤18.06" };

export const PORTS: readonly Signature[] = [
  {
    class: "port.rootlesskit_removeport",
    pattern: /\bPortManager\.RemovePort\(\)|\btimed out while waiting for routineStoppedCh\b/,
    source: rootlessKitClient("28.0.0–29.7.2"),
  },
  {
    class: "port.rootlesskit_conflict_id",
    pattern: /\bconflict with ID \S/,
    source: rootlesskit("pkg/port/portutil/portutil.go", "≤0.14.6–3.0.1"),
  },
  {
    class: "port.permission_privileged",
    pattern: /\b(?:can ?not|failed to) expose privileged port\b/i,
    source: parentDriver("≤0.14.6–3.0.1"),
  },
  {
    class: "port.permission_privileged",
    pattern:
      /\bfailed to bind host port .{0,200}permission denied|\buserland proxy: .{0,200}bind: permission denied|\bPortManager\.AddPort\(\): .{0,300}bind: permission denied|\bports are not available: .{0,200}bind: permission denied|\brootlessport\b.{0,200}bind: permission denied/i,
    source: kernel("EACCES of bind(2)", ANY),
  },
  {
    class: "port.permission_privileged",
    pattern:
      /\bBind for \S{1,100}:(?:\d{1,3}|10[01]\d|102[0-3]): unexpected error \(?Permission denied/i,
    source: desktopProxy,
  },
  {
    class: "port.permission_privileged",
    pattern: /\bFailed to bind (?:\S{1,20} )?port \S{1,20} \(Permission denied\)/i,
    source: sourceIn("passt")("tcp.c", ANY),
  },
  {
    // 28 and later say "RootlessKit PortManager", rootlesskit-docker-proxy (27 and older) only "PortManager".
    class: "port.rootlesskit_addport_in_use",
    pattern: /\bcalling PortManager\.AddPort\(\): .{0,300}\baddress alre/i,
    source: rootlesskit("cmd/rootlesskit-docker-proxy/main.go", "≤0.14.6–3.0.1"),
  },
  {
    class: "port.rootlesskit_addport_in_use",
    pattern: /\bAddPort\b.{0,300}\baddress alre/i,
    source: rootlessKitClient("28.0.0–29.7.2"),
  },
  {
    class: "port.rootlesskit_driver_error",
    pattern:
      /\bunsupported port protocol |\bunknown proto: "|\binvalid ParentIP: "|\bexpose request failed with status /,
    source: parentDriver("2.3.5–3.0.1"),
  },
  {
    class: "port.rootlesskit_driver_error",
    pattern:
      /\bis not supported by the RootlessKit port driver|\bdoes not allow loopback child IP\b|\bunable to use child IP \S/,
    source: rootlessKitClient("28.0.0–29.7.2"),
  },
  {
    class: "port.rootlesskit_driver_error",
    pattern: /\badd_hostfwd\b|\bslirp_add_hostfwd\b/,
    source: slirp4netns("api.c", ANY),
  },
  {
    class: "port.rootlesskit_api",
    pattern:
      /\bROOTLESSKIT_STATE_DIR needs to be set|\berror while connecting to RootlessKit API socket|\bfailed to call info API, probably RootlessKit binary is too old/,
    source: rootlessKitClient("28.0.0–29.7.2"),
  },
  {
    class: "port.rootless_slirp4netns_regression",
    pattern: /\bfailed to bind host port (?:for )?10\.0\.2\.100:.{0,100}address alre/i,
    source: moby("daemon/libnetwork/portmappers/nat/mapper_linux.go", "29.0.0–29.1.1"),
  },
  {
    class: "port.host_bind_in_use",
    pattern:
      /\bfailed to bind host port .{0,200}address alre|\bfailed to listen on (?:tcp|udp|sctp) socket.{0,200}address alre/i,
    source: osAllocator,
  },
  {
    class: "port.podman_rootlessport_in_use",
    pattern:
      /\brootlessport\b.{0,300}\baddress alre|\bcannot listen on the (?:TCP|UDP|SCTP) port\b.{0,200}\baddress alre/i,
    source: podmanPorts("≤4.9.5–5.8.2"),
  },
  {
    class: "port.podman_rootlessport_in_use",
    pattern: /\bFailed to bind (?:\S{1,20} )?port \S{1,20} \(Address already in use\)/i,
    source: sourceIn("passt")("tcp.c", ANY),
  },
  {
    class: "port.podman_rootlessport_in_use",
    pattern:
      /\bsomething went wrong with the request: .{0,200}(?:address alre|proxy already running)/i,
    source: sourceIn("containers/gvisor-tap-vsock")("pkg/services/forwarder/ports.go", ANY),
  },
  {
    // Ahead of Desktop's wrapper: the address is not this machine's, whoever says so.
    class: "port.host_addr_unavailable",
    pattern:
      /\b(?:bind|listen): ?(?:cannot|can't) assign requested address|\bfailed to bind (?:host )?port .{0,200}(?:cannot|can't) assign requested address|\bbind: The requested address is not valid in its context|\bFailed to bind: EADDRNOTAVAIL|\bBind for \S{1,100}: unexpected error .{0,40}EADDRNOTAVAIL|\bFailed to bind (?:\S{1,20} )?port \S{1,20} \(Cannot assign requested address\)/i,
    source: kernel("EADDRNOTAVAIL", ANY),
  },
  {
    class: "port.desktop_not_available",
    pattern:
      /\bports? (?:are|is) not available\b|\/forwards\/expose\b|\ba socket in a way forbidden by its access permissions\b/i,
    source: desktop,
  },
  {
    // "alre": the end of the line is often cut off, or written over by the next one.
    class: "port.userland_proxy_bind",
    pattern: /\buserland[- ]proxy\b.{0,300}(?:address alre|Only one usage of each socket address)/i,
    source: proxy("≤20.10.27–27.5.1"),
  },
  {
    class: "port.userland_proxy_bind",
    pattern:
      /\bFailed to bind: EADDRINUSE|\bunexpected error .{0,20}\bEADDRINUSE|\buserland[- ]proxy: mkdir \/port\/|\bBind for \S{1,100}: unexpected error\b/i,
    source: desktopProxy,
  },
  {
    // With the user-land proxy off, the daemon of 27 and older listens itself; newer ones say "bind host port".
    class: "port.host_bind_in_use",
    pattern:
      /\bfailed to bind port \S{1,100}\/(?:tcp|udp|sctp): listen (?:tcp|udp|sctp)[46]? .{0,100}bind: address alre|\b(?:programming external connectivity on endpoint|Error response from daemon|Cannot start (?:service|container))\b.{0,400}\blisten (?:tcp|udp|sctp)[46]? .{0,100}bind: address alre/i,
    source: moby("libnetwork/portmapper/proxy.go", "≤20.10.27–27.5.1"),
  },
  {
    class: "port.userland_proxy_timeout",
    pattern: /\btimed out (?:proxy )?starting (?:the )?userland[- ]proxy/i,
    source: proxy(EVERY_ENGINE),
  },
  {
    class: "port.already_allocated",
    pattern: /\bport (?:is already|has already been) allocated/i,
    source: allocator,
  },
  {
    class: "port.already_allocated",
    pattern:
      /\bport \S{1,20} is already in use by (?:service|container)\b|\bport \S{1,20} has already been allocated/i,
    source: sourceIn("moby/swarmkit")("manager/allocator/port.go", ANY),
  },
  {
    class: "port.range_exhausted",
    pattern: /\ball ports are allocated/i,
    source: allocator,
  },
  {
    class: "port.invalid",
    pattern:
      /\binvalid port range: \d|\bport binding mismatch \d|\binvalid (?:host|container)Port: |\bno IP addresses specified\b|\binvalid (?:child )?host IP address .{0,100}in \S|\berror parsing HostPort value\b|\bprotocol \S{1,20} not supported$/i,
    source: moby("daemon/libnetwork/portallocator/portallocator.go", "28.0.0–29.7.2"),
  },
];

/** Steps of publishing that failed for a cause which no row names. */
export const PORT_STEPS: readonly Signature[] = [
  {
    // bind(2) has passed; listen(2) fails where a specific address and 0.0.0.0 clash.
    class: "port.host_bind_in_use",
    pattern: /\bfailed to listen on (?:tcp|udp|sctp) socket\b/i,
    source: osAllocator,
  },
  {
    class: "port.userland_proxy_start",
    pattern:
      /\bfailed to start userland proxy for port mapping |\berror starting userland proxy\b|\bfailed to start docker-proxy, check that|\bno path provided for userland-proxy binary\b|\bproxy unable to open os\.Pipe\b/i,
    source: moby("daemon/libnetwork/portmapper/proxy_linux.go", "28.0.0–29.7.2"),
  },
  {
    class: "port.rootlesskit_driver_error",
    pattern: /\bPortManager\.AddPort\(\): /,
    source: rootlessKitClient("28.0.0–29.7.2"),
  },
];
