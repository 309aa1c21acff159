import { expect, test } from "vitest";
import { wavesInAll } from "../../../harness/core/measured-waves.ts";
import { plan } from "../../../harness/core/plan.ts";
import { history } from "../../../harness/core/history.ts";
import { recorded } from "./recorded.ts";

test("as many waves are announced as are planned, where every profile and every runner has a warm-up", () => {
  const arms = (["api", "github"] as const).flatMap((runner) =>
    ["default", "wide-pools"].flatMap((profile) =>
      [1, 4].map((n) => ({ mode: "ports", n, profile, runner }) as const),
    ),
  );
  const { started } = history(recorded({ request: { arms, waves: 3, warmups: 2 } }));
  const { request } = started;
  if (request === undefined) throw new Error("no request");
  const laidOut = plan(request);
  const header = { ...started, arms: [...laidOut.arms], waves: 3 * arms.length };
  expect(wavesInAll(header)).toBe(laidOut.waves.length);
  expect(laidOut.waves).toHaveLength(2 * 4 + 3 * 8);
});
