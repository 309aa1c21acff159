import { expect, test } from "vitest";
import { programCommand } from "../../../../harness/core/routes/orders.ts";

const ORDER = { host: "app", port: 8080, everyMs: 50 };

test("a program runs where the job image's own does, with its order as the only argument", () => {
  expect(programCommand(["node", "/opt/stress/probe/job-main.js"], "proxy", ORDER)).toEqual([
    "node",
    "/opt/stress/probe/proxy-main.js",
    JSON.stringify(ORDER),
  ]);
});

test.each([null, [], ["my-job"]])("an image that runs %j has no such program", (command) => {
  expect(programCommand(command, "proxy", ORDER)).toBeNull();
});
