/**
 * What a process was told by its command line.
 */

/** The value of a flag, written `--flag=value` or `--flag value`; null where it is not given, empty where it ends the line. */
export const flagIn = (words: readonly string[], flag: string): string | null => {
  const joined = words.find((word) => word.startsWith(`${flag}=`));
  if (joined !== undefined) return joined.slice(flag.length + 1);
  const at = words.indexOf(flag);
  return at === -1 ? null : (words[at + 1] ?? "");
};

/** Of a switch without a value: `--iptables` is true, and so is `--iptables --debug`; null where it is not given. */
export const switchIn = (words: readonly string[], flag: string): boolean | null => {
  const value = flagIn(words, flag);
  return value === null ? null : value !== "false";
};
