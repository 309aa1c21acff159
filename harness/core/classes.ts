/**
 * What a failure message can be. A class comes from the words alone; what brought it about needs evidence.
 */

/** Whether repeating the failed step is sensible. */
export type Retry =
  | "yes"
  /** Once: a second failure of the same kind will stay. */
  | "once"
  /** Where the daemon chose the port; a fixed port stays taken. */
  | "if-dynamic"
  | "after-cleanup"
  | "after-daemon-restart"
  | "later"
  /** With fewer jobs at once. */
  | "less-concurrency"
  /** The request may have been carried out: look first. */
  | "check-state-first"
  /** Not a failure: what was asked for is already under way. */
  | "wait"
  | "maybe"
  | "no";

interface ClassFacts {
  readonly retry: Retry;
  /** One line for people. */
  readonly meaning: string;
}

/** Every class, by area. A class is added here, and its words in `signatures.ts`. */
export const CLASSES = {
  "port.rootlesskit_addport_in_use": {
    retry: "if-dynamic",
    meaning: "RootlessKit could not bind the port on the host: some socket there holds it",
  },
  "port.rootless_slirp4netns_regression": {
    retry: "no",
    meaning:
      "Engine 29.0.0–29.1.1 with the slirp4netns port driver binds every port twice; fixed in 29.1.2",
  },
  "port.rootlesskit_driver_error": {
    retry: "no",
    meaning: "RootlessKit's port driver refused for another reason than a taken port",
  },
  "port.rootlesskit_conflict_id": {
    retry: "no",
    meaning: "RootlessKit already holds this very mapping: it leaked",
  },
  "port.already_allocated": {
    retry: "no",
    meaning: "this daemon has already given the port to another container",
  },
  "port.range_exhausted": {
    retry: "after-cleanup",
    meaning: "every port of the daemon's range is given away",
  },
  "port.host_bind_in_use": {
    retry: "no",
    meaning: "the daemon's own bind failed: on rootless engines the port is taken in its namespace",
  },
  "port.userland_proxy_bind": {
    retry: "no",
    meaning: "docker-proxy (Engine 27 and older) could not bind the port",
  },
  "port.userland_proxy_start": { retry: "maybe", meaning: "docker-proxy could not be started" },
  "port.userland_proxy_timeout": {
    retry: "yes",
    meaning: "docker-proxy did not answer within 16 s: the machine is overloaded",
  },
  "port.permission_privileged": {
    retry: "no",
    meaning: "the port is below net.ipv4.ip_unprivileged_port_start",
  },
  "port.host_addr_unavailable": {
    retry: "no",
    meaning: "the requested host address is not on this machine",
  },
  "port.desktop_not_available": {
    retry: "no",
    meaning: "Docker Desktop could not expose the port",
  },
  "port.podman_rootlessport_in_use": {
    retry: "if-dynamic",
    meaning: "podman's rootlessport could not bind the port on the host",
  },
  "network.subnet_exhausted": {
    retry: "after-cleanup",
    meaning:
      "no free subnet in the address pools: networks were left behind, or the pools are small",
  },
  "network.pool_overlap": {
    retry: "no",
    meaning: "the requested subnet overlaps an existing network",
  },
  "network.name_conflict": { retry: "no", meaning: "a network of this name exists" },
  "network.name_ambiguous": { retry: "no", meaning: "two networks share the name" },
  "network.not_found": { retry: "no", meaning: "the network is gone: teardown raced, or a typo" },
  "network.ip_in_use": { retry: "no", meaning: "the requested container address is taken" },
  "network.ip_exhausted": {
    retry: "after-cleanup",
    meaning: "this one network has no free address left",
  },
  "network.bridge_port_limit": {
    retry: "after-cleanup",
    meaning: "a bridge holds at most 1024 ports",
  },
  "network.bridge_create": {
    retry: "maybe",
    meaning: "creating or configuring the bridge device failed",
  },
  "network.veth_setup": {
    retry: "once",
    meaning: "the container's network interface could not be set up",
  },
  "network.netns_create": {
    retry: "once",
    meaning: "the container's network namespace could not be created",
  },
  "network.netns_enter": { retry: "once", meaning: "a network namespace could not be entered" },
  "network.netns_restore": {
    retry: "wait",
    meaning: "a log line of rootless engines from 29.5 on, without effect: the step has succeeded",
  },
  "iptables.chain_missing": {
    retry: "after-daemon-restart",
    meaning: "Docker's iptables chain is gone: a firewall was reloaded",
  },
  "iptables.backend_mismatch": {
    retry: "no",
    meaning: "the kernel or the other iptables backend rejects the rule",
  },
  "iptables.kernel_module": {
    retry: "no",
    meaning: "an iptables table's kernel module is missing",
  },
  "iptables.programming": { retry: "maybe", meaning: "an iptables command failed" },
  "nftables.programming": { retry: "maybe", meaning: "an nft command failed" },
  "image.missing": { retry: "no", meaning: "the image does not exist, or may not be had" },
  "image.platform_mismatch": { retry: "no", meaning: "no image for this architecture" },
  "image.pull_rate_limit": { retry: "later", meaning: "the registry's rate limit is used up" },
  "image.registry_unreachable": { retry: "yes", meaning: "the registry did not answer" },
  "container.name_conflict": { retry: "no", meaning: "a container of this name exists" },
  "container.not_found": { retry: "no", meaning: "the container is gone" },
  "container.exited_early": {
    retry: "no",
    meaning: "the service's container ended before it was ready",
  },
  "container.unhealthy": { retry: "no", meaning: "the health check failed" },
  "container.oom": { retry: "no", meaning: "killed at its memory limit" },
  "container.marked_for_removal": { retry: "no", meaning: "the container is being removed" },
  "runtime.exec_not_found": { retry: "no", meaning: "the command is not in the image" },
  "runtime.cgroup": { retry: "maybe", meaning: "the container's cgroup could not be set up" },
  "runtime.oci_create": { retry: "once", meaning: "runc could not create the container" },
  "resource.disk_full": { retry: "after-cleanup", meaning: "no space or no inodes left" },
  "resource.fd_limit": { retry: "less-concurrency", meaning: "too many open files" },
  "resource.inotify_limit": {
    retry: "less-concurrency",
    meaning: "inotify instances or watches are used up: all rootless containers share the user's",
  },
  "resource.keyring_quota": {
    retry: "less-concurrency",
    meaning: "the user's kernel keyring quota is used up (kernel.keys.maxkeys)",
  },
  "resource.pid_limit": {
    retry: "less-concurrency",
    meaning: "the limit of processes and threads is reached (TasksMax, nproc)",
  },
  "resource.conntrack_full": {
    retry: "less-concurrency",
    meaning: "the kernel's connection tracking table is full",
  },
  "resource.neigh_overflow": {
    retry: "less-concurrency",
    meaning: "the kernel's neighbour table is full",
  },
  "resource.unix_backlog": {
    retry: "less-concurrency",
    meaning: "the daemon's socket queues no more connections (net.core.somaxconn)",
  },
  "daemon.unreachable": { retry: "yes", meaning: "nobody listens on the daemon's socket" },
  "daemon.socket_permission": { retry: "no", meaning: "no permission on the daemon's socket" },
  "daemon.connection_lost": {
    retry: "check-state-first",
    meaning: "the connection to the daemon broke during a request",
  },
  "daemon.timeout": {
    retry: "check-state-first",
    meaning: "no answer in time: the request may have been carried out",
  },
  "daemon.api_version": { retry: "no", meaning: "the daemon refuses this old API version" },
  "dns.unresolved": { retry: "yes", meaning: "a service's name does not resolve" },
  "readiness.connection_refused": {
    retry: "yes",
    meaning: "nobody listens on the service's port yet",
  },
  "readiness.connection_reset": {
    retry: "yes",
    meaning: "the port accepts and closes again: the forward is up, the service is not",
  },
  "readiness.timeout": { retry: "no", meaning: "the service was not ready in time" },
  "identity.crosstalk": {
    retry: "no",
    meaning: "another job's data was found: a stale forward, or a wrong network",
  },
  "identity.lost": {
    retry: "no",
    meaning: "the job's own data was gone: the service was replaced, or lost it",
  },
  "teardown.active_endpoints": { retry: "yes", meaning: "containers are still on the network" },
  "teardown.removal_in_progress": {
    retry: "wait",
    meaning: "the container is already being removed",
  },
  "teardown.device_busy": { retry: "yes", meaning: "the container's root filesystem is busy" },
  "teardown.stop_failed": { retry: "maybe", meaning: "the container could not be stopped" },
  unknown: { retry: "maybe", meaning: "no signature fits these words" },
} as const satisfies Readonly<Record<string, ClassFacts>>;

export type FailureClass = keyof typeof CLASSES;

export const isFailureClass = (name: string): name is FailureClass => Object.hasOwn(CLASSES, name);
