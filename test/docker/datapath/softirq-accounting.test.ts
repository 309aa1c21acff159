import { expect, test } from "vitest";
import { softirqAccountingIn } from "../../../docker/datapath/softirq-accounting.ts";

test.each([
  ["CONFIG_HZ=250\nCONFIG_IRQ_TIME_ACCOUNTING=y\nCONFIG_BSD=y\n", "apart"],
  ["CONFIG_HZ=250\n# CONFIG_IRQ_TIME_ACCOUNTING is not set\n", "within"],
  ["CONFIG_HAVE_IRQ_TIME_ACCOUNTING=y\n", "within"],
])("%j books software interrupts %s", (config, where) => {
  expect(softirqAccountingIn(config)).toBe(where);
});
