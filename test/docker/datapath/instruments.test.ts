import { expect, test } from "vitest";
import { Refusal } from "../../../docker/client/exchange.ts";
import type { Datapath } from "../../../docker/datapath/datapath.ts";
import { measurePath, type PathOperation } from "../../../docker/datapath/instruments.ts";
import type { FlowMeasurement } from "../../../harness/core/datapath/measurements.ts";
import { DeadlinePassed } from "../../../harness/core/errors.ts";
import { seconds } from "../../../harness/core/units.ts";

const OPERATION: PathOperation = {
  kind: "flow.measure",
  service: "iperf3",
  step: "ingress/1/ipv6",
  way: { mode: "ports", server: { container: "c", port: 5201 }, host: "iperf3", client: null },
  flow: { direction: "ingress", connections: 1, family: 6, duration: seconds(2) },
};

/** A datapath on which every flow comes to this. */
const datapathOf = (measureFlow: Datapath["measureFlow"]): Datapath => ({
  prepare: () => Promise.resolve(),
  measureFlow,
  measureRequests: () => Promise.reject(new Error("not asked for")),
  lookAtPath: () => Promise.reject(new Error("not asked for")),
  close: () => Promise.resolve(),
});

const failing = (error: Error): Datapath => datapathOf(() => Promise.reject(error));

const measure = (datapath: Datapath, signal = new AbortController().signal) =>
  measurePath(OPERATION, datapath, signal);

test("a way that leads nowhere has been measured", async () => {
  const measured = { kind: "unreachable", words: "IPv6: [::1]:32768 refused" } as const;
  const datapath = datapathOf(() => Promise.resolve<FlowMeasurement | typeof measured>(measured));
  expect(await measure(datapath)).toEqual({ kind: "done", measured });
});

test("the daemon's refusal is the daemon's", async () => {
  expect(await measure(failing(new Refusal(404, "No such container: c")))).toEqual({
    kind: "refused",
    by: "daemon",
    status: 404,
    message: "No such container: c",
  });
});

test("a failure on a way that leads somewhere is the server's, in its words", async () => {
  expect(await measure(failing(new Error("unable to receive control message")))).toEqual({
    kind: "refused",
    by: "service",
    message: "unable to receive control message",
  });
});

test("a measurement that was cut short tells nothing of the way", async () => {
  const deadline = AbortSignal.abort(new DeadlinePassed(seconds(30)));
  expect(await measure(failing(new Error("aborted")), deadline)).toMatchObject({
    kind: "unknown",
    reason: "timeout",
  });
  expect(await measure(failing(new Error("aborted")), AbortSignal.abort())).toMatchObject({
    kind: "unknown",
    reason: "cancelled",
  });
});
