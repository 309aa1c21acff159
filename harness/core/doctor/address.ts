/**
 * The port's number and address: privileged, taken by a resolver, of IPv4 or IPv6, reached from a container.
 */
import { shellWord, shellWords } from "../shell-words.ts";
import { fine, notHere, risky, silent, unread, wrong, type Judge } from "./check.ts";
import { endpoint, isSix } from "../addresses.ts";
import { askedText, conflictWith, wantedAddresses } from "./conflict.ts";
import type { DoctorFacts, PublishedPort } from "./facts.ts";
import { describeSocket, forPort } from "./sockets.ts";

const DNS = 53;

const STUB_OFF =
  "mkdir -p /etc/systemd/resolved.conf.d && printf '[Resolve]\\nDNSStubListener=no\\n' > /etc/systemd/resolved.conf.d/no-stub.conf && ln -sf /run/systemd/resolve/resolv.conf /etc/resolv.conf && systemctl restart systemd-resolved";

export const resolver: Judge = (facts) => {
  const { asked, outer } = facts;
  if (asked !== null && asked.port !== DNS) return notHere("this is not port 53");
  if (outer.resolvers === null) return unread("who listens on port 53", facts);
  const local = outer.resolvers.filter(({ localAddress }) => /^127\.|^::1$/.test(localAddress));
  if (local.length === 0) return fine("No resolver listens on a loopback address of the host");
  const evidence = local.map(describeSocket);
  const isResolved = local.some(({ localAddress }) => /^127\.0\.0\.5[34]$/.test(localAddress));
  const finding = {
    evidence,
    meaning: isResolved
      ? "systemd-resolved's stub listens on 127.0.0.53:53, and a bind of 0.0.0.0:53 includes that address"
      : "A resolver listens on a loopback address of port 53, and a bind of 0.0.0.0:53 includes that address",
    fix: "publish on the host's own address instead of all (`-p 192.0.2.1:53:53/udp`), which does not meet it; or turn the stub off, after pointing resolv.conf to another resolver",
    commands: isResolved ? [STUB_OFF] : [],
  };
  if (asked === null)
    return risky({
      ...finding,
      meaning: `${finding.meaning}: port 53 cannot be published on all addresses`,
    });
  const wanted = wantedAddresses(asked, outer);
  const meets = local.some(
    (socket) =>
      (socket.state === "listen") === (asked.protocol === "tcp") &&
      conflictWith(socket, { wanted, protocol: asked.protocol, namespace: outer }) !== "no",
  );
  return meets
    ? wrong({ ...finding, blocks: true })
    : fine(
        "A resolver listens on a loopback address, which the asked address does not meet",
        evidence,
      );
};

export const privilegedPort = forPort((asked, facts) => {
  const { outer, processes, daemon } = facts;
  const start = outer.unprivilegedStart;
  if (start === null) return unread("net.ipv4.ip_unprivileged_port_start", facts);
  const evidence = [`net.ipv4.ip_unprivileged_port_start = ${String(start)}`];
  if (asked.port >= start) return fine("Everybody may bind this port", evidence);
  const rootless = processes?.rootless ?? daemon?.rootless;
  if (rootless === false) return fine("A rootful engine may bind every port", evidence);
  if (rootless === undefined) return unread("whether the engine is rootless", facts);
  if (processes?.bindsPrivileged === true) {
    return fine("RootlessKit has CAP_NET_BIND_SERVICE and may bind it", evidence);
  }
  if (processes === null || processes.bindsPrivileged === null) {
    return unread("the capabilities of RootlessKit", facts);
  }
  return wrong({
    blocks: true,
    evidence: [
      ...evidence,
      `RootlessKit (pid ${String(processes.rootlesskit ?? processes.daemon)}) has no CAP_NET_BIND_SERVICE`,
    ],
    meaning: `A rootless engine may not bind ${askedText(asked)}`,
    fix: "publish a higher port, lower ip_unprivileged_port_start, or give RootlessKit the capability and restart the engine",
    commands: [
      `sysctl -w net.ipv4.ip_unprivileged_port_start=${String(asked.port)}`,
      ...(processes.binder === null
        ? []
        : [`setcap cap_net_bind_service=ep ${shellWord(processes.binder)}`]),
    ],
  });
});

const bindingsOf = ({ daemon, asked }: DoctorFacts) =>
  (daemon?.containers ?? [])
    .filter(({ state }) => state === "running")
    .flatMap((container) =>
      container.ports
        .filter(({ hostPort, protocol }) => hostPort === asked?.port && protocol === asked.protocol)
        .map((port) => ({ container, port })),
    );

const describeBinding = (name: string, { hostIp, hostPort }: PublishedPort): string =>
  `container ${name} is published on ${endpoint(hostIp, hostPort)}`;

export const addressFamilies = forPort((asked, facts) => {
  const { outer, machine, processes, daemon } = facts;
  if (outer.ipv6 === null) return unread("whether the host has IPv6", facts);
  if (asked.address !== null && isSix(asked.address) && !outer.ipv6) {
    return wrong({
      blocks: true,
      evidence: ["net.ipv6.conf.all.disable_ipv6 = 1, or the kernel has no IPv6"],
      meaning: `The host has no IPv6: ${askedText(asked)} cannot be bound`,
      fix: "publish on an IPv4 address",
    });
  }
  if (daemon?.containers === null || daemon === null)
    return silent("the engine's containers", facts);
  const bindings = bindingsOf(facts);
  const evidence = bindings.map(({ container, port }) => describeBinding(container.name, port));
  const localhost = machine.localhost ?? [];
  if (bindings.length === 0) {
    return fine(
      outer.ipv6
        ? "The host has IPv4 and IPv6: a port published without an address is bound on both"
        : "The host has no IPv6: a port is published on IPv4 alone, and [::1] leads nowhere",
    );
  }
  const proxyless = processes?.config?.userlandProxy === false;
  const dead = bindings.filter(({ port }) => proxyless && isSix(port.hostIp));
  if (dead.length > 0) {
    return wrong({
      blocks: false,
      evidence: [...evidence, "userland-proxy: false"],
      meaning:
        "The engine holds the port of IPv6 and answers nobody there; rules can lead on what comes from outside, but not what comes from [::1]: that connection hangs, one to 127.0.0.1 is answered",
      fix: "let clients use 127.0.0.1, publish on IPv4 only (`-p 0.0.0.0:8080:80`), or turn the userland proxy on",
    });
  }
  const onSix = bindings.some(({ port }) => isSix(port.hostIp));
  const onFour = bindings.some(({ port }) => !isSix(port.hostIp));
  const prefersSix = localhost.includes("::1");
  if (onFour && !onSix && outer.ipv6 && prefersSix) {
    return risky({
      evidence: [...evidence, `localhost is ${localhost.join(" and ")}`],
      meaning:
        "The port is published on IPv4 alone, and `localhost` is an IPv6 address too: a client that tries [::1] only is refused",
      fix: "let clients use 127.0.0.1, or publish without an address",
    });
  }
  if (onSix && !onFour) {
    return risky({
      evidence,
      meaning: "The port is published on IPv6 alone: 127.0.0.1 is refused",
      fix: "let clients use [::1], or publish without an address",
    });
  }
  return fine(
    onSix || !outer.ipv6
      ? "The port is published on every family that the host has"
      : "The port is published on IPv4 alone, and so is `localhost`: [::1] is refused",
    evidence,
  );
});

export const hairpin: Judge = (facts) => {
  const { processes, firewall } = facts;
  const meaning =
    "Inside a container `localhost` is that container itself: a published port is reached there by the host's address, or by the other container's name";
  if (processes === null) return unread("whether the userland proxy is on", facts);
  if (processes.config?.userlandProxy !== false) {
    return fine(`${meaning}. The userland proxy is on and takes such connections`);
  }
  if (firewall.bridges === null) return unread("the bridges of the engine's namespace", facts);
  const deaf = firewall.bridges.flatMap(({ name, ports }) =>
    ports.filter((port) => !port.hairpin).map((port) => `${name}: hairpin is off on ${port.name}`),
  );
  const unrouted = firewall.bridges
    .filter(({ routesLoopback, ports }) => routesLoopback === false && ports.length > 0)
    .map(({ name }) => `net.ipv4.conf.${name}.route_localnet = 0`);
  const evidence = ["userland-proxy: false", ...deaf, ...unrouted];
  if (deaf.length + unrouted.length === 0) {
    return fine(
      `${meaning}. The userland proxy is off, and the bridges send back what they must`,
      evidence,
    );
  }
  const enter = processes.enter;
  return wrong({
    blocks: false,
    evidence,
    meaning: `Without the userland proxy a container reaches its own published port, and the host its 127.0.0.1, only over the bridge, which does not let it through here. ${meaning}`,
    fix: "turn the userland proxy on, or let the bridge send back and route (a restart of the engine sets both)",
    commands: [
      ...firewall.bridges.flatMap(({ ports }) =>
        ports
          .filter((port) => !port.hairpin)
          .map((port) =>
            shellWords([...enter, "bridge", "link", "set", "dev", port.name, "hairpin", "on"]),
          ),
      ),
      ...firewall.bridges
        .filter(({ routesLoopback, ports }) => routesLoopback === false && ports.length > 0)
        .map(({ name }) =>
          shellWords([...enter, "sysctl", "-w", `net.ipv4.conf.${name}.route_localnet=1`]),
        ),
    ],
  });
};
