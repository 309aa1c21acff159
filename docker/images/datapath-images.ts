/**
 * The image of the datapath scenario: iperf3, and the probe that makes small requests. It serves as server and as
 * client.
 */
import { IPERF3_PORT, iperf3Command } from "../../harness/core/datapath/commands.ts";
import type { ImageUse } from "../../harness/core/model.ts";
import type { DebianRelease } from "../managed/debian-packages.ts";
import { contentKey } from "../managed/state-directory.ts";
import type { ImageSource } from "./image-source.ts";
import { readProbeFiles } from "./probe-files.ts";
import { recipeReference, type Recipe } from "./recipe.ts";

const file = (path: string, ...lines: readonly string[]) =>
  ({ kind: "file", path, content: `${lines.join("\n")}\n` }) as const;

const IPERF3: Recipe = {
  name: "iperf3",
  packages: ["iperf3", "nodejs"],
  files: [
    file("etc/passwd", "root:x:0:0:root:/root:/bin/sh"),
    file("etc/group", "root:x:0:"),
    file("etc/nsswitch.conf", "passwd: files", "group: files", "hosts: files dns"),
    { kind: "directory", path: "root" },
    // For the file through which client and server pass what they send.
    { kind: "directory", path: "tmp" },
  ],
  prepare: null,
  changes: ["ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
};

/**
 * The role `iperf3` of the set `debian`; built only where a plan uses it.
 *
 * @throws StressError("environment") when the probe has not been compiled
 */
export const iperf3Image = (
  release: DebianRelease,
  probeDirectory: string,
): { readonly use: ImageUse; readonly source: ImageSource } => {
  const base = recipeReference(IPERF3, release);
  const key = contentKey([base, readProbeFiles(probeDirectory).key]).slice(0, 12);
  return {
    use: {
      reference: `rootless-stress/datapath:${key}`,
      command: iperf3Command(IPERF3_PORT),
      env: {},
    },
    source: {
      kind: "probe",
      base,
      baseSource: { kind: "recipe", recipe: IPERF3, release },
      probeDirectory,
    },
  };
};
