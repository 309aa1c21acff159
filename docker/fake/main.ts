/**
 * The fake engine as a process of its own: `node main.js --socket PATH [--own-directory] [--options JSON]`.
 *
 * Prints `{"socket":"…"}` when it listens; ends on SIGTERM and SIGINT, and when its standard input closes, so that it
 * never outlives whoever started it. With `--own-directory` the socket's directory goes with it, if nothing else is in
 * it: whoever made it may have been killed. Exit codes: 0 ended as asked, 64 bad arguments, 70 could not listen.
 */
import { rmdir } from "node:fs/promises";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { startFakeEngine } from "./engine.ts";
import { optionsSchema, type Settings } from "./options.ts";

const EXIT_USAGE = 64;
const EXIT_INTERNAL = 70;

const fromArguments = (): { settings: Settings; ownsDirectory: boolean } => {
  const { values } = parseArgs({
    options: {
      socket: { type: "string" },
      "own-directory": { type: "boolean", default: false },
      options: { type: "string", default: "{}" },
    },
  });
  if (values.socket === undefined) throw new TypeError("--socket PATH is missing");
  const given = z.record(z.string(), z.unknown()).parse(JSON.parse(values.options));
  const settings = optionsSchema.parse({ ...given, socketPath: values.socket });
  return { settings, ownsDirectory: values["own-directory"] };
};

const isUsage = (error: unknown): boolean =>
  error instanceof TypeError || error instanceof SyntaxError || error instanceof z.ZodError;

try {
  const { settings, ownsDirectory } = fromArguments();
  const engine = await startFakeEngine(settings);
  const stop = async (): Promise<void> => {
    await engine.stop();
    // Our parent may remove it at the same time.
    if (ownsDirectory) await rmdir(dirname(engine.socketPath)).catch(() => undefined);
  };
  const end = (): void => {
    void stop().then(() => process.exit(0));
  };
  process.once("SIGTERM", end).once("SIGINT", end);
  process.stdin.once("end", end).once("close", end).once("error", end).resume();
  // Nobody reads the line below when our parent died while we started.
  process.stdout.once("error", end);
  process.stdout.write(`${JSON.stringify({ socket: engine.socketPath })}\n`);
} catch (error) {
  process.stderr.write(`fake engine: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = isUsage(error) ? EXIT_USAGE : EXIT_INTERNAL;
}
