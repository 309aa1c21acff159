/**
 * What ran out, where a longer message ends in the kernel's words for it.
 */
import {
  ANY,
  clickhouse,
  go,
  kernel,
  moby,
  node,
  runc,
  sourceIn,
  type Signature,
} from "./signature.ts";

export const RESOURCES: readonly Signature[] = [
  {
    // Never the disk: EDQUOT is what the kernel's keyring answers.
    class: "resource.keyring_quota",
    pattern: /\bdisk quota exceeded\b/i,
    source: runc("libcontainer/keys/keyctl.go", "≤1.0.3–1.5.1"),
  },
  {
    class: "resource.inotify_limit",
    pattern:
      /(?:\binotify\w{0,20}|\bfsnotify\b|\bwatch(?:er|ers|es|ing)?\b(?! for docker events)).{0,150}(?:too many open files|no space left on device)/i,
    source: kernel("fs/notify/inotify/inotify_user.c", ANY),
  },
  {
    class: "resource.inotify_limit",
    pattern:
      /\b(?:no space left on device|too many open files).{0,60}\b(?:inotify\w{0,20}|fsnotify|watch(?:er|ers|es)?)\b|\binotify (?:instances|watches|instance|watch)\b.{0,60}\b(?:reached|exceeded|exhausted|limit)|\bfile watchers reached\b|\bInotify watch limit reached\b|\buser limit \(\d{1,9}\) on the (?:total )?number of inotify\b|\binotify resources exhausted\b/i,
    source: node("deps/uv/src/unix/linux.c", ANY),
  },
  {
    class: "resource.fd_limit",
    pattern: /\btoo many open files\b|\bE[MN]FILE\b/i,
    source: kernel("EMFILE, ENFILE", ANY),
  },
  {
    class: "resource.disk_full",
    pattern: /\bno space left on device|\bENOSPC\b|\bnot enough (?:free )?(?:disk )?space\b/i,
    source: kernel("ENOSPC", ANY),
  },
  {
    class: "resource.disk_full",
    pattern: /\bThin Pool has \d{1,20} free (?:data|metadata) blocks\b/i,
    source: moby("daemon/graphdriver/devmapper/deviceset.go", "≤20.10.27–24.0.9"),
  },
  {
    class: "resource.pid_limit",
    pattern:
      /(?:\bfork|\bspawn|_spawn|\bthread\b|\bexec\b).{0,300}resource temporarily unavailable|\bpthread_create\b.{0,100}(?:failed|EAGAIN|temporarily unavailable)|\bclone\w{0,3}\b.{0,60}resource temporarily unavailable|\bfork rejected by pids controller\b|\bfork: retry\b/i,
    source: kernel("EAGAIN of clone(2)", ANY),
  },
  {
    class: "resource.pid_limit",
    pattern:
      /\bfailed to create new OS thread\b|\bmay need to increase max user processes\b|\bnewosproc\b/i,
    source: go("src/runtime/os_linux.go", ANY),
  },
  {
    class: "resource.pid_limit",
    pattern:
      /\bunable to create (?:new )?native thread\b|\bcan't (?:start|create a) new thread\b|\bCan't create thread\b|\bcannot schedule a task: no free thread\b/i,
    source: clickhouse("src/Common/ThreadPool.cpp; OpenJDK, CPython, MySQL", ANY),
  },
  {
    class: "resource.unix_backlog",
    pattern:
      /\bdial unix \S{1,200} (?:connect: )?resource temporarily unavailable|\bconnect EAGAIN \/|\bBlockingIOError\b.{0,60}temporarily unavailable/i,
    source: kernel("EAGAIN of connect(2)", ANY),
  },
  {
    class: "resource.conntrack_full",
    pattern: /\b(?:nf|ip)_conntrack\b.{0,60}\btable full\b|\bconntrack table (?:is )?full\b/i,
    by: ["daemon", "transport", "service"],
    source: kernel("net/netfilter/nf_conntrack_core.c", ANY),
  },
  {
    class: "resource.neigh_overflow",
    pattern:
      /\bneigh?bou?r table overflow\b|\bneighbour table overflow\b|\barp_cache\b.{0,40}\boverflow\b/i,
    source: kernel("net/core/neighbour.c", ANY),
  },
  {
    class: "resource.neigh_overflow",
    pattern: /\bno buffer space available\b|\bENOBUFS\b/i,
    source: sourceIn("moby/libnetwork")("osl/neigh_linux.go", ANY),
  },
];
