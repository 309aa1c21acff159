/**
 * A container's life: names, health, its end, and its removal together with that of its network.
 */
import {
  ANY,
  compose,
  EVERY_ENGINE,
  kernel,
  moby,
  podman,
  sourceIn,
  testcontainers,
  type Signature,
} from "./signature.ts";

const githubRunner = sourceIn("actions/runner");
const gitlabRunner = sourceIn("gitlab-org/gitlab-runner");
const errors = moby("daemon/errors.go", EVERY_ENGINE);
const remove = moby("daemon/delete.go", EVERY_ENGINE);
const kill = moby("daemon/kill.go", EVERY_ENGINE);
const podmanErrors = podman("libpod/define/errors.go", ANY);

export const CONTAINERS: readonly Signature[] = [
  {
    class: "container.name_conflict",
    pattern: /\bname \S{1,300} is already (?:in use by|assigned to)\b/i,
    source: errors,
  },
  {
    class: "container.marked_for_removal",
    pattern: /\bmarked for removal and can ?not be (?:started|connected)/i,
    source: moby("daemon/start.go", EVERY_ENGINE),
  },
  {
    class: "container.oom",
    pattern:
      /\bOOM-killed\b|\bOOM ?Killed\b|\bMemory cgroup out of memory\b|\bOut of memory: Kill|\boom-kill:|\binvoked oom-killer\b|\boom_reaper\b|\bTask in \S{1,300} killed as a result of limit of\b/i,
    by: ["daemon", "transport", "service"],
    source: kernel("mm/oom_kill.c", ANY),
  },
  {
    class: "container.exited_early",
    pattern:
      /\bcannot join network (?:namespace )?of a non running container|\bcannot start a (?:stopped process|container that has stopped)\b/i,
    source: moby("daemon/container_operations.go", "28.0.0–29.7.2"),
  },
  {
    class: "container.exited_early",
    pattern:
      /\bcontainer \S{1,300} exited(?: \(\d| with)|\bdidn't complete successfully\b|\bservice "?\S{1,300} exited with code\b/i,
    source: compose("pkg/compose/convergence.go", "2.20.0–5.5.0"),
  },
  {
    class: "container.exited_early",
    pattern:
      /\b(?:container|service)\b.{0,120}\b(?:exited|stopped) (?:early|unexpectedly|prematurely)\b|\bcontainer (?:has )?exited with (?:exit )?code\b|\bcontainer exited\b|\bexpected container to be running\b/i,
    source: testcontainers("testcontainers-go wait/all.go", ANY),
  },
  {
    class: "container.unhealthy",
    pattern: /\bcontainer \S{1,300} is unhealthy|\bcontainer for service \S{1,300} is unhealthy/i,
    source: compose("pkg/compose/convergence.go", "2.20.0–5.5.0"),
  },
  {
    class: "container.unhealthy",
    pattern:
      /\btimed out starting health ?check for container|\bhealth ?check for container \S{1,300} (?:error|failed)|\bHealth check exceeded timeout\b/i,
    source: moby("daemon/health.go", "23.0.18–29.7.2"),
  },
  {
    class: "container.unhealthy",
    pattern:
      /\bFailed to initialize container\b|\bOne or more containers failed to start\b|\bcontainers? failed to start\b|\bservice container \S{1,300} failed\b/i,
    source: githubRunner("src/Runner.Worker/ContainerOperationProvider.cs", ANY),
  },
];

/** What testers and runners say of a service that did not come up; the causes they quote come first. */
export const HEALTH: readonly Signature[] = [
  {
    class: "container.unhealthy",
    pattern: /\bprobably didn't start properly\b/i,
    source: gitlabRunner("executors/docker/services.go", ANY),
  },
  {
    class: "container.unhealthy",
    pattern:
      /\bhealth ?check (?:failed|error|never)\b|\bHealth check failed: unhealthy\b|\bunhealthy\b|\b(?:did not|didn't|failed to) become healthy\b/i,
    by: ["daemon", "transport", "service"],
    source: testcontainers("testcontainers-node health-check-wait-strategy.ts", ANY),
  },
  {
    class: "container.restarting",
    pattern: /\bis restarting, wait until the container is running/i,
    source: moby("daemon/attach.go", EVERY_ENGINE),
  },
  {
    class: "container.not_running",
    pattern:
      /\b(?:container|service) \S{1,300} is not running\b|\bCannot link to a non running container\b/i,
    source: moby("daemon/container/container.go", EVERY_ENGINE),
  },
  {
    class: "container.not_found",
    pattern: /\bNo such (?:container|id|object|exec instance)\b/i,
    source: errors,
  },
  {
    class: "container.not_found",
    pattern:
      /\bno container with (?:name or )?ID\b|\bno container found\b|\bcontainer \S{1,300} not found\b/i,
    source: podmanErrors,
  },
  {
    class: "container.invalid_config",
    pattern:
      /\binvalid endpoint settings\b|\bno configured subnet contains IP address\b|\buser[- ]specified IP address is supported (?:on|only)\b|\bno command specified\b/i,
    source: moby("daemon/container_operations.go", "29.1.3–29.7.2"),
  },
  {
    class: "container.invalid_config",
    pattern:
      /\bconflicting options: |\binvalid network mode: |\bContainer cannot be (?:connected to|created with multiple) network endpoints\b|\bcannot (?:connect container to|disconnect container from) host network\b|\bcannot be connected to (?:any other network|multiple networks with)\b|\baliases are only supported for user-defined networks\b|\bDuplicate mount point: |\bInvalid container name \(/i,
    source: moby("runconfig/hostconfig.go, daemon/container_operations.go", EVERY_ENGINE),
  },
  {
    class: "container.invalid_config",
    pattern:
      /\bRequested (?:CPUs|memory nodes) are not available\b|\brange of CPUs is from\b|\bMinimum memory (?:limit|reservation) (?:can not|allowed)\b|\bcannot share the host(?:'s network| PID) namespace when\b|\bcan't create 'AutoRemove' container\b|\bprivileged mode is incompatible with user namespaces\b/i,
    source: moby("daemon/daemon_unix.go", EVERY_ENGINE),
  },
  {
    class: "container.exited_early",
    pattern: /\b\S{1,100} exited with code [1-9]\d{0,4}\b/,
    source: compose("cmd/formatter/logs.go", ANY),
  },
];

export const TEARDOWN: readonly Signature[] = [
  {
    class: "teardown.active_endpoints",
    pattern: /\bhas active endpoints\b|\bResource is still in use\b/i,
    source: moby("daemon/libnetwork/error.go", EVERY_ENGINE),
  },
  {
    class: "teardown.active_endpoints",
    pattern: /\bhas associated containers with it\b|\bnetwork is being used\b/i,
    source: podmanErrors,
  },
  {
    class: "teardown.predefined",
    pattern: /\bis a pre-defined network and cannot be removed/i,
    source: moby("daemon/network.go", EVERY_ENGINE),
  },
  {
    class: "teardown.removal_in_progress",
    pattern: /\bremoval of container .{0,300}is already in progress/i,
    source: remove,
  },
  {
    class: "teardown.running",
    pattern:
      /\bstop the container before (?:attempting )?remov|\bYou cannot remove a running container\b/i,
    source: remove,
  },
  {
    class: "teardown.zombie",
    pattern: /\bis zombie and can ?not be killed/i,
    source: moby("daemon/container_operations_unix.go", EVERY_ENGINE),
  },
  {
    class: "teardown.stop_failed",
    pattern:
      /\bdid not receive an exit event\b|\bcannot kill container:? \S{1,300} (?!.{0,300}is not running)\S|\bcould not kill (?:running )?container\b|\bcannot stop container\b|\bfailed to (?:kill|stop) container\b|\bsignaling init process\b|\bfailed to (?:stop|exit) (?:after|within)\b|\bstop timeout\b|\btimed out waiting for container .{1,100} to (?:stop|exit)\b/i,
    source: kill,
  },
  {
    class: "teardown.stop_failed",
    pattern: /\bPIDs did not die within timeout\b|\bcontainer did not die within\b/i,
    source: podmanErrors,
  },
  {
    class: "teardown.device_busy",
    pattern:
      /\bremove (?:root )?filesystem\b.{0,1000}\b(?:busy\b|dm_task_run failed)|\b(?:unlinkat|remove|rmdir|rename|umount|unmount\w{0,3}|removing)\b(?! cgroup).{0,500}\b(?:device or resource busy|device is busy|target is busy)/i,
    source: remove,
  },
  {
    class: "teardown.device_busy",
    pattern:
      /\bDevice is Busy\b|\bunable to remove filesystem\b|\bumount: .{1,300}target is busy\b/i,
    source: kernel("EBUSY of umount(2), rmdir(2)", ANY),
  },
];
