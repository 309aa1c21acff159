/**
 * The words by which a class is known, each with the place that prints them.
 *
 * Patterns are written from the format strings of the sources, never from one pasted example, and match
 * text that `causeOf` has made plain: one line, unescaped, without client prefixes and wrappers. None has a
 * quantifier within a quantifier, and every gap is bounded, so that matching time grows with the length of
 * the message and not faster.
 */
import { CONTAINERS, HEALTH, TEARDOWN } from "./signatures/containers.ts";
import { CONNECTIONS, DAEMON_START, DAEMON_STEPS, DEADLINES } from "./signatures/daemon.ts";
import { FINDINGS } from "./signatures/findings.ts";
import { FIREWALL_STEPS, FIREWALLS } from "./signatures/firewalls.ts";
import { IMAGES, REGISTRIES } from "./signatures/images.ts";
import { NETWORK_STEPS, NETWORKS } from "./signatures/networks.ts";
import { PORT_STEPS, PORTS } from "./signatures/ports.ts";
import { RESOURCES } from "./signatures/resources.ts";
import { CGROUPS, RUNTIME_STEPS, RUNTIMES } from "./signatures/runtime.ts";
import { APPLICATIONS, BARE_BINDS, SERVICES } from "./signatures/services.ts";
import type { Signature } from "./signatures/signature.ts";

/**
 * In the order in which they are tried: the first that fits names the class. Causes come before the steps
 * that they stop, and what names its place before a bare errno text.
 */
export const SIGNATURES: readonly Signature[] = [
  ...FINDINGS,
  ...PORTS,
  ...APPLICATIONS,
  ...NETWORKS,
  ...FIREWALLS,
  ...IMAGES,
  ...CONTAINERS,
  ...CGROUPS,
  ...TEARDOWN,
  ...RUNTIMES,
  ...RESOURCES,
  ...DAEMON_START,
  ...PORT_STEPS,
  ...NETWORK_STEPS,
  ...FIREWALL_STEPS,
  ...RUNTIME_STEPS,
  ...CONNECTIONS,
  ...REGISTRIES,
  ...HEALTH,
  ...BARE_BINDS,
  ...DAEMON_STEPS,
  ...SERVICES,
  ...DEADLINES,
];
