// Adds up vitest's JSON reports; a suite in which no test was executed is a failure, and so is a skipped live test.
import { readFileSync } from "node:fs";

const reports = process.argv.slice(2).map((path) => JSON.parse(readFileSync(path, "utf8")));
const sum = (key) => reports.reduce((total, report) => total + report[key], 0);
const [passed, failed, skipped] = ["numPassedTests", "numFailedTests", "numPendingTests"].map(sum);
process.stdout.write(
  `tests: ${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}\n`,
);
const complete = reports.length === 2 && reports.every((report) => report.numPassedTests > 0);
process.exitCode = complete && failed === 0 && skipped === 0 ? 0 : 1;
