import { readFile } from "node:fs/promises";

/** `net.ipv4.ip_local_port_range` of this process's own network namespace; null where it cannot be read. */
export const localPortRange = async (): Promise<[number, number] | null> => {
  try {
    const text = await readFile("/proc/sys/net/ipv4/ip_local_port_range", "utf8");
    const [first, last] = text.trim().split(/\s+/).map(Number);
    return first !== undefined && last !== undefined ? [first, last] : null;
  } catch {
    return null;
  }
};
