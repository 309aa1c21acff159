/**
 * IP addresses as the kernel and the daemon write them, and when two of them mean the same.
 */

/** All addresses of a family, for whoever listens. */
export const ANY_4 = "0.0.0.0";
export const ANY_6 = "::";

export const isSix = (address: string): boolean => address.includes(":");

/** `0.0.0.0:8080`, `[::]:8080`. */
export const endpoint = (address: string, port: number): string =>
  isSix(address) ? `[${address}]:${String(port)}` : `${address}:${String(port)}`;

/** Whether two listeners of these addresses would have one in common: of one family, and equal or either all of it. */
export const addressesMeet = (one: string, other: string): boolean => {
  const any = isSix(one) ? ANY_6 : ANY_4;
  return isSix(one) === isSix(other) && (one === any || other === any || one === other);
};

/** `::ffff:127.0.0.1` is an address of IPv4 to everybody but the socket that has it. */
export const unmapped = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, "");
