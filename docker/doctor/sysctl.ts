import { inNamespace, type EngineNamespace } from "../evidence/namespace.ts";

const PATIENCE_MS = 5000;

/** `net.ipv4.ip_local_port_range` is `/proc/sys/net/ipv4/ip_local_port_range`. */
const fileOf = (name: string): string => `/proc/sys/${name.replaceAll(".", "/")}`;

/** Prints each file's name and what is in it, on one line; nothing behind the name where it cannot be read. */
const SHOW = 'for file do printf "%s=%s\\n" "$file" "$(cat "$file" 2>/dev/null)"; done';

/**
 * Settings of the kernel as a network namespace has them, by name. Missing are those that it does not have; null
 * where the namespace cannot be entered.
 *
 * @param names - with dots; an interface's name in them has none
 */
export const sysctls = async (
  namespace: EngineNamespace,
  names: readonly string[],
): Promise<ReadonlyMap<string, string> | null> => {
  if (names.length === 0) return new Map();
  const args = ["-c", SHOW, "sh", ...names.map(fileOf)];
  try {
    const shown = await inNamespace(namespace, "sh", args, AbortSignal.timeout(PATIENCE_MS));
    const values = new Map(
      shown.split("\n").map((line): [string, string] => {
        const at = line.indexOf("=");
        return [line.slice(0, at), line.slice(at + 1).trim()];
      }),
    );
    return new Map(
      names.flatMap((name) => {
        const value = values.get(fileOf(name)) ?? "";
        return value === "" ? [] : [[name, value] as const];
      }),
    );
  } catch {
    return null;
  }
};

/** `32768	60999`. */
export const rangeIn = (text: string | undefined): readonly [number, number] | null => {
  const [first, last] = (text ?? "").split(/\s+/).map(Number);
  return first === undefined || last === undefined || Number.isNaN(first) ? null : [first, last];
};

export const numberIn = (text: string | undefined): number | null =>
  text !== undefined && /^\d+$/.test(text) ? Number(text) : null;
