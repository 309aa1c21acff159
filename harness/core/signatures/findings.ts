/**
 * What the harness found itself, and what its probes say of a service.
 */
import { ANY, HARNESS, kernel, PROBE, sourceIn, USES, type Signature } from "./signature.ts";

const own = sourceIn("rootless-stress");
const findings = own("harness/core/findings.ts", ANY);

export const FINDINGS: readonly Signature[] = [
  {
    class: "readiness.timeout",
    pattern: /^(?:\S{1,200} )?not ready within [\d.]{1,20}s:/,
    by: PROBE,
    phases: USES,
    source: own("docker/probe/until-ready.ts", ANY),
  },
  {
    class: "readiness.timeout",
    pattern: /^no answer within [\d.]{1,20}s$/,
    by: PROBE,
    phases: USES,
    source: own("docker/probe/job.ts", ANY),
  },
  {
    class: "readiness.connection_reset",
    pattern: /^the other side closed the connection$|^the connection is closed$/,
    by: PROBE,
    phases: USES,
    source: own("docker/probe/conversation.ts", ANY),
  },
  {
    class: "container.exited_early",
    pattern: /^the job container ended: /,
    by: PROBE,
    phases: USES,
    source: own("docker/client/job-output.ts", ANY),
  },
  {
    // The last lines of the container's log follow: an image of another architecture ends in these words alone.
    class: "image.platform_mismatch",
    pattern:
      /^\S{1,200} exited with code -?\d{1,20} before it was ready: (?:.{0,1000} )?(?:exec \S{1,300}: exec format error\b|\S{1,300}: cannot execute binary file: Exec format error\b)/,
    by: HARNESS,
    source: kernel("ENOEXEC of execve(2)", ANY),
  },
  {
    class: "runtime.exec_not_found",
    pattern:
      /^\S{1,200} exited with code -?\d{1,20} before it was ready: (?:.{0,1000} )?exec \S{1,300}: no such file or directory\b/,
    by: HARNESS,
    source: kernel("ENOENT of execve(2)", ANY),
  },
  {
    class: "container.exited_early",
    pattern: /^\S{1,200} exited with code -?\d{1,20} before it was ready:/,
    by: HARNESS,
    source: findings,
  },
  {
    class: "network.not_attached",
    pattern: /^\S{1,300} runs without a network: it was created on /,
    by: HARNESS,
    source: findings,
  },
  {
    class: "identity.crosstalk",
    pattern: /^\S{1,200} holds another job's nonce:/,
    by: HARNESS,
    source: findings,
  },
  {
    class: "identity.lost",
    pattern: /^\S{1,200} does not hold its job's nonce:/,
    by: HARNESS,
    source: findings,
  },
  {
    class: "network.default_route_moved",
    pattern: /^\S{1,200}: the default route (?:moved from|by) \S{1,100} \(/,
    by: HARNESS,
    source: findings,
  },
  {
    class: "network.connection_silent",
    pattern: /^\S{1,200}: \d{1,6} of \d{1,6} connections? received nothing more/,
    by: HARNESS,
    source: findings,
  },
  {
    class: "network.requests_lost",
    pattern: /^\S{1,200}: \d{1,6} of \d{1,6} requests? got no answer after it was attached/,
    by: HARNESS,
    source: findings,
  },
];
