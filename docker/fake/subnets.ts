/** A range of IPv4 addresses; `first` and `last` are numbers, both included. */
export interface Subnet {
  readonly cidr: string;
  readonly first: number;
  readonly last: number;
}

const BITS = 32;

export const addressText = (address: number): string =>
  [24, 16, 8, 0].map((shift) => String((address >>> shift) & 0xff)).join(".");

const addressNumber = (text: string): number =>
  text.split(".").reduce((number, part) => number * 256 + Number(part), 0);

/** @param prefix - 0 … 32 */
export const subnetAt = (first: number, prefix: number): Subnet => {
  const size = 2 ** (BITS - prefix);
  return { cidr: `${addressText(first)}/${String(prefix)}`, first, last: first + size - 1 };
};

/** @param cidr - as `10.0.0.0/24`; the caller has checked its form */
export const subnetOf = (cidr: string): Subnet => {
  const [address = "", prefix = ""] = cidr.split("/");
  return subnetAt(addressNumber(address), Number(prefix));
};

export const overlaps = (one: Subnet, other: Subnet): boolean =>
  one.first <= other.last && other.first <= one.last;
