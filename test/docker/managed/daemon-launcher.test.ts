import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { launcherScript, portRangeSeen } from "../../../docker/managed/daemon-launcher.ts";
import { inFreshNamespace, needNetworkPrograms } from "../evidence/private-namespace.ts";

needNetworkPrograms();

const RANGE_FILE = "/proc/sys/net/ipv4/ip_local_port_range";

/** As RootlessKit's child has it: a file keeps the containers' namespace, and dockerd is in the host's. */
const DETACHED = `
echo "40000 41999" > ${RANGE_FILE}
touch "$ROOTLESSKIT_STATE_DIR/netns"
unshare --net mount --bind /proc/self/ns/net "$ROOTLESSKIT_STATE_DIR/netns"
"$ROOTLESSKIT_STATE_DIR/dockerd"
echo started`;

/** The range that the engine is said to have, started in a detached namespace. */
const seenDetached = async (
  portRange: readonly [number, number] | null,
): Promise<readonly [number, number]> => {
  const directory = mkdtempSync(join(tmpdir(), "stress-launcher-"));
  onTestFinished(() => {
    rmSync(directory, { recursive: true });
  });
  const launcher = join(directory, "dockerd");
  writeFileSync(launcher, launcherScript("/bin/true", { portRange, sysctls: {} }));
  chmodSync(launcher, 0o755);
  await inFreshNamespace(
    ["net", "mount"],
    [
      ...["env", "_DOCKERD_ROOTLESS_CHILD=1", `XDG_RUNTIME_DIR=${directory}`],
      ...[`ROOTLESSKIT_STATE_DIR=${directory}`, "sh", "-c", DETACHED],
    ],
  );
  return portRangeSeen(directory);
};

test("with a detached namespace the range is that of the containers' namespace, not of the host's", async () => {
  expect(await seenDetached(null)).toEqual([32_768, 60_999]);
});

test("a range of the engine's own is the same in both", async () => {
  expect(await seenDetached([13_312, 15_359])).toEqual([13_312, 15_359]);
});
