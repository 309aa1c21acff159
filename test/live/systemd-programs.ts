/**
 * systemd's own programs, unpacked from Debian's packages and not installed: they make journal files, read them and
 * check units on a machine without systemd as on one with it.
 */
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { extractPackages, ownRelease } from "../../docker/managed/debian-packages.ts";
import { runProgram } from "../../docker/managed/program.ts";

export interface SystemdPrograms {
  /** How `journalctl` is run. */
  readonly journalctl: readonly [program: string, ...args: string[]];
  /** How `systemd-analyze` is run. */
  readonly analyze: readonly [program: string, ...args: string[]];
  /** Adds the entries of a file in systemd's export format to a journal file, which need not be there yet. */
  readonly addToJournal: (exported: string, journal: string) => Promise<void>;
}

/**
 * @param directory - empty, of the caller's
 * @throws Error on a machine that is no Debian
 */
export const systemdPrograms = async (
  directory: string,
  signal: AbortSignal,
): Promise<SystemdPrograms> => {
  const release = ownRelease();
  if (release === null) throw new Error("systemd's packages are Debian's");
  const scratch = join(directory, "scratch");
  const root = join(directory, "root");
  const tar = join(directory, "packages.tar");
  mkdirSync(scratch);
  mkdirSync(root);
  await extractPackages({
    release,
    packages: ["systemd-journal-remote", "systemd"],
    target: tar,
    exclude: ["/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*"],
    overlay: null,
    scratch,
    narrate: () => undefined,
    signal,
  });
  await runProgram("tar", ["-xf", tar, "-C", root, "--exclude=./dev/*"], { signal });
  const libraries = readdirSync(join(root, "usr/lib")).filter((name) =>
    /-linux-gnu\w*$/.test(name),
  );
  const searched = [...libraries, "systemd"].flatMap((name) => [
    join(root, "usr/lib", name),
    join(root, "lib", name),
    join(root, "usr/lib", name, "systemd"),
    join(root, "lib", name, "systemd"),
  ]);
  // amd64 has it in lib64, arm64 in lib.
  const loader = ["lib64", "lib"]
    .map((name) => join(root, name))
    .filter((path) => existsSync(path))
    .flatMap((path) => readdirSync(path).map((name) => join(path, name)))
    .find((path) => /\/ld-linux[^/]*\.so/.test(path));
  if (loader === undefined) throw new Error(`no dynamic loader in ${root}`);
  const inRoot = (path: string): readonly [string, ...string[]] => [
    loader,
    "--library-path",
    searched.join(":"),
    join(root, path),
  ];
  const [program, ...args] = inRoot("lib/systemd/systemd-journal-remote");
  return {
    journalctl: inRoot("bin/journalctl"),
    analyze: inRoot("usr/bin/systemd-analyze"),
    addToJournal: async (exported, journal) => {
      await runProgram(program, [...args, `--output=${journal}`, exported], { signal });
    },
  };
};
