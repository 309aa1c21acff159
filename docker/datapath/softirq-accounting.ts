/**
 * Where the running kernel books the time of its software interrupts.
 */
import { readFileSync } from "node:fs";
import { release } from "node:os";
import { gunzipSync } from "node:zlib";

/** From the text of a kernel's configuration. Pure. */
export const softirqAccountingIn = (config: string): "apart" | "within" =>
  /^CONFIG_IRQ_TIME_ACCOUNTING=y$/m.test(config) ? "apart" : "within";

const configuration = (): string | null => {
  const sources = [
    () => gunzipSync(readFileSync("/proc/config.gz")).toString("latin1"),
    () => readFileSync(`/boot/config-${release()}`, "latin1"),
  ];
  for (const read of sources) {
    try {
      return read();
    } catch {
      // Not every kernel brings the one, nor every distribution the other.
    }
  }
  return null;
};

/** Beside the times of processes, or within them; null where the kernel's configuration cannot be read. */
export const softirqAccounting = (): "apart" | "within" | null => {
  const config = configuration();
  return config === null ? null : softirqAccountingIn(config);
};
