/**
 * iptables and nftables: what the engine says of them, and what they say themselves.
 */
import { ANY, EVERY_ENGINE, moby, netavark, sourceIn, type Signature } from "./signature.ts";

const iptables = sourceIn("netfilter/iptables");
const firewalld = sourceIn("firewalld/firewalld");
const nftabler = (file: string, versions: string) =>
  moby(`daemon/libnetwork/internal/nftables/${file}`, versions);

export const FIREWALLS: readonly Signature[] = [
  {
    class: "nftables.programming",
    pattern:
      /\bnftables: failed to update nftables\b|\bnftables is not enabled\b|\bnftables table is closed\b|\binternal error while initialising nftables\b|\bfailed to find nft tool\b|\bstarting nft: |\bsending nft commands: /,
    source: nftabler("nftables_linux.go, nft_exec_linux.go", "28.1.1–29.7.2"),
  },
  {
    class: "iptables.permission",
    pattern:
      /\btables? .{0,60}Permission denied \(you must be root\)|\bCould not fetch rule set generation id: Permission denied/i,
    source: iptables("iptables/iptables.c", ANY),
  },
  {
    class: "iptables.kernel_module",
    pattern:
      /\bTable does not exist \(do you need to insmod|\bdo you need to insmod\b|\bmissing kernel module\b|\bCouldn't load match\b|\bModule ip6?_?tables\w{0,20} not found|\bmodprobe: (?:FATAL|ERROR|can't)\b.{0,200}\b(?:ip6?_?tables?\w{0,20}|iptable_\w{1,20}|xt_\w{1,20}|nf_\w{1,20})\b|\bPerhaps ip6?tables or your kernel needs to be upgraded/i,
    source: iptables("libiptc/libiptc.c", ANY),
  },
  {
    class: "iptables.chain_missing",
    pattern:
      /\bNo chain\/target\/match by that name|\bChain '?"?DOCKER[^'" ]{0,60}'?"? does not exist|\bCouldn't load target .{0,3}DOCKER|\bgoto 'DOCKER[^']{0,60}' is not a chain/i,
    source: iptables("iptables/xshared.c", ANY),
  },
  {
    class: "iptables.backend_mismatch",
    pattern:
      /\bChain '[A-Z0-9-]{1,60}' does not exist|\b(?:RULE|CHAIN|TABLE)_(?:INSERT|APPEND|ADD|REPLACE|NEW) failed|\bis incompatible, use 'nft' tool|\bFailed to initialize nft\b|\bCould not fetch rule set generation id\b|\biptables: Invalid argument\b|\bunknown option "?--(?:wait|random-fully)\b|\bthis kernel does not support nf_tables\b/i,
    source: iptables("iptables/nft.c", ANY),
  },
  {
    class: "iptables.rootless_wrap",
    pattern: /\bnsenter not found\b/,
    source: nftabler("nft_exec_linux.go", "29.5.0–29.7.2"),
  },
  {
    class: "nftables.programming",
    pattern:
      /\brunning nft\b|\blibnftables: |\bfirewall-backend is set to nftables\b|\bCould not process rule: |\bdeleting nftables IP\w{1,3} rules|\bdocker-bridges\b/i,
    source: nftabler("nft_exec_linux.go", "28.1.1–29.7.2"),
  },
  {
    class: "nftables.programming",
    pattern: /\bnftables error: |\bunable to execute nft\b|\bnft did not return successfully\b/i,
    source: netavark("src/firewall/nft.rs", "1.10.0–2.1.0"),
  },
];

/** An iptables command that failed, and nothing finer is known. */
export const FIREWALL_STEPS: readonly Signature[] = [
  {
    class: "iptables.programming",
    pattern:
      /\biptables failed: |\bfailed to (?:create|program|add|append|insert|delete|set ?up) (?:\S{1,40} )?(?:NAT|FILTER|filter|nat|IPV?[46]|IP) ?(?:chain|tables|rules?)\b|\bfailed to append jump rules to\b|\bUnable to enable [A-Z]\w{0,20}\b.{0,60} rule:|\bfailed to find iptables\b|\bip6?tables (?:not found|is missing)\b|\bxtables contention detected\b|\bUnable to (?:prevent|allow) intercontainer communication\b|\bFailed to Setup IP tables: |\bfailed to add (?:jump rules|default-drop rule)\b|\bcould not (?:create|remove) (?:\w{1,20}\/\S{1,60} )?chain\b|\bsetting default policy to \S{1,20} in \S{1,60} chain failed\b/i,
    source: moby("daemon/libnetwork/iptables/iptables.go", EVERY_ENGINE),
  },
  {
    class: "iptables.programming",
    pattern:
      /\bholding the xtables lock\b|\bBad rule \(does a matching rule exist|\bCHAIN_\w{1,20} failed \(|\bip6?tables(?:-restore|-legacy|-nft)? v?\d\S{0,20} ?(?:\((?:nf_tables|legacy)\))?: /,
    source: iptables("iptables/xshared.c", ANY),
  },
  {
    class: "iptables.programming",
    pattern: /\bCOMMAND_FAILED\b.{0,40}ip6?tables|\bZONE_CONFLICT\b|\bINVALID_ZONE\b.{0,40}docker/,
    source: firewalld("src/firewall/errors.py", ANY),
  },
  {
    class: "nftables.programming",
    pattern: /\badding rules for bridge\b|\bchain '(?:filter|nat|raw)-[a-z][^']{0,100}' /,
    source: moby("daemon/libnetwork/drivers/bridge/internal/nftabler/endpoint.go", "29.0.0–29.7.2"),
  },
];
