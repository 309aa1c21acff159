import { EventEmitter, once } from "node:events";
import { expect, test } from "vitest";
import { exclusively, holdUnlessHeld } from "../../../docker/managed/exclusive.ts";

const never = new AbortController().signal;
const directory = `/nowhere/${String(process.pid)}`;

test("of two actions for one directory the second begins when the first has ended", async () => {
  const order: string[] = [];
  const gate = new EventEmitter();
  const begun = once(gate, "begun");
  const first = exclusively(directory, never, async () => {
    order.push("first begins");
    const opened = once(gate, "open");
    gate.emit("begun");
    await opened;
    order.push("first ends");
  });
  const second = exclusively(directory, never, () => {
    order.push("second begins");
    return Promise.resolve();
  });
  await begun;
  gate.emit("open");
  await Promise.all([first, second]);
  expect(order).toEqual(["first begins", "first ends", "second begins"]);
});

test("a failed action lets the next one in", async () => {
  const failing = exclusively(directory, never, () => Promise.reject(new Error("broken")));
  await expect(failing).rejects.toThrow("broken");
  await expect(exclusively(directory, never, () => Promise.resolve(1))).resolves.toBe(1);
});

test("waiting ends when the signal aborts", async () => {
  await exclusively(directory, never, async () => {
    const waiting = exclusively(directory, AbortSignal.abort(), () => Promise.resolve());
    await expect(waiting).rejects.toThrow(expect.objectContaining({ name: "AbortError" }));
  });
});

test("what is held is refused at once, and free again when it was let go", async () => {
  const release = await holdUnlessHeld(`${directory} nightly`);
  expect(await holdUnlessHeld(`${directory} nightly`)).toBeNull();
  release?.();
  const again = await holdUnlessHeld(`${directory} nightly`);
  expect(again).not.toBeNull();
  again?.();
});
