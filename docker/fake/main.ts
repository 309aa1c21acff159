/**
 * The fake engine as a process of its own: `node main.js --socket PATH [--options JSON]`.
 *
 * Prints `{"socket":"…"}` when it listens; ends on SIGTERM and SIGINT, and when its standard input closes, so that it
 * never outlives whoever started it. Exit codes: 0 ended as asked, 64 bad arguments, 70 could not listen.
 */
import { parseArgs } from "node:util";
import { z } from "zod";
import { startFakeEngine } from "./engine.ts";
import { optionsSchema, type Settings } from "./options.ts";

const EXIT_USAGE = 64;
const EXIT_INTERNAL = 70;

const settingsFromArguments = (): Settings => {
  const { values } = parseArgs({
    options: { socket: { type: "string" }, options: { type: "string", default: "{}" } },
  });
  if (values.socket === undefined) throw new TypeError("--socket PATH is missing");
  const given = z.record(z.string(), z.unknown()).parse(JSON.parse(values.options));
  return optionsSchema.parse({ ...given, socketPath: values.socket });
};

const isUsage = (error: unknown): boolean =>
  error instanceof TypeError || error instanceof SyntaxError || error instanceof z.ZodError;

try {
  const engine = await startFakeEngine(settingsFromArguments());
  const end = (): void => {
    void engine.stop().then(() => process.exit(0));
  };
  process.once("SIGTERM", end).once("SIGINT", end);
  process.stdin.once("end", end).once("close", end).once("error", end).resume();
  process.stdout.write(`${JSON.stringify({ socket: engine.socketPath })}\n`);
} catch (error) {
  process.stderr.write(`fake engine: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = isUsage(error) ? EXIT_USAGE : EXIT_INTERNAL;
}
