/**
 * What can have brought a failure about, as evidence shows it. A class says what the words are; a cause says
 * who or what stood behind them.
 */

/** All of them, in the order in which reports list them. */
export const CAUSE_NAMES = [
  "outbound_connection",
  "host_listener",
  "time_wait",
  "other_engine",
  "same_engine_container",
  "same_run",
  "own_probe",
  "leaked_forward",
  "orphan_rule",
  "privileged",
  "gone",
  "subnets_taken",
  "name_taken",
  "daemon_paused",
  "daemon_gone",
  "daemon_busy",
] as const;
export type Cause = (typeof CAUSE_NAMES)[number];

interface CauseFacts {
  /** One clause for people, to be read after "because". */
  readonly meaning: string;
  /** What makes it stop, one line. */
  readonly advice: string;
  /** The same where a job asks for the very port; absent where it makes no difference. */
  readonly adviceIfFixed?: string;
}

const OUT_OF_RANGE =
  "publish nothing, or a port outside the host's ip_local_port_range (or reserve it: net.ipv4.ip_local_reserved_ports)";

const DISJOINT =
  "publish nothing, or give the daemon's namespace an ip_local_port_range apart from the host's";

export const CAUSES: Readonly<Record<Cause, CauseFacts>> = {
  outbound_connection: {
    meaning: "an outbound connection of the host used the port as its ephemeral port",
    advice: DISJOINT,
    adviceIfFixed: OUT_OF_RANGE,
  },
  host_listener: {
    meaning: "a process of the host listened on the port",
    advice: "stop that process, or publish another port",
  },
  time_wait: {
    meaning: "a closed connection of the host held the port in TIME_WAIT",
    advice: `${DISJOINT}; clients that reset instead of closing leave no TIME_WAIT`,
    adviceIfFixed: `${OUT_OF_RANGE}; clients that reset instead of closing leave no TIME_WAIT`,
  },
  other_engine: {
    meaning: "another engine on this machine held the port",
    advice: "give each engine's namespace an ip_local_port_range of its own",
    adviceIfFixed: "publish another port, or let the daemon choose one",
  },
  same_engine_container: {
    meaning: "another container of this engine had the port",
    advice: "let the daemon choose the port, or remove that container",
  },
  same_run: {
    meaning: "another job of this run had the port",
    advice: "let the daemon choose ports, or give each job a block of its own",
  },
  own_probe: {
    meaning: "a connection of this harness held the port",
    advice: "a defect of this tool: please report it with the journal",
  },
  leaked_forward: {
    meaning: "RootlessKit still held a forward of the port without a container behind it",
    advice: "remove it (`rootlessctl remove-ports ID`), or restart the engine",
  },
  // Measured on 20.10: such a rule keeps no port from being bound; it leads what comes in astray.
  orphan_rule: {
    meaning: "nobody held the port, and a NAT rule without a container behind it names it",
    advice:
      "delete the rule by its line number, or restart the engine; if it stays refused, the holder was gone before the look",
  },
  privileged: {
    meaning: "the port is below net.ipv4.ip_unprivileged_port_start",
    advice: "publish a higher port, or lower net.ipv4.ip_unprivileged_port_start",
  },
  gone: {
    meaning: "whoever stood in the way was gone when it was looked at",
    advice: "try again: what was in the way did not stay",
  },
  subnets_taken: {
    meaning: "networks held every subnet of the address pools",
    advice: "remove unused networks, or widen default-address-pools in daemon.json",
  },
  name_taken: {
    meaning: "something of this name existed",
    advice: "remove it, or choose names that hold the job's id",
  },
  daemon_paused: {
    meaning: "the daemon's process was stopped (state T)",
    advice: "find who sent SIGSTOP, or froze its cgroup",
  },
  daemon_gone: {
    meaning: "the daemon's process no longer existed",
    advice: "read the end of its log: it was killed or crashed",
  },
  daemon_busy: {
    meaning: "the daemon ran and did not answer in time",
    advice: "read its goroutine dump (debug: true in daemon.json), or start fewer jobs at once",
  },
};

/**
 * How sure an attribution is. `shown`: the look saw it hold what was asked for. `inferred`: it follows from what was
 * seen and from how engines work. `open`: the evidence could not be read, or fits nothing.
 */
export const CERTAINTIES = ["shown", "inferred", "open"] as const;
export type Certainty = (typeof CERTAINTIES)[number];

/** What makes a cause stop, for a job that lets the daemon choose its ports or asks for the very ones. */
export const adviceFor = (cause: Cause, { dynamic }: { readonly dynamic: boolean }): string => {
  const { advice, adviceIfFixed } = CAUSES[cause];
  return dynamic ? advice : (adviceIfFixed ?? advice);
};
