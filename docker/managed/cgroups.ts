/**
 * The control groups of a rootful engine's containers, which are the machine's own: nothing else of such an engine is
 * outside its namespaces and its slot.
 */
import { existsSync, readdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";

const ROOT = "/sys/fs/cgroup";

/** For `--cgroup-parent`. */
export const cgroupParentOf = (slot: number): string => `/rootless-stress-${String(slot)}`;

const directoriesIn = (directory: string): readonly string[] =>
  readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(directory, name));

/** Innermost first; files of a control group go with it. */
const removeGroup = (directory: string): void => {
  for (const child of directoriesIn(directory)) removeGroup(child);
  rmdirSync(directory);
};

/** Removes what is left of a slot's groups, of either version; one in which a process still is stays. */
export const removeCgroups = (slot: number): void => {
  if (!existsSync(ROOT)) return;
  for (const hierarchy of [ROOT, ...directoriesIn(ROOT)]) {
    const group = join(hierarchy, cgroupParentOf(slot));
    try {
      if (existsSync(group)) removeGroup(group);
    } catch {
      // Not ours to remove, or not empty yet: it holds nothing but its name.
    }
  }
};
