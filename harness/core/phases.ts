/**
 * Where a message surfaced: the step of a job's life that it stopped, or the log in which it stood.
 */
import type { FailureClass } from "./classes.ts";
import type { OperationKind } from "./model.ts";

export const PHASES = [
  "network_create",
  "container_create",
  "image_pull",
  "container_start",
  "readiness",
  "exec",
  "container_stop",
  "container_remove",
  "network_remove",
  "connect",
  "daemon_start",
  "daemon_log",
  "container_log",
  "host_kernel_log",
] as const;
export type Phase = (typeof PHASES)[number];

export const isPhase = (name: string): name is Phase =>
  (PHASES as readonly string[]).includes(name);

/** A job inspects a container to learn which ports its start has bound. */
const PHASE_OF: Readonly<Record<OperationKind, Phase>> = {
  "network.create": "network_create",
  "container.create": "container_create",
  "container.start": "container_start",
  "container.inspect": "container_start",
  "network.connect": "network_create",
  command: "connect",
  "stack.up": "container_start",
  "stack.down": "container_remove",
  health: "readiness",
  "container.wait": "readiness",
  ready: "readiness",
  identity: "readiness",
  "routes.read": "container_start",
  "traffic.watch": "readiness",
  "path.look": "readiness",
  "flow.measure": "readiness",
  "requests.measure": "readiness",
  "container.remove": "container_remove",
  "network.remove": "network_remove",
};

export const phaseOf = (kind: OperationKind): Phase => PHASE_OF[kind];

/** What stands around a cause and tells the step that it stopped; the first that fits. */
const WORDS: readonly (readonly [pattern: RegExp, phase: Phase])[] = [
  [/\bkernel: ?\[|^(?:<\d>)?\[ {0,8}\d{1,12}\.\d{6}\] /, "host_kernel_log"],
  [/\bHandler for POST \S{1,200}\/networks\/create /, "network_create"],
  [/\bHandler for DELETE \S{1,200}\/networks\//, "network_remove"],
  [/\bHandler for POST \S{1,200}\/images\/create\b/, "image_pull"],
  [/\bHandler for POST \S{1,200}\/containers\/create\b/, "container_create"],
  [/\bHandler for POST \S{1,300}\/(?:start|restart) /, "container_start"],
  [/\bHandler for POST \S{1,300}\/(?:stop|kill) /, "container_stop"],
  [/\bHandler for DELETE \S{1,200}\/containers\//, "container_remove"],
  [/\bOCI runtime exec failed\b/, "exec"],
  [/\b[Cc]ould not kill running container \S{1,300}, cannot remove\b/, "container_remove"],
  [/\b[Cc]annot stop container\b/, "container_stop"],
  [/\berror while removing network\b/, "network_remove"],
  [/\bfailed to create network \S/, "network_create"],
  [
    /\bfailed to set up container networking\b|\bprogramming external connectivity on endpoint\b|\bCannot start (?:service|container) |\bstarting container failed: |\bOCI runtime create failed: |\bunable to start container (?!process)|\bStart container \S{1,300} failed: /,
    "container_start",
  ],
];

/** The phase of a class that can surface in one step alone. */
const PHASE_OF_CLASS: Partial<Readonly<Record<FailureClass, Phase>>> = {
  "port.rootlesskit_addport_in_use": "container_start",
  "port.rootless_slirp4netns_regression": "container_start",
  "port.rootlesskit_conflict_id": "container_start",
  "port.rootlesskit_driver_error": "container_start",
  "port.rootlesskit_removeport": "container_stop",
  "port.already_allocated": "container_start",
  "port.range_exhausted": "container_start",
  "port.host_bind_in_use": "container_start",
  "port.userland_proxy_bind": "container_start",
  "port.userland_proxy_start": "container_start",
  "port.userland_proxy_timeout": "container_start",
  "port.permission_privileged": "container_start",
  "port.host_addr_unavailable": "container_start",
  "port.desktop_not_available": "container_start",
  "port.podman_rootlessport_in_use": "container_start",
  "network.name_conflict": "network_create",
  "network.bridge_create": "network_create",
  "network.ip_in_use": "container_start",
  "network.ip_exhausted": "container_start",
  "network.bridge_port_limit": "container_start",
  "network.veth_setup": "container_start",
  "network.netns_restore": "daemon_log",
  "image.pull_rate_limit": "image_pull",
  "image.registry_unreachable": "image_pull",
  "container.name_conflict": "container_create",
  "container.marked_for_removal": "container_start",
  "resource.conntrack_full": "host_kernel_log",
  "daemon.unreachable": "connect",
  "daemon.socket_permission": "connect",
  "daemon.api_version": "connect",
  "daemon.rootless_startup": "daemon_start",
  "resource.unix_backlog": "connect",
  "readiness.connection_refused": "readiness",
  "readiness.connection_reset": "readiness",
  "readiness.timeout": "readiness",
  "identity.crosstalk": "readiness",
  "identity.lost": "readiness",
  "app.bind_in_use": "container_log",
  "app.benign_bind_warning": "container_log",
  "app.startup_failed": "container_log",
  "teardown.active_endpoints": "network_remove",
  "teardown.predefined": "network_remove",
  "teardown.removal_in_progress": "container_remove",
  "teardown.device_busy": "container_remove",
  "teardown.running": "container_remove",
  "teardown.zombie": "container_stop",
};

/**
 * The phase that the words themselves tell; null where they fit several.
 *
 * @param message - one plain line, wrappers included: `plainOf` makes it
 */
export const impliedPhase = (message: string, name: FailureClass): Phase | null =>
  WORDS.find(([pattern]) => pattern.test(message))?.[1] ?? PHASE_OF_CLASS[name] ?? null;
