/** How the programs of a routes job begin: their order is the only argument, a signal ends them. */
import { wordsOf } from "./words.ts";

const EXIT_USAGE = 64;

const decoded = <Order>(program: string, decode: (text: string) => Order): Order | null => {
  try {
    return decode(process.argv[2] ?? "");
  } catch (error) {
    process.stderr.write(`${program}: not an order: ${wordsOf(error)}\n`);
    return null;
  }
};

/**
 * Runs until a signal comes. Exit codes: 0 it came; 64 the argument is not an order.
 *
 * @param program - its name, for what is said on stderr
 */
export const runOrder = async <Order>(
  program: string,
  decode: (text: string) => Order,
  run: (order: Order, signal: AbortSignal) => Promise<void>,
): Promise<void> => {
  const order = decoded(program, decode);
  if (order === null) {
    process.exitCode = EXIT_USAGE;
    return;
  }
  const ended = new AbortController();
  // The first process of a container is not ended by signals that it does not heed.
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      ended.abort();
    });
  }
  await run(order, ended.signal);
};

/** One JSON object a line. */
export const sayLine = (line: object): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};
