/**
 * Which machines to run on, as `ssh` takes them.
 */
import { StressError } from "../../core/errors.ts";

export interface RemoteHost {
  /** As it was given: what its lines on stderr begin with. */
  readonly name: string;
  /** `user@host` or a name of ssh's own configuration. */
  readonly destination: string;
  /** Null: ssh's own choice. */
  readonly port: number | null;
}

/** A name of ssh's configuration may be anything; one that begins with a dash would be a flag. */
const HOST =
  /^(?:ssh:\/\/)?((?:[A-Za-z0-9_][\w.-]*@)?(?:[A-Za-z0-9][\w.-]*|\[[0-9A-Fa-f:.]+\]))(?::(\d{1,5}))?\/?$/;

const parsed = (name: string): RemoteHost => {
  const [, destination, port] = HOST.exec(name) ?? [];
  if (destination === undefined || Number(port ?? 1) > 65_535 || Number(port ?? 1) < 1) {
    throw new StressError(
      "usage",
      `${JSON.stringify(name)} is no host; name one as user@host, user@host:port or by ssh's own configuration`,
    );
  }
  // ssh wants the brackets of an IPv6 address only in an address with a scheme.
  const bare = destination.replace(/[[\]]/g, "");
  return { name, destination: bare, port: port === undefined ? null : Number(port) };
};

/** `a,user@b:2222`. @throws StressError("usage") for what is no host, and for one that is there twice */
export const parseHosts = (given: string): readonly RemoteHost[] => {
  const hosts = given.split(",").map((name) => parsed(name.trim()));
  const twice = hosts.find(
    ({ destination, port }, index) =>
      hosts.findIndex((each) => each.destination === destination && each.port === port) < index,
  );
  if (twice === undefined) return hosts;
  throw new StressError(
    "usage",
    `${twice.name} is there twice: two runs on one machine at once would time each other`,
  );
};
