import { expect, test } from "vitest";
import { engineProcessor, processorTimeIn } from "../../../docker/evidence/engine-processor.ts";
import { startProgram } from "./private-namespace.ts";

test("a process's time is its own and that of the children it has waited for, whatever it is called", () => {
  const stat = "42 (a) R (b 1) S 1 2 3 4 5 6 7 8 9 10 100 20 3 1 20 0 1 0 500 6000";
  expect(processorTimeIn(stat)).toBe(1240);
  expect(processorTimeIn("")).toBeNull();
});

/** Burns processor time until it has used some, in a process of that name, and says so. */
const burning = (name: string): string =>
  `exec -a ${name} perl -e '1 while (times)[0] < 0.2; $| = 1; print "hot\\n"; <STDIN>'`;

const engineOf = async (below: string) => {
  // Its input, else it had none and would end.
  const script = `(${below}) <&0 & read -r _`;
  const { pid } = await startProgram("bash", ["-c", script], { argv0: "dockerd" });
  return { rootlesskitPid: null, daemonPid: pid };
};

test("what an engine has started counts, and what a shim has does not", async () => {
  const daemon = await engineOf(burning("docker-proxy"));
  expect(await engineProcessor(daemon)).toBeGreaterThanOrEqual(200);
  const shim = await engineOf(burning("/usr/bin/containerd-shim-runc-v2"));
  expect(await engineProcessor(shim)).toBeLessThan(150);
}, 60_000);

test("of an engine that is not there nothing is known", async () => {
  expect(await engineProcessor({ rootlesskitPid: null, daemonPid: null })).toBeNull();
});
