/**
 * Images and the registries they come from.
 */
import { ANY, EVERY_ENGINE, go, moby, podman, sourceIn, type Signature } from "./signature.ts";

const distribution = sourceIn("distribution/distribution");
const imageStore = sourceIn("containers/image");
const hub = { repository: "Docker Hub", file: "(sent by the registry)", versions: ANY };

export const IMAGES: readonly Signature[] = [
  {
    class: "image.pull_rate_limit",
    pattern:
      /\btoo ?many ?requests\b|\bpull rate limit\b|\bincrease-rate-limit\b|\bunexpected (?:HTTP )?status:? (?:code )?429\b/i,
    source: hub,
  },
  {
    class: "image.platform_mismatch",
    pattern:
      /\bwas found but (?:its platform|does not (?:match|provide))\b|\bno matching manifest for\b|\bno match for platform in manifest\b|\bdoes not match the (?:specified|detected host|expected) platform\b|\bcannot be used on this platform\b|\bdoes not provide the specified platform\b/i,
    source: moby("daemon/containerd/image_pull.go", EVERY_ENGINE),
  },
  {
    class: "image.platform_mismatch",
    pattern: /\bno image found in (?:manifest list|image index) for architecture\b/i,
    source: imageStore("internal/manifest/docker_schema2_list.go", ANY),
  },
  {
    class: "image.platform_mismatch",
    pattern: /\bexec format error\b/i,
    source: { repository: "torvalds/linux", file: "ENOEXEC of execve(2)", versions: ANY },
  },
  {
    class: "image.missing",
    pattern: /\bNo such image\b|\bimage \S{1,500} not found\b|\bTag \S{1,200} not found\b/i,
    source: moby("daemon/images/image.go", EVERY_ENGINE),
  },
  {
    class: "image.missing",
    pattern:
      /\bmanifest unknown\b|\bmanifest for \S{1,500} not found|\bpull access denied\b|\brepository does not exist\b|\brequested access to the resource is denied|\bnot found: does not exist or no (?:pull|read) access|\bdoes not exist or may require\b/i,
    source: moby("daemon/containerd/image_pull.go", EVERY_ENGINE),
  },
  {
    class: "image.missing",
    pattern:
      /\bname unknown: |\bunauthorized: |\bno basic auth credentials\b|\bfailed to resolve (?:reference|source metadata for|image) .{1,500}(?:: not found\b|: 40[134] |authorization failed|insufficient_scope)/i,
    source: distribution("registry/api/errcode/register.go", ANY),
  },
  {
    class: "image.missing",
    pattern: /\bimage not known\b|\bshort-name \S{1,300} did not resolve\b/i,
    source: podman("libpod/define/errors.go", ANY),
  },
];

/** What a registry did not answer; a socket's path (`%2F`) or this very machine is no registry. */
export const REGISTRIES: readonly Signature[] = [
  {
    class: "image.registry_unreachable",
    pattern:
      /\bhttps?:\/\/(?!%2F|unix|docker\/|localhost\/|\S{0,40}docker\.sock|\S{0,40}docker_engine)[^\s\/]{1,300}\/(?:v2|v1|token|oauth2)\b.{0,800}(?:i\/o timeout|no such host|server misbehaving|handshake timeout|Client\.Timeout|request canceled|connection refused|connection reset|connection timed out|deadline exceeded|unreachable|no route to host|certificate|HTTP response to HTTPS client|proxyconnect|remote error|\bEOF)/i,
    source: go("src/net/http/client.go", ANY),
  },
  {
    class: "image.registry_unreachable",
    pattern:
      /\bhttps?:\/\/(?!localhost|127\.|10\.|172\.|192\.168\.)(?=[^\s\/]{0,200}\.[a-z]{2})[^\s\/]{1,300}.{0,800}(?:i\/o timeout|no such host|server misbehaving|handshake timeout|Client\.Timeout|request canceled|connection refused|connection reset|connection timed out|unreachable|no route to host|x509: certificate|proxyconnect)/i,
    phases: ["image_pull", "container_create", "container_start", "daemon_log", "connect"],
    source: go("src/net/http/client.go", ANY),
  },
  {
    class: "image.registry_unreachable",
    pattern:
      /\b(?:registry|docker\.io|docker\.com|ghcr\.io|gcr\.io|quay\.io|mcr\.microsoft\.com)\b.{0,300}(?:i\/o timeout|no such host|server misbehaving|TLS handshake timeout|connection refused|connection reset by peer|Temporary failure in name resolution|network is unreachable|no route to host|x509: certificate|Service Unavailable|Bad Gateway|Gateway Time-?out|deadline exceeded|Client\.Timeout)/i,
    phases: ["image_pull", "container_create", "container_start", "daemon_log", "connect"],
    source: go("src/net/dnsclient_unix.go", ANY),
  },
  {
    class: "image.registry_unreachable",
    pattern:
      /\bnet\/http: TLS handshake timeout\b|\bunexpected HTTP status: 5\d\d|\bunable to ping registry endpoint\b|\bfailed to fetch (?:anonymous|oauth) token\b|\berror pinging docker registry\b|\bpinging container registry\b|\bserver gave HTTP response to HTTPS client|\bserver message: (?:\S{1,40} )?50\d/i,
    source: distribution("registry/client/errors.go", ANY),
  },
];
