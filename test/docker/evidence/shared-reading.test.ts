import { expect, test } from "vitest";
import { sharedReading } from "../../../docker/evidence/shared-reading.ts";

/** A source whose readings end when the test says so. */
const source = () => {
  const ends: ((value: string) => void)[] = [];
  const read = sharedReading(
    () =>
      new Promise<string>((resolve) => {
        ends.push(resolve);
      }),
  );
  return { read, ends };
};

test("the first who asks is read for at once", () => {
  const { read, ends } = source();
  void read();
  expect(ends).toHaveLength(1);
});

test("fifteen who ask meanwhile share one further reading, which begins when the first is over", async () => {
  const { read, ends } = source();
  const first = read();
  const others = Array.from({ length: 15 }, read);
  expect(ends).toHaveLength(1);
  ends[0]?.("before");
  expect(await first).toBe("before");
  expect(ends).toHaveLength(2);
  ends[1]?.("after");
  expect(new Set(await Promise.all(others))).toEqual(new Set(["after"]));
  expect(ends).toHaveLength(2);
});

test("who asks when all is quiet again is read for anew", async () => {
  const { read, ends } = source();
  const first = read();
  ends[0]?.("one");
  await first;
  const second = read();
  ends[1]?.("two");
  expect(await second).toBe("two");
});

test("a reading that fails is no reason not to read again", async () => {
  let fails = true;
  const read = sharedReading(() =>
    fails ? Promise.reject(new Error("unreadable")) : Promise.resolve("read"),
  );
  const first = read();
  const second = read();
  fails = false;
  await expect(first).rejects.toThrow("unreadable");
  expect(await second).toBe("read");
});
