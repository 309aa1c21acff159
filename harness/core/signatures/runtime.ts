/**
 * What runc, crun and containerd say when they make a container.
 */
import {
  ANY,
  containerd,
  crun,
  EVERY_ENGINE,
  go,
  kernel,
  moby,
  runc,
  type Signature,
} from "./signature.ts";

/** A path or a step of control groups, and how it failed. */
const CGROUP_STEP =
  /\bcgroups?\b.{0,400}\b(?:device or resource busy|no space left on device|cannot allocate memory|permission denied|operation not permitted|no such file or directory|read-only file system|not supported|invalid argument|connection refused|connection reset)/i;

/** Control groups: ahead of the errno texts that their messages end in. */
export const CGROUPS: readonly Signature[] = [
  {
    class: "runtime.cgroup",
    pattern:
      /\b(?:unable to apply|applying) cgroup configuration\b|\bunable to start unit\b|\bsetting cgroup config for\b|\bcgroup mountpoint does not exist\b|\bcannot find cgroup mount destination\b|\bno cgroup mount found\b|\bInteractive authentication required\b|\brootless needs no limits\b|\bsystemd cgroup flag passed\b|\bcannot enter cgroupv2\b|\bsystemd failed to install eBPF device filter\b/i,
    source: runc("libcontainer/process_linux.go", "1.1.15–1.5.1"),
  },
  {
    class: "runtime.cgroup",
    pattern:
      /\bcgroup isn't mounted|\bNanoCPUs can not be set\b|\bor the cgroup is not mounted\b|\bcgroup-parent for systemd cgroup should be\b/i,
    source: moby("daemon/daemon_unix.go", EVERY_ENGINE),
  },
  {
    class: "runtime.cgroup",
    pattern:
      /\bsd-bus call\b|\brequested cgroup controller\b|\bis not available under \/sys\/fs\/cgroup\b|\b(?:cgroup|controller) \S{1,60} is not available\b|\bsystemd user (?:bus|session)\b|\bcannot set limits without cgroups\b/i,
    source: crun("src/libcrun/cgroup.c", ANY),
  },
  {
    class: "runtime.cgroup",
    pattern: CGROUP_STEP,
    source: kernel("kernel/cgroup/cgroup.c", ANY),
  },
  {
    class: "runtime.cgroup",
    pattern:
      /\bdial unix \/run\/(?:user\/\d{1,10}\/bus|dbus|systemd)\S{0,60} |\b@?->\/run\/(?:systemd\/private|user\/\d{1,10}\/bus)|\bmountpoint for \S{1,60} not found\b|\bFailed to connect to (?:user )?(?:scope )?bus\b/i,
    source: runc("libcontainer/cgroups/systemd/dbus.go", ANY),
  },
];

export const RUNTIMES: readonly Signature[] = [
  {
    class: "runtime.exec_not_found",
    pattern:
      /\bexec: .{1,300}executable file not found\b|\bexec: \S{1,300} stat \S{1,300} no such file or directory|\bexec user process caused:? "?no such file or directory|\bexec \S{1,300}: no such file or directory/i,
    source: moby("daemon/errors.go", EVERY_ENGINE),
  },
  {
    class: "runtime.exec_not_found",
    pattern:
      /\bexecutable file \S{0,300} ?not found\b|\battempted to invoke a command that was not found\b/i,
    source: crun("src/libcrun/utils.c", ANY),
  },
  {
    class: "runtime.mount",
    pattern:
      /\berror mounting .{1,600} to rootfs\b|\bmounting .{1,600} to rootfs at .{1,600} caused\b/i,
    source: runc("libcontainer/rootfs_linux.go", "1.1.15–1.5.1"),
  },
];

/** The chain of wrappers, where nothing in it has a name. */
export const RUNTIME_STEPS: readonly Signature[] = [
  {
    class: "daemon.timeout",
    pattern:
      /\b(?:OCI|runc|crun|shim|containerd|task)\b.{0,600}\bcontext (?:deadline exceeded|canceled)/i,
    source: go("src/context/context.go", ANY),
  },
  {
    class: "runtime.cgroup",
    pattern: /\b(?:OCI|runc|crun|shim|container_linux\.go)\b.{0,1000}\bcgroups?\b/,
    source: runc("libcontainer/cgroups", ANY),
  },
  {
    class: "runtime.oci_create",
    pattern:
      /\bOCI runtime (?:create|exec|start) failed\b|\bOCI runtime error\b|\bunable to start container process\b|\bfinal child's pid from pipe\b|\bstarting container process caused\b|\bcould not synchroni[sz]e with container process\b|\bunable to create new parent process\b/i,
    source: runc("libcontainer/container_linux.go", "1.0.0–1.5.1"),
  },
  {
    class: "runtime.oci_create",
    pattern:
      /\bfailed to create shim\b|\bfailed to create task for container\b|\brunc did not terminate suc\w{1,12}\b|\bshim error: |\bfailed to start shim\b|\bruntime create failed\b/i,
    source: containerd("runtime/v2/shim", ANY),
  },
  {
    class: "runtime.oci_create",
    pattern: /\bcrun: |\bOCI permission denied\b/,
    source: crun("src/libcrun/container.c", ANY),
  },
];
