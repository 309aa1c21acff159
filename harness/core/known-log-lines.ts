/**
 * Lines of the daemon's log that the tool knows by their words, in the raw log of any engine it runs against.
 */

/**
 * Log-only lines of Engine 24 and later, printed at every container start where dockerd lives outside the
 * network namespace of its containers (the default of rootless engines since 29.5).
 *
 * @see moby/moby daemon/libnetwork/osl/namespace_linux.go, `InvokeFunc` (warning) and `setIPv6` (error)
 */
const NETNS_RESTORE =
  /failed to restore thread's network namespace|libnetwork: restoring thread network namespace failed/;

/**
 * The daemon tries another dynamic port, up to ten times: 20.10–27 (`…: %v, retry: %d`), 28.3–28.5
 * (`… attempt=%d`) and 29 (`Failed to allocate port … attempt=%d`, of a port taken in the engine's own namespace). A fixed port is refused with the same first words and neither of the others.
 *
 * @see moby/moby libnetwork/drivers/bridge/port_mapping.go, port_mapping_linux.go; since 29.0
 * daemon/libnetwork/portallocator/osallocator_linux.go
 */
const PORT_RETRY = /Failed to allocate (?:and map )?port\b.*(?:, retry: \d|\battempt=\d)/;

/** Those about a thread that could not return to its network namespace. */
export const netnsRestoreLines = (lines: readonly string[]): readonly string[] =>
  lines.filter((line) => NETNS_RESTORE.test(line));

/** Those that say that another dynamic port is tried. */
export const portRetryLines = (lines: readonly string[]): readonly string[] =>
  lines.filter((line) => PORT_RETRY.test(line));
