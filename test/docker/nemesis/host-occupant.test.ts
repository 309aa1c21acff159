import { once } from "node:events";
import { createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { hostOccupant, type HostOccupancy } from "../../../docker/nemesis/host-occupant.ts";

const signal = AbortSignal.timeout(10_000);

/** What a listener on all addresses is told, as RootlessKit's is: null when it may listen. */
const refusalAt = async (port: number): Promise<string | null> => {
  const server = createServer().listen(port, "0.0.0.0");
  try {
    await once(server, "listening");
    return null;
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : String(error);
  } finally {
    server.close();
  }
};

const occupant = (how: HostOccupancy) => {
  const holder = hostOccupant(how);
  onTestFinished(() => holder.release());
  return holder;
};

/** A port outside every range from which something is chosen by itself; one for each test. */
const PORTS = { outbound: 9931, listener: 9932, timewait: 9933 } as const;

test.each(["outbound", "listener", "timewait"] as const)(
  "%s: nobody can listen on the port while it is held, and anybody can at once when it is let go",
  async (how) => {
    const port = PORTS[how];
    const holder = occupant(how);
    expect(await refusalAt(port)).toBeNull();
    expect(await holder.hold(port, signal)).toContain(String(port));
    expect(await refusalAt(port)).toBe("EADDRINUSE");
    await holder.release();
    expect(await refusalAt(port)).toBeNull();
  },
);

test("a port that somebody has is told from one that cannot be had, and the next is taken", async () => {
  const server = createServer().listen(9934, "0.0.0.0");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
  });
  const holder = occupant("outbound");
  expect(await holder.hold(9934, signal)).toBeNull();
  expect(await holder.hold(9935, signal)).toMatch(
    /^connection 127\.0\.0\.1:9935 -> 127\.0\.0\.1:\d+ of pid \d+$/,
  );
});

test("a process that says nothing any more is given up and ended when the time is over", async () => {
  const holder = occupant("listener");
  const note = await holder.hold(9936, signal);
  const pid = Number(/of pid (\d+)$/.exec(note ?? "")?.[1]);
  process.kill(pid, "SIGSTOP");
  const patience = new AbortController();
  const held = holder.hold(9937, patience.signal);
  patience.abort();
  await expect(held).rejects.toThrow("the process that was to hold it has ended");
  await holder.release();
  expect(() => process.kill(pid, 0)).toThrow("ESRCH");
});

test("many ports are held by one process, and it may be let go of twice", async () => {
  const holder = occupant("outbound");
  const ports = Array.from({ length: 200 }, (_, index) => 9300 + index);
  const details = [];
  for (const port of ports) details.push(await holder.hold(port, signal));
  expect(new Set(details.map((detail) => / of pid (\d+)$/.exec(detail ?? "")?.[1])).size).toBe(1);
  await holder.release();
  await holder.release();
  expect(await refusalAt(9300)).toBeNull();
});
