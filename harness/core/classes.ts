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
  /** One line: what to change to make it stop. */
  readonly advice: string;
}

/** Every class, by area. A class is added here, and its words in `signatures/`. */
export const CLASSES = {
  "port.rootlesskit_addport_in_use": {
    retry: "if-dynamic",
    meaning: "RootlessKit could not bind the port on the host: some socket there holds it",
    advice:
      "publish nothing, or give the daemon's namespace its own ip_local_port_range, or remove the container and create it again: each new start gets another port",
  },
  "port.rootless_slirp4netns_regression": {
    retry: "no",
    meaning:
      "Engine 29.0.0–29.1.1 with the slirp4netns port driver binds every port twice; fixed in 29.1.2",
    advice: "upgrade to Engine 29.1.2, or set DOCKERD_ROOTLESS_ROOTLESSKIT_PORT_DRIVER=builtin",
  },
  "port.rootlesskit_driver_error": {
    retry: "no",
    meaning: "RootlessKit's port driver refused for another reason than a taken port",
    advice: "set DOCKERD_ROOTLESS_ROOTLESSKIT_PORT_DRIVER=builtin and publish TCP or UDP only",
  },
  "port.rootlesskit_conflict_id": {
    retry: "no",
    meaning: "RootlessKit already holds this very mapping: it leaked",
    advice:
      "restart the daemon's whole user unit (systemctl --user restart docker): RootlessKit then forgets the mapping",
  },
  "port.already_allocated": {
    retry: "no",
    meaning: "this daemon has already given the port to another container",
    advice: "leave the host port to the daemon, or remove the container that docker ps shows on it",
  },
  "port.range_exhausted": {
    retry: "after-cleanup",
    meaning: "every port of the daemon's range is given away",
    advice:
      "remove containers that publish ports, or widen net.ipv4.ip_local_port_range in the daemon's namespace",
  },
  "port.host_bind_in_use": {
    retry: "no",
    meaning: "the daemon's own bind failed: on rootless engines the port is taken in its namespace",
    advice:
      "leave the host port to the daemon, or free it: ss -ltnp shows the owner, for a rootless daemon inside its namespace",
  },
  "port.userland_proxy_bind": {
    retry: "no",
    meaning: "docker-proxy (Engine 27 and older) could not bind the port",
    advice: "leave the host port to the daemon, or stop the process that ss -ltnp shows on it",
  },
  "port.userland_proxy_start": {
    retry: "maybe",
    meaning: "docker-proxy could not be started",
    advice:
      "install the docker-proxy of the engine's own release, and look at the limits on files and processes",
  },
  "port.userland_proxy_timeout": {
    retry: "yes",
    meaning:
      "docker-proxy did not answer within 16 s: the machine is overloaded, or the port is taken in the engine's own namespace",
    advice: "start fewer containers at once, or upgrade to Engine 28, which binds ports itself",
  },
  "port.permission_privileged": {
    retry: "no",
    meaning: "the port is below net.ipv4.ip_unprivileged_port_start",
    advice:
      "publish a port from 1024 up, or lower net.ipv4.ip_unprivileged_port_start, or give rootlesskit CAP_NET_BIND_SERVICE",
  },
  "port.host_addr_unavailable": {
    retry: "no",
    meaning: "the requested host address is not on this machine",
    advice: "publish on 0.0.0.0, 127.0.0.1 or an address that ip addr shows on the host",
  },
  "port.desktop_not_available": {
    retry: "no",
    meaning: "Docker Desktop could not expose the port",
    advice:
      "choose another host port: netsh interface ipv4 show excludedportrange protocol=tcp lists what Windows keeps",
  },
  "port.podman_rootlessport_in_use": {
    retry: "if-dynamic",
    meaning: "podman's rootlessport could not bind the port on the host",
    advice: "leave the host port to podman and retry, or free the port that ss -ltnp shows",
  },
  "port.rootlesskit_api": {
    retry: "after-daemon-restart",
    meaning: "RootlessKit's API did not answer, or is too old for this engine",
    advice:
      "restart the daemon's whole user unit (systemctl --user restart docker) with the RootlessKit of the engine's release",
  },
  "port.rootlesskit_removeport": {
    retry: "after-daemon-restart",
    meaning: "RootlessKit did not give a port back: its listener may stay",
    advice: "restart the daemon's whole user unit if ss -ltnp still shows rootlesskit on the port",
  },
  "port.invalid": {
    retry: "no",
    meaning: "the request's ports contradict each other",
    advice: "give the container's and the host's port ranges the same length",
  },
  "network.subnet_exhausted": {
    retry: "after-cleanup",
    meaning:
      "no free subnet in the address pools: networks were left behind, or the pools are small",
    advice:
      'remove unused networks, and set default-address-pools in daemon.json, e.g. [{"base": "10.200.0.0/16", "size": 24}] for 255 networks',
  },
  "network.pool_overlap": {
    retry: "no",
    meaning: "the requested subnet overlaps an existing network",
    advice:
      "leave the subnet to the daemon, or choose one that no network and no route of the host has",
  },
  "network.not_attached": {
    retry: "no",
    meaning:
      "the container is not attached to the network; a refused start leaves it so on Engine 29 (moby#51758)",
    advice: "remove the container and create it again; starting or restarting it does not help",
  },
  "network.name_conflict": {
    retry: "no",
    meaning: "a network of this name exists",
    advice: "name the network after the job, and remove what an earlier run left",
  },
  "network.name_ambiguous": {
    retry: "no",
    meaning: "two networks share the name",
    advice:
      "remove the duplicates by id, and upgrade to Engine 25, which refuses a second network of one name",
  },
  "network.not_found": {
    retry: "no",
    meaning: "the network is gone: teardown raced, or a typo",
    advice: "remove the network only after its containers are gone, and create it before them",
  },
  "network.endpoint_exists": {
    retry: "after-cleanup",
    meaning: "the network already has an endpoint of this name: an earlier container left it",
    advice:
      "docker network disconnect -f NETWORK CONTAINER removes the stale endpoint; then start the container again",
  },
  "network.ip_in_use": {
    retry: "no",
    meaning: "the requested container address is taken",
    advice: "give containers no fixed address, or one outside the range that the network hands out",
  },
  "network.ip_exhausted": {
    retry: "after-cleanup",
    meaning: "this one network has no free address left",
    advice: "give the network a larger subnet, or start fewer containers on it",
  },
  "network.bridge_port_limit": {
    retry: "after-cleanup",
    meaning: "a bridge holds at most 1024 ports",
    advice: "spread the containers over several networks: one bridge takes at most 1024",
  },
  "network.bridge_create": {
    retry: "maybe",
    meaning: "creating or configuring the bridge device failed",
    advice:
      "remove a stale br-… interface in the daemon's namespace, and see that the bridge module is loaded",
  },
  "network.veth_setup": {
    retry: "once",
    meaning: "the container's network interface could not be set up",
    advice:
      "retry once; if it stays, load the veth and bridge modules, which after a kernel upgrade needs a reboot",
  },
  "network.netns_create": {
    retry: "once",
    meaning: "the container's network namespace could not be created",
    advice:
      "retry once; if it stays, see whether the container ends at once and whether the daemon's exec-root is writable",
  },
  "network.netns_enter": {
    retry: "once",
    meaning: "a network namespace could not be entered",
    advice:
      "retry once; if it stays, see whether the container ends at once, and restart the daemon's user unit",
  },
  "network.netns_restore": {
    retry: "wait",
    meaning: "a log line of rootless engines from 29.5 on, without effect: the step has succeeded",
    advice:
      "ignore it, or set DOCKERD_ROOTLESS_ROOTLESSKIT_DETACH_NETNS=false to be rid of the lines",
  },
  "network.route_conflict": {
    retry: "no",
    meaning: "two networks of one container have overlapping subnets",
    advice: "give the container's networks subnets that do not overlap",
  },
  "network.gateway": {
    retry: "once",
    meaning: "the container's default route could not be set",
    advice:
      "retry once; if it stays, compare the network's gateway with the routes in the container",
  },
  "network.default_route_moved": {
    retry: "no",
    meaning:
      "attaching a network moved the default gateway: open connections to elsewhere can go dead",
    advice:
      "name the networks so that the first one sorts first (BACK_…, FRONT_…); from Engine 28 on give it --gw-priority 1; a back network can be internal from 25 on",
  },
  "network.connection_silent": {
    retry: "no",
    meaning: "a connection stays open and brings nothing any more: its way back changed",
    advice:
      "keep the default gateway where it is while connections are open, and let clients ping: one that only listens never notices",
  },
  "network.requests_lost": {
    retry: "yes",
    meaning: "requests to a container got no answer after a network was attached to it",
    advice:
      "send requests only when the container answers on the new network, and keep its default gateway where it is: see network.default_route_moved",
  },
  "network.ip_forwarding": {
    retry: "no",
    meaning: "IP forwarding is off in the daemon's namespace and cannot be turned on",
    advice:
      "set net.ipv4.ip_forward=1 in the daemon's namespace before it starts, or --ip-forward=false",
  },
  "network.br_netfilter": {
    retry: "no",
    meaning: "the kernel module br_netfilter is missing",
    advice: "modprobe br_netfilter, or set DOCKER_IGNORE_BR_NETFILTER_ERROR=1 for the daemon",
  },
  "network.invalid_config": {
    retry: "no",
    meaning: "the request's subnets or addresses do not fit together",
    advice: "correct subnet, range and gateway of the request: the message names what does not fit",
  },
  "iptables.chain_missing": {
    retry: "after-daemon-restart",
    meaning: "Docker's iptables chain is gone: a firewall was reloaded",
    advice: "restart the daemon, and reload firewalld or ufw without flushing Docker's chains",
  },
  "iptables.backend_mismatch": {
    retry: "no",
    meaning: "the kernel or the other iptables backend rejects the rule",
    advice:
      "point iptables at the one backend that the kernel and the other tools use (update-alternatives --config iptables), then restart the daemon",
  },
  "iptables.kernel_module": {
    retry: "no",
    meaning: "an iptables table's kernel module is missing",
    advice:
      "modprobe ip_tables iptable_nat iptable_raw, or set DOCKER_INSECURE_NO_IPTABLES_RAW=1 where the raw table is missing",
  },
  "iptables.permission": {
    retry: "no",
    meaning: "iptables may not touch this namespace's tables",
    advice:
      "start the daemon through dockerd-rootless.sh, so that iptables runs in a namespace of its own",
  },
  "iptables.rootless_wrap": {
    retry: "no",
    meaning: "nsenter is missing: a detached daemon runs iptables and nft through it",
    advice: "install util-linux, which brings nsenter",
  },
  "iptables.programming": {
    retry: "maybe",
    meaning: "an iptables command failed",
    advice:
      "run the command that the message quotes in the daemon's namespace; a held xtables lock passes by itself",
  },
  "nftables.programming": {
    retry: "maybe",
    meaning: "an nft command failed",
    advice: "install nft, and restart the daemon so that it builds its tables anew",
  },
  "image.missing": {
    retry: "no",
    meaning: "the image does not exist, or may not be had",
    advice: "correct the name and tag, or docker login where the repository is private",
  },
  "image.platform_mismatch": {
    retry: "no",
    meaning: "no image for this architecture",
    advice:
      "ask for an image of this architecture, or install emulation (binfmt) and pass --platform",
  },
  "image.pull_rate_limit": {
    retry: "later",
    meaning: "the registry's rate limit is used up",
    advice: "docker login, use a mirror, or pull each image once before the burst",
  },
  "image.registry_unreachable": {
    retry: "yes",
    meaning: "the registry did not answer",
    advice: "pull before the burst, and check the daemon's DNS and proxy settings",
  },
  "container.name_conflict": {
    retry: "no",
    meaning: "a container of this name exists",
    advice: "name containers after the job, and remove with --force what an earlier run left",
  },
  "container.not_found": {
    retry: "no",
    meaning: "the container is gone",
    advice: "do not combine AutoRemove with a later look at the container, and correct its name",
  },
  "container.exited_early": {
    retry: "no",
    meaning: "the service's container ended before it was ready",
    advice: "read the container's log: docker logs shows why its service ended",
  },
  "container.unhealthy": {
    retry: "no",
    meaning: "the health check failed",
    advice: "read the health check's output in docker inspect, and give it a longer start period",
  },
  "container.oom": {
    retry: "no",
    meaning: "killed at its memory limit",
    advice: "raise the container's memory limit, or run fewer containers at once",
  },
  "container.marked_for_removal": {
    retry: "no",
    meaning: "the container is being removed",
    advice: "wait until the removal is done, then create the container anew",
  },
  "container.not_running": {
    retry: "no",
    meaning: "the container has ended",
    advice: "read the container's log: it ended before this call",
  },
  "container.restarting": {
    retry: "no",
    meaning: "the container ends again and again",
    advice: "read the container's log: its service ends again after every start",
  },
  "container.invalid_config": {
    retry: "no",
    meaning: "the request for the container does not fit together",
    advice:
      "correct the request: a fixed address needs a network of one's own with a subnet that contains it",
  },
  "runtime.exec_not_found": {
    retry: "no",
    meaning: "the command is not in the image",
    advice: "correct the command or the image: docker run --entrypoint sh shows what is in it",
  },
  "runtime.mount": {
    retry: "no",
    meaning: "a mount of the container failed",
    advice: "see that source and target of the mount exist and are both a file or both a directory",
  },
  "runtime.cgroup": {
    retry: "maybe",
    meaning: "the container's cgroup could not be set up",
    advice:
      "install dbus-user-session, loginctl enable-linger, and delegate cpu, memory and pids to the user's systemd",
  },
  "runtime.oci_create": {
    retry: "once",
    meaning: "runc could not create the container",
    advice:
      "retry once; if it stays, the words behind the last colon are runc's own, and the daemon's log has more",
  },
  "resource.disk_full": {
    retry: "after-cleanup",
    meaning: "no space or no inodes left",
    advice: "docker system prune, and look at df and df -i of the data root",
  },
  "resource.fd_limit": {
    retry: "less-concurrency",
    meaning: "too many open files",
    advice:
      "raise LimitNOFILE of the daemon's unit (for a client ulimit -n), or start fewer containers at once",
  },
  "resource.inotify_limit": {
    retry: "less-concurrency",
    meaning: "inotify instances or watches are used up: all rootless containers share the user's",
    advice: "raise fs.inotify.max_user_instances and fs.inotify.max_user_watches",
  },
  "resource.keyring_quota": {
    retry: "less-concurrency",
    meaning: "the user's kernel keyring quota is used up (kernel.keys.maxkeys)",
    advice:
      "raise kernel.keys.maxkeys and kernel.keys.maxbytes: a rootless user has 200 keys for all containers",
  },
  "resource.pid_limit": {
    retry: "less-concurrency",
    meaning: "the limit of processes and threads is reached (TasksMax, nproc)",
    advice: "raise TasksMax of the user's slice and ulimit -u, or start fewer containers at once",
  },
  "resource.conntrack_full": {
    retry: "less-concurrency",
    meaning: "the kernel's connection tracking table is full",
    advice: "raise net.netfilter.nf_conntrack_max, or open fewer connections at once",
  },
  "resource.neigh_overflow": {
    retry: "less-concurrency",
    meaning: "the kernel's neighbour table is full",
    advice: "raise net.ipv4.neigh.default.gc_thresh1, 2 and 3 on the host, and the same for ipv6",
  },
  "resource.unix_backlog": {
    retry: "less-concurrency",
    meaning: "the daemon's socket queues no more connections (net.core.somaxconn)",
    advice: "send fewer requests at once or keep connections alive, and raise net.core.somaxconn",
  },
  "daemon.unreachable": {
    retry: "yes",
    meaning: "nobody listens on the daemon's socket",
    advice:
      "start the daemon (systemctl --user start docker) and point DOCKER_HOST or the docker context at its socket",
  },
  "daemon.socket_permission": {
    retry: "no",
    meaning: "no permission on the daemon's socket",
    advice: "point DOCKER_HOST at your own rootless socket, or join the docker group",
  },
  "daemon.connection_lost": {
    retry: "check-state-first",
    meaning: "the connection to the daemon broke during a request",
    advice:
      "look at the daemon's log for a crash or a restart, and at what exists before asking again",
  },
  "daemon.timeout": {
    retry: "check-state-first",
    meaning: "its words say that a deadline passed: the request may have been carried out",
    advice:
      "start fewer containers at once, or raise the deadline; look at what exists before asking again",
  },
  "daemon.hang": {
    retry: "check-state-first",
    meaning: "the daemon did not answer a call within its deadline",
    advice:
      "look at the daemon's goroutines (kill -USR1 writes them out) and at the disk; raise --timeout only if it answers in the end",
  },
  "daemon.api_version": {
    retry: "no",
    meaning: "the daemon refuses this old API version",
    advice:
      "upgrade the client, or stop pinning DOCKER_API_VERSION: Engine 29 asks for 1.44 at least",
  },
  "daemon.rootless_startup": {
    retry: "no",
    meaning: "RootlessKit or the daemon could not start",
    advice:
      "run dockerd-rootless-setuptool.sh check: it names missing subuids, newuidmap, or a ban on user namespaces",
  },
  "dns.unresolved": {
    retry: "yes",
    meaning: "a service's name does not resolve",
    advice:
      "put both containers on one network of your own and use the service's name or alias on it",
  },
  "readiness.connection_refused": {
    retry: "yes",
    meaning: "nobody listens on the service's port yet",
    advice: "wait for the service with a probe that tries again, not with a fixed sleep",
  },
  "readiness.connection_reset": {
    retry: "yes",
    meaning: "the port accepts and closes again: the forward is up, the service is not",
    advice: "probe by the service's own protocol: a published port accepts before the service does",
  },
  "readiness.timeout": {
    retry: "no",
    meaning: "the service was not ready in time",
    advice: "read the service's log, and start fewer services at once or raise the limit",
  },
  "identity.crosstalk": {
    retry: "no",
    meaning: "another job's data was found: a stale forward, or a wrong network",
    advice:
      "compare the published ports of both jobs and the network of each container: a stale forward or a shared network leads elsewhere",
  },
  "identity.lost": {
    retry: "no",
    meaning: "the job's own data was gone: the service was replaced, or lost it",
    advice:
      "look whether the service's container was restarted or replaced: its log and docker events tell",
  },
  "app.bind_in_use": {
    retry: "no",
    meaning:
      "the application could not bind its own port inside the container; no Docker port is concerned",
    advice:
      "give each process in the container its own port, and share no network namespace between containers that want the same",
  },
  "app.benign_bind_warning": {
    retry: "wait",
    meaning: "a warning of a healthy container that listens on several addresses; not a failure",
    advice:
      "ignore it: the service listens on another address; a single listen_host ends the lines",
  },
  "app.startup_failed": {
    retry: "no",
    meaning: "the application could not start: its configuration, its data or its rights",
    advice:
      "read the application's log from its first error on, and correct its configuration or the rights of its data",
  },
  "teardown.active_endpoints": {
    retry: "yes",
    meaning: "containers are still on the network",
    advice: "remove or disconnect the network's containers first, then retry after a moment",
  },
  "teardown.predefined": {
    retry: "no",
    meaning: "bridge, host and none cannot be removed",
    advice: "leave bridge, host and none alone: remove only networks of your own",
  },
  "teardown.removal_in_progress": {
    retry: "wait",
    meaning: "the container is already being removed",
    advice: "count it as done and wait until the container is gone",
  },
  "teardown.device_busy": {
    retry: "yes",
    meaning: "the container's root filesystem is busy",
    advice: "retry after a moment; grep the mount in /proc/*/mountinfo to find who holds it",
  },
  "teardown.running": {
    retry: "no",
    meaning: "a running container is removed only by force",
    advice: "stop the container first, or remove it with force",
  },
  "teardown.zombie": {
    retry: "no",
    meaning: "the container's first process is a zombie",
    advice: "start the container with --init",
  },
  "teardown.stop_failed": {
    retry: "maybe",
    meaning: "the container could not be stopped",
    advice:
      "retry; if it stays, restart containerd, and look at AppArmor profiles where permission was denied",
  },
  unknown: {
    retry: "maybe",
    meaning: "no signature fits these words",
    advice: "read the whole message and the daemon's log; report it, so that it gets a class",
  },
} as const satisfies Readonly<Record<string, ClassFacts>>;

export type FailureClass = keyof typeof CLASSES;

export const isFailureClass = (name: string): name is FailureClass => Object.hasOwn(CLASSES, name);
