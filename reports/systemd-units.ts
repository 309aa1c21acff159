/**
 * A nightly run as systemd's units, for a machine without a CI system: a service that runs once, and its timer.
 */
import { StressError } from "../harness/core/errors.ts";

export interface NightlyUnitsOptions {
  /** The program, by its absolute path, and all that it is given. */
  readonly command: readonly [program: string, ...args: string[]];
  /** Where it runs: relative paths of the command and its configuration start here. Absolute. */
  readonly directory: string;
  /** As `systemd-analyze calendar` takes it, e.g. `*-*-* 02:30`. */
  readonly calendar: string;
  /** Null: root. */
  readonly user: string | null;
  /** Hours after which a night is over, whatever is still to be measured. */
  readonly hours: number;
}

export interface NightlyUnits {
  readonly service: string;
  readonly timer: string;
}

/** @throws StressError("usage") for what no line of a unit can hold */
const inLine = (what: string, text: string): string => {
  if (text === "" || /[\p{Cc}\p{Zl}\p{Zp}]/u.test(text)) {
    throw new StressError(
      "usage",
      `${what} ${JSON.stringify(text)} cannot stand in a systemd unit`,
    );
  }
  // What follows a percent sign is a specifier everywhere in a unit.
  return text.replaceAll("%", "%%");
};

/** A path that is a value of its own: no quotes there, and nothing else that acts. */
const pathIn = (what: string, path: string): string => {
  if (!path.startsWith("/")) {
    throw new StressError("usage", `${what} ${path} must be an absolute path in a systemd unit`);
  }
  return inLine(what, path);
};

/** In ExecStart: quoted, and dollar signs doubled, which otherwise name a variable. */
const word = (text: string): string => {
  const escaped = text === "" ? "" : inLine("the command's", text).replaceAll("$", "$$$$");
  return /^[\w@%+=:,./-]+$/.test(escaped)
    ? escaped
    : `"${escaped.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
};

/** The program itself knows no variables, and one with them in its name is none that we know. */
const program = (path: string): string => {
  const checked = pathIn("the program", path);
  if (/[$"'\\;]/.test(path)) {
    throw new StressError("usage", `the program ${path} cannot stand in a systemd unit: rename it`);
  }
  return /\s/.test(checked) ? `"${checked}"` : checked;
};

const service = ({ command, directory, user, hours }: NightlyUnitsOptions): string => {
  const [first, ...args] = command;
  return `[Unit]
Description=Nightly concurrency regression run of rootless Docker (stress)
Wants=network-online.target
After=network-online.target time-sync.target

[Service]
Type=oneshot
ExecStart=${[program(first), ...args.map(word)].join(" ")}
WorkingDirectory=${pathIn("the directory", directory)}
${user === null ? "" : `User=${inLine("the user", user)}\n`}
# Exit code 1 is a regression and 2 too little data: both leave the unit failed, for OnFailure= and systemctl --failed.
TimeoutStartSec=${String(hours)}h

# The first signal goes to stress alone, which ends its wave and takes its engines down in order; what is left then
# is killed.
KillMode=mixed
TimeoutStopSec=15min

# What the machine bears is to be measured, not what a unit is given: by default that is 15 % of the machine's tasks,
# and a container that runs out of memory would end the night instead of being a result.
TasksMax=infinity
OOMPolicy=continue

# Neither Nice= nor a sandbox. Times would be those of a machine with other work to do; and the engines need what a
# sandbox takes away: namespaces of their own, setuid newuidmap, /dev/net/tun, accounts in /etc.
`;
};

const timer = ({ calendar }: NightlyUnitsOptions): string => `[Unit]
Description=When the nightly run of stress starts

[Timer]
OnCalendar=${inLine("the calendar", calendar)}
# A night that the machine slept through is made up for.
Persistent=true
# Machines that share a disk or a registry do not all start at once.
RandomizedDelaySec=10min
AccuracySec=1min

[Install]
WantedBy=timers.target
`;

/**
 * @returns the texts of `stress-nightly.service` and `stress-nightly.timer`
 * @throws StressError("usage") for words that no unit can hold
 */
export const nightlyUnits = (options: NightlyUnitsOptions): NightlyUnits => ({
  service: service(options),
  timer: timer(options),
});
