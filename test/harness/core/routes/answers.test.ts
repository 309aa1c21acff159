import { expect, test } from "vitest";
import { classifyAnswer } from "../../../../harness/core/classify.ts";
import { routesAnswer, trafficAnswer } from "../../../../harness/core/routes/answers.ts";
import { heldOf, tableOf, trafficOf } from "./routes-run.ts";

const seen = {
  service: "app",
  networks: [
    { name: "stress-k3x9-w1j1-app_stage_internal", gateway: "172.18.0.1" },
    { name: "stress-k3x9-w1j1-app_stage", gateway: "172.19.0.1" },
  ],
  attached: "stress-k3x9-w1j1-app_stage",
} as const;

test("a gateway that moved is refused in words that name both networks, and the words have a class", () => {
  const answer = routesAnswer({ ...seen, before: tableOf(1, 0), now: tableOf(2, 1) });
  expect(answer).toEqual({
    kind: "refused",
    by: "harness",
    message:
      "app: the default route moved from 172.18.0.1 (network stress-k3x9-w1j1-app_stage_internal, eth0) to " +
      "172.19.0.1 (network stress-k3x9-w1j1-app_stage, eth1) when stress-k3x9-w1j1-app_stage was attached",
    measured: { kind: "routes", ...tableOf(2, 1) },
  });
  expect(classifyAnswer(answer, "routes.read")?.class).toBe("network.default_route_moved");
});

test("one that is gone has moved too", () => {
  const answer = routesAnswer({ ...seen, before: tableOf(1, 0), now: tableOf(2, null) });
  expect(classifyAnswer(answer, "routes.read")?.class).toBe("network.default_route_moved");
});

test.each([
  ["stayed", tableOf(1, 0), tableOf(2, 0)],
  ["came with the attach, where there was none", tableOf(1, null), tableOf(2, 1)],
  ["was only read", null, tableOf(1, 0)],
])("a gateway that %s is what was measured", (_, before, now) => {
  expect(routesAnswer({ ...seen, before, now })).toEqual({
    kind: "done",
    measured: { kind: "routes", ...now },
  });
});

const watched = { service: "app", attached: "app_stage" };

test("a connection that stood and brings nothing more is named, told of its end or not", () => {
  const answer = trafficAnswer(
    trafficOf({
      held: [
        heldOf(),
        heldOf({ kind: "subscription", to: "bridge", state: "silent" }),
        heldOf({ to: "bridge", state: "closed", words: "read ECONNRESET" }),
      ],
    }),
    watched,
  );
  expect(answer).toMatchObject({
    kind: "refused",
    by: "harness",
    message:
      "app: 2 of 3 connections received nothing more since app_stage was attached: subscription to the bridge (silent), " +
      "stream to the bridge (closed: read ECONNRESET) (watched for 5.0s)",
  });
  expect(classifyAnswer(answer, "traffic.watch")?.class).toBe("network.connection_silent");
});

test("a connection that did not stand before is nobody's loss", () => {
  const held = [
    heldOf({ since: "never", state: "unconnected" }),
    heldOf({ since: "after", state: "silent" }),
  ];
  expect(trafficAnswer(trafficOf({ held }), watched).kind).toBe("done");
});

test("lost requests are refused where every connection lives", () => {
  const [direct] = trafficOf().requests;
  if (direct === undefined) throw new Error("the report has requests");
  const requests = [
    direct,
    { ...direct, kind: "through" as const, lost: 3, words: "no answer within 2.0s" },
  ];
  const held = [heldOf({ kind: "commands" })];
  const answer = trafficAnswer(trafficOf({ held, requests }), watched);
  expect(answer).toMatchObject({
    message: "app: 3 of 48 requests got no answer after it was attached: no answer within 2.0s",
  });
  expect(classifyAnswer(answer, "traffic.watch")?.class).toBe("network.requests_lost");
});

test("requests through a Redis that could not be reached before the attach are not lost by it", () => {
  const [direct] = trafficOf().requests;
  if (direct === undefined) throw new Error("the report has requests");
  const requests = [direct, { ...direct, kind: "through" as const, lost: 1 }];
  const held = [heldOf({ kind: "commands", since: "after" })];
  expect(trafficAnswer(trafficOf({ held, requests }), watched).kind).toBe("done");
});
