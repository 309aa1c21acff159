/**
 * What the user that a rootless engine runs as has been given: ids and cgroups.
 */
import { shellWord } from "../shell-words.ts";
import { fine, notHere, risky, unread, wrong, type Judge } from "./check.ts";

export const cgroups: Judge = (facts) => {
  const { machine, daemon, processes } = facts;
  if ((daemon?.rootless ?? processes?.rootless) === false) {
    return notHere("a rootful engine needs nothing delegated");
  }
  const { cgroup } = machine;
  if (cgroup === null) return unread("the machine's cgroups", facts);
  const evidence = [
    `cgroup version ${String(cgroup.version)}`,
    ...(daemon === null ? [] : [`the engine's cgroup driver is ${daemon.cgroupDriver}`]),
    ...(cgroup.controllers === null
      ? []
      : [`delegated to the engine's user: ${cgroup.controllers.join(" ") || "nothing"}`]),
  ];
  const ignored =
    "memory, CPU and pid limits of containers are ignored: one job can starve the others, and nothing says so";
  if (cgroup.version === 1) {
    return risky({
      evidence,
      meaning: `A rootless engine can only limit containers with cgroup version 2: here ${ignored}`,
      fix: "boot with systemd.unified_cgroup_hierarchy=1",
    });
  }
  if (daemon?.cgroupDriver === "none") {
    return risky({
      evidence,
      meaning: `The engine uses no cgroups: ${ignored}`,
      fix: "start it as a unit of its user's systemd (`dockerd-rootless-setuptool.sh install`)",
    });
  }
  const missing = ["cpu", "memory", "pids"].filter(
    (each) => cgroup.controllers?.includes(each) === false,
  );
  if (missing.length > 0) {
    return risky({
      evidence,
      meaning: `Not delegated to the engine's user: ${missing.join(", ")}; such limits of containers are ignored`,
      fix: "let systemd delegate them, and log in anew",
      commands: [
        "mkdir -p /etc/systemd/system/user@.service.d && printf '[Service]\\nDelegate=cpu cpuset io memory pids\\n' > /etc/systemd/system/user@.service.d/delegate.conf && systemctl daemon-reload",
      ],
    });
  }
  return fine("Limits of containers hold", evidence);
};

/** Ids that images use, from 0 to 65535. */
const IDS = 65_536;

export const subordinateIds: Judge = (facts) => {
  const { machine, daemon, processes, reader } = facts;
  if ((daemon?.rootless ?? processes?.rootless) === false) {
    return notHere("a rootful engine needs no subordinate ids");
  }
  if (machine.subordinate === null) return unread("/etc/subuid and /etc/subgid", facts);
  const user = processes?.user ?? reader.user ?? String(processes?.uid ?? reader.uid);
  const short = machine.subordinate.filter((each) => each.count < IDS);
  const unfit = machine.helpers.filter(({ privileged }) => privileged === false);
  const evidence = [
    ...machine.subordinate.map(
      ({ file, count: amount }) => `${file}: ${String(amount)} ids for ${user}`,
    ),
    ...machine.helpers.map(({ name, path, privileged }) =>
      path === null
        ? `${name} is missing`
        : `${path}${privileged !== false ? "" : " is neither setuid nor has the capability"}`,
    ),
  ];
  if (short.length === 0 && unfit.length === 0) {
    return fine(`The user ${user} can run a rootless engine`, evidence);
  }
  const flags = short.map(
    ({ file, nextFree }) =>
      `${file === "/etc/subuid" ? "--add-subuids" : "--add-subgids"} ${String(nextFree)}-${String(nextFree + IDS - 1)}`,
  );
  return wrong({
    blocks: false,
    evidence,
    meaning:
      short.length > 0
        ? `${user} has fewer than ${String(IDS)} subordinate ids: images with higher ones cannot be unpacked, and without any the engine does not start`
        : "RootlessKit cannot map ids without newuidmap and newgidmap",
    fix: "give the user a range of its own in both files, and install uidmap; then restart the engine",
    commands: [
      ...(flags.length === 0 ? [] : [`usermod ${flags.join(" ")} ${shellWord(user)}`]),
      ...(unfit.length === 0 ? [] : ["apt-get install --reinstall uidmap"]),
    ],
  });
};
