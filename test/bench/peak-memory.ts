/** One wave of 2,000 jobs on the fake; prints the most memory that this process ever had, in megabytes. */
import { keepHeapSmall } from "../../harness/cli/heap.ts";
import { fakeBurst } from "./on-the-fake.ts";

keepHeapSmall();
await fakeBurst(2000, "ports");
process.stdout.write(`${String(process.resourceUsage().maxRSS / 1024)}\n`);
