/**
 * When one socket keeps another from listening on the same port.
 *
 * Measured with sockets on Linux 6.18; `test/docker/doctor/conflict.test.ts` asks the kernel again.
 */
import { addressesMeet, ANY_4, ANY_6, endpoint, isSix, unmapped } from "../addresses.ts";
import type { SocketSeen } from "../evidence.ts";
import type { Asked, NamespaceSeen, Protocol } from "./facts.ts";

/** `maybe`: the table does not tell what decides it. */
export type Conflict = "yes" | "maybe" | "no";

/** What of a namespace decides whether two sockets are in each other's way. */
type PortNamespace = Pick<NamespaceSeen, "sockets" | "sixOnly" | "portRange">;

/** Whether the addresses of a wanted listener and of a socket have one in common. */
const overlap = (wanted: string, socket: SocketSeen, sixOnly: boolean | null): Conflict => {
  const address = unmapped(socket.localAddress);
  if (addressesMeet(wanted, address)) return "yes";
  // A listener on [::] takes IPv4 too unless it says that it does not.
  if (isSix(wanted) || address !== ANY_6 || sixOnly === true) return "no";
  return sixOnly === false ? "yes" : "maybe";
};

/** The addresses on which the engine will listen: what was asked, or all. */
export const wantedAddresses = (
  { address }: Asked,
  namespace: NamespaceSeen,
): readonly string[] => {
  if (address !== null && address !== "") return [address];
  return namespace.ipv6 === false ? [ANY_4] : [ANY_4, ANY_6];
};

const WORST: readonly Conflict[] = ["yes", "maybe", "no"];

const worst = (conflicts: readonly Conflict[]): Conflict =>
  WORST.find((each) => conflicts.includes(each)) ?? "no";

/** A listener on [::] may take IPv4 as well. */
const canHaveAccepted = (listener: SocketSeen, connection: SocketSeen): boolean => {
  const [on, at] = [unmapped(listener.localAddress), unmapped(connection.localAddress)];
  return on === ANY_6 || on === at || (on === ANY_4 && !isSix(at));
};

/** What a connection's end does to a new listener on its port. */
const ofConnection = (socket: SocketSeen, { portRange, sockets }: PortNamespace): Conflict => {
  const listens =
    sockets?.some((each) => each.state === "listen" && canHaveAccepted(each, socket)) === true;
  // Accepted by a listener, which is then what stands in the way: its ends let another one listen.
  if (listens) return "no";
  if (portRange === null) return "maybe";
  const isEphemeral = (port: number): boolean => portRange[0] <= port && port <= portRange[1];
  // A port that the kernel does not hand out: accepted by a listener that has gone, or bound on purpose.
  if (!isEphemeral(socket.localPort)) return "maybe";
  // Both ends' ports are such as the kernel hands out: it cannot be seen which end this is.
  return isEphemeral(socket.remotePort) ? "maybe" : "yes";
};

/**
 * Whether this socket keeps the engine from listening on the wanted addresses.
 *
 * @param wanted - `0.0.0.0` and `::` for all of a family; `::` takes IPv6 only, as engines listen
 */
export const conflictWith = (
  socket: SocketSeen,
  {
    wanted,
    protocol,
    namespace,
  }: {
    readonly wanted: readonly string[];
    readonly protocol: Protocol;
    readonly namespace: PortNamespace;
  },
): Conflict => {
  const sixOnly = namespace.sixOnly?.includes(socket.localPort) ?? null;
  const shared = worst(wanted.map((address) => overlap(address, socket, sixOnly)));
  // Of UDP any socket is in the way.
  if (shared === "no" || protocol === "udp" || socket.state === "listen") return shared;
  const connection = ofConnection(socket, namespace);
  return connection === "yes" ? shared : connection;
};

/** The port as it was asked: `8080`, `127.0.0.1:8080`, `53/udp`. */
export const askedText = ({ address, port, protocol }: Asked): string =>
  `${address === null ? String(port) : endpoint(address, port)}${protocol === "udp" ? "/udp" : ""}`;
