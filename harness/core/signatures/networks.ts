/**
 * Networks: address pools, names, bridges, interfaces and namespaces.
 */
import {
  ANY,
  EVERY_ENGINE,
  kernel,
  moby,
  netavark,
  podman,
  sourceIn,
  compose,
  type Signature,
} from "./signature.ts";

const netlink = sourceIn("vishvananda/netlink");
const cni = sourceIn("containernetworking/plugins");
const libnetwork = sourceIn("moby/libnetwork");
const bridge = (file: string) => moby(`daemon/libnetwork/drivers/bridge/${file}`, EVERY_ENGINE);
const ipamContract = moby("daemon/libnetwork/ipamapi/contract.go", EVERY_ENGINE);
const sandbox = (file: string) => moby(`daemon/libnetwork/osl/${file}`, EVERY_ENGINE);
const podmanNetworks = (file: string) =>
  podman(`vendor/go.podman.io/common/libnetwork/${file}`, "≤4.9.5–5.8.2");

export const NETWORKS: readonly Signature[] = [
  {
    class: "network.subnet_exhausted",
    pattern: /\bpredefined address pools have been fully subnetted/i,
    source: moby("daemon/libnetwork/ipamapi/contract.go", "27.0.1–29.7.2"),
  },
  {
    class: "network.subnet_exhausted",
    pattern: /\bnon-overlapping IPv\S{1,3} address pool among the defaults/i,
    source: moby("libnetwork/ipam/allocator.go", "≤20.10.27–26.1.5"),
  },
  {
    class: "network.subnet_exhausted",
    pattern: /\bcould not find an available predefined network/i,
    source: libnetwork("ipam/allocator.go", "1.9–1.12"),
  },
  {
    class: "network.subnet_exhausted",
    pattern: /\bcould not find free subnet\b/i,
    source: podmanNetworks("internal/util/util.go"),
  },
  {
    class: "network.pool_overlap",
    pattern: /\bPool overlaps with other one\b/i,
    source: ipamContract,
  },
  {
    class: "network.pool_overlap",
    pattern:
      /\bcannot create network .{1,400}conflicts with network |\bnetworks have overlapping\b|\bnetworks have same bridge name/i,
    source: bridge("bridge_linux.go"),
  },
  {
    class: "network.pool_overlap",
    pattern:
      /\bsubnet \S{1,100} is already used on the host or by another config|\b(?:subnet|network) \S{1,100} is (?:already )?being used by (?:a|another) (?:cni|network)/i,
    source: podmanNetworks("internal/util/validate.go"),
  },
  {
    class: "network.name_conflict",
    pattern: /\bnetwork with name .{1,300} already exists/i,
    source: moby("daemon/libnetwork/error.go", EVERY_ENGINE),
  },
  {
    class: "network.name_conflict",
    pattern: /\bnetwork already exists|\bnetwork name \S{1,300} already (?:used|exists)/i,
    source: podmanNetworks("types/define.go"),
  },
  {
    class: "network.name_conflict",
    pattern: /\bnetwork with name \S{1,300} exists but was not created (?:for project|by compose)/i,
    source: compose("pkg/compose/create.go", "2.20.0–5.5.0"),
  },
  {
    class: "network.name_ambiguous",
    pattern: /\bnetwork \S{1,300} is ambiguous|\bmatches found (?:based )?on name\b/i,
    source: moby("daemon/network.go", EVERY_ENGINE),
  },
  {
    class: "network.name_ambiguous",
    pattern: /\bmultiple networks with name\b|\bmultiple networks match/i,
    source: compose("pkg/compose/create.go", "2.20.0–5.5.0"),
  },
  {
    class: "network.not_found",
    pattern:
      /\bnetwork [\w./<>"' -]{1,300} not found\b|\bno such network\b(?! interface)|\bcould not find (?:a )?network matching/i,
    source: moby("daemon/libnetwork/error.go", EVERY_ENGINE),
  },
  {
    class: "network.not_found",
    pattern: /\bdeclared as external, but could not be found/i,
    source: compose("pkg/compose/create.go", ANY),
  },
  {
    class: "network.not_found",
    pattern: /\bunable to find network (?:with|configuration)|\bnetwork not found\b/i,
    source: podmanNetworks("types/define.go"),
  },
  {
    class: "network.ip_exhausted",
    pattern:
      /\bno available (?:IP\w{0,5} )?addresses on (?:this network's address pools|network)\b/i,
    source: moby("daemon/libnetwork/endpoint.go", EVERY_ENGINE),
  },
  {
    class: "network.ip_exhausted",
    pattern:
      /\bfailed to find free IP in range|\bno IP addresses available in (?:range|network)\b|\bIPAM error: failed to find ip\b/i,
    source: cni("plugins/ipam/host-local/backend/allocator/allocator.go", ANY),
  },
  {
    // The capital A and the missing "bind" tell the daemon's own address manager from the kernel.
    class: "network.ip_in_use",
    pattern:
      /^(?:b?["'])?Address already in use(?! ?[:(-])|^\$ docker.{1,200} Address already in use\W{0,10}$|(?:="?|(?<!\b(?:bind|listen|Exception|failed|socket|port)): b?["']?|starting container failed: )Address already in use\W{0,10}$|\b(?:daemon|networking|service \S{1,200}): Address already in use\b(?! ?[:(-])/,
    by: ["daemon"],
    phases: ["network_create", "container_create", "container_start", "daemon_log", "connect"],
    source: ipamContract,
  },
  {
    class: "network.ip_in_use",
    pattern: /\brequested (?:ip )?address \S{0,100} ?is already (?:allocated|in use)\b/i,
    source: podmanNetworks("netavark/ipam.go"),
  },
  {
    class: "network.bridge_port_limit",
    pattern: /\bexchange full/i,
    source: bridge("bridge_linux.go"),
  },
  {
    class: "network.netns_restore",
    pattern: /\brestor(?:e|ing) (?:the )?thread(?:'?s)? network namespace/i,
    source: moby("daemon/libnetwork/osl/namespace_linux.go", "24.0.9–29.7.2"),
  },
  {
    class: "network.route_conflict",
    pattern: /\bbecause it conflicts with existing route\b/,
    source: sandbox("interface_linux.go"),
  },
  {
    class: "network.ip_forwarding",
    pattern:
      /\bIPv[46] (?:global |default )?forwarding is disabled: |\bfailed to set IP forwarding\b|\bcannot read IP forwarding setup\b|\bchecking IPv[46] (?:global |default )?forwarding: /,
    source: moby("daemon/libnetwork/drivers/bridge/setup_ip_forwarding.go", "28.0.0–29.7.2"),
  },
  {
    class: "network.br_netfilter",
    pattern:
      /\bcannot restrict inter-container communication\b|\bbridge-nf-call-ip6?tables\b.{0,200}no such file/,
    source: moby("daemon/libnetwork/drivers/bridge/setup_bridgenetfiltering.go", "27.5.1–29.7.2"),
  },
  {
    class: "network.invalid_config",
    pattern:
      /\binvalid network config:|\binvalid subnet \S{1,100}: it should be |\bno configured subnet or ip-range contain the IP address\b|\bparent subnet \S{1,100} doesn't contain this address/i,
    source: moby("daemon/network.go", "25.0.13–29.7.2"),
  },
  {
    // "invalid pool request" carries its cause behind a colon; an overlap has its own row, further up.
    class: "network.invalid_config",
    pattern:
      /\binvalid pool request: |\binvalid (?:gateway|secondary) address \S{1,100} .{0,100}does not belong to the pool\b|\bincongruent ip versions for pool\b|\bmust belong to the master pool: |\binvalid gateway address \S{1,100} in Ipam configuration\b|\brequested address is out of range\b|\bIt does not belong to any of this network's subnets\b|\binvalid ip-range \S{1,100}: /,
    source: moby("daemon/libnetwork/driverapi/ipamdata.go", "27.5.1–29.7.2"),
  },
  {
    class: "network.invalid_config",
    pattern:
      /\bIPv4 or IPv6 must be enabled\b|\bdriver doesn't support multiple subnets\b|\binvalid MTU number: |\bfailed to parse com\.docker\.network\.\S{1,100} value: |\bgateway mode 'isolated' can only be used\b|\bunknown gateway mode \S|\bis not a valid IPv6 subnet\b|\bmulticast subnet '\S{1,100} is not allowed|\bclashes with the Link-Local prefix\b|\bno gateway can be set on an internal bridge network\b|\binvalid ipam driver: |\bcould not resolve driver \S{1,100} in registry\b/,
    source: bridge("bridge_linux.go"),
  },
  {
    class: "network.endpoint_exists",
    pattern:
      /\bendpoint with name \S{1,300} already exists\b|\banother container is attached to the same network endpoint\b|\bis already attached to network \S/,
    source: moby("daemon/libnetwork/network.go", EVERY_ENGINE),
  },
  {
    class: "network.not_attached",
    pattern: /\bcontainer \S{1,300} is not connected to (?:the )?network \S/i,
    source: moby("daemon/container_operations.go", EVERY_ENGINE),
  },
  {
    class: "network.not_found",
    pattern: /\bconfiguration network \S{1,300} (?:does not exist|not found)\b/,
    source: moby("daemon/libnetwork/controller.go", EVERY_ENGINE),
  },
];

/** Steps of networking that failed for a cause which no row names. */
export const NETWORK_STEPS: readonly Signature[] = [
  {
    class: "network.veth_setup",
    pattern:
      /\bfailed to set MTU on (?:host|sandbox) interface\b|\bcould not set link up for host interface\b|\bfailed to find (?:host|sandbox) side interface\b|\bfailed to configure ipv6: |\bMAC address changed, got\b/,
    source: bridge("bridge_linux.go"),
  },
  {
    class: "network.netns_create",
    pattern: /\bcontainer \S{1,300} is already present in sandbox\b/,
    source: moby("daemon/libnetwork/controller.go", EVERY_ENGINE),
  },
  {
    class: "network.bridge_create",
    pattern:
      /\bUnable to (?:enable|disable) IPv6 addresses on bridge\b|\bfailed to check bridge interface existence\b|\bbridge has no IPv4 address configured\b|\bFailed to retrieve addresses: |\bUnable to enable local routing for hairpin mode\b|\bfailed to remove current ip address from bridge\b|\bfailed to retrieve bridge interface addresses\b|\bFailed to verify ip addresses: /,
    source: bridge("setup_ipv4_linux.go, setup_ipv6_linux.go, setup_verify_linux.go"),
  },
  {
    class: "network.veth_setup",
    pattern:
      /\bfailed to add the host .{0,200}<=> sandbox|\bpair interfaces: |\bunable to set hairpin mode on |\badding interface \S{1,100} to bridge \S{1,100} failed/i,
    source: bridge("bridge_linux.go"),
  },
  {
    class: "network.veth_setup",
    pattern:
      /\bfailed to add interface \S{1,100} to sandbox|\bcould not generate interface name|\bfailed to set namespace on link\b|\b(?:error|failed) (?:to )?renam(?:e|ing) interface\b|\berror setting interface \S{1,100} |\bfailed to get link by name\b|\bcould not add veth pair\b|\bcould not find an appropriate master\b|\bfailed to set link up\b(?! for)|\bcould not find interface with destination name\b/i,
    source: moby("daemon/libnetwork/sandbox_linux.go", EVERY_ENGINE),
  },
  {
    class: "network.veth_setup",
    pattern:
      /\bcreate veth pair\b|\bfailed to (?:create|set up|setup|move|delete) veth\b|\bveth\w{1,20}: (?:device or resource busy|no such device|file exists|operation not supported)|\bLink not found\b/i,
    source: netavark("src/network/bridge.rs", "≤1.4.0–2.1.0"),
  },
  {
    class: "network.netns_enter",
    pattern:
      /\bfailed (?:to )?get network namespace\b|\bsetting into container netns\b|\bfailed to (?:open|enter) detached network namespace|\breassociate to namespace .{1,60} failed|\bset?ting the network namespace .{1,100} failed\b|\bError switching to ns\b|\bnsenter: (?:cannot open|failed to)|\bfailed to (?:open|enter|set into) (?:the )?(?:network namespace|netns|container namespace)\b/i,
    source: sandbox("namespace_linux.go"),
  },
  {
    class: "network.netns_enter",
    pattern:
      /\bwhile creating netlink socket\b|\bfailed to create a netlink handle\b|\bfailed to set into network namespace\b/i,
    source: netlink("nl/nl_linux.go", ANY),
  },
  {
    class: "network.netns_create",
    pattern:
      /\bfailed to create (?:new )?osl sandbox\b|\bbind-mount \S{1,500} -> \S{1,500}: |\bbind[- ]mount\w{0,3} \/proc\/\S{1,100}\/ns\/net\b/i,
    source: sandbox("namespace_linux.go"),
  },
  {
    class: "network.netns_create",
    pattern:
      /\b(?:creating|create) (?:a )?(?:new )?network namespace\b|\bfailed to (?:bind )?mount (?:network namespace|netns|ns at)\b|\bmake-rshared \S{1,200}netns\b/i,
    source: podman("libpod/networking_linux.go", "≤4.9.5–5.8.2"),
  },
  {
    class: "network.netns_enter",
    pattern:
      /\/netns\/\S{1,200} (?:no such file or directory|invalid argument)|\bfailed to Statfs .{0,100}(?:\/netns\/|\/ns\/net\b)/i,
    source: kernel("ENOENT, EINVAL of setns(2)", ANY),
  },
  {
    class: "network.netns_create",
    pattern: /\b(?:open|create|mkdir|mount) \S{1,100}\/netns\/\S{1,200} \w/i,
    source: sandbox("namespace_linux.go"),
  },
  {
    class: "network.bridge_create",
    pattern:
      /\bexisting interface \S{1,100} is not a bridge|\bfailed to add IPv[46] address \S{1,100} to bridge\b|\bbridge IPv[46] \(\S{0,100}\) does not match requested configuration|\bFailed to set link up for |\bbridge device with non default name\b|\b(?:failed to|could not|cannot) create bridge\b|\berror creating (?:the )?bridge\b(?!" network)/i,
    source: bridge("setup_device_linux.go"),
  },
  {
    class: "network.bridge_create",
    pattern: /\bnetavark: (?:create|set) bridge\b|\bset bridge up\b/i,
    source: netavark("src/network/bridge.rs", "≤1.4.0–2.1.0"),
  },
  {
    class: "network.veth_setup",
    pattern: /\berror creating vxlan interface\b|\bsubnet sandbox join failed\b/i,
    source: moby("daemon/libnetwork/drivers/overlay/ov_network.go", EVERY_ENGINE),
  },
  {
    class: "network.gateway",
    pattern:
      /\bfailed to set (?:IPv6 )?gateway\b|\bfailed to set (?:IPv[46] default route|default gateway): |\b(?:setting|removing) IPv[46] default route to interface\b|\broute for the (?:gateway|next hop) .{0,100}could not be found\b|\bfailed to add static route\b|\berror setting (?:the )?default gateway\b|\bfailed to add (?:the )?default route\b/i,
    source: moby("daemon/libnetwork/osl/route_linux.go", EVERY_ENGINE),
  },
];
