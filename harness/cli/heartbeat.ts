/**
 * A sign of life while something takes long: one line every ten seconds.
 */
const EVERY_S = 10;

/**
 * @param say - called with the time that has passed, such as `20 s`
 * @returns what ends it
 */
export const everyTenSeconds = (say: (elapsed: string) => void): (() => void) => {
  let elapsed = 0;
  const timer = setInterval(() => {
    elapsed += EVERY_S;
    say(`${String(elapsed)} s`);
  }, EVERY_S * 1000);
  // It must not keep the process from ending.
  timer.unref();
  return () => {
    clearInterval(timer);
  };
};

/**
 * Performs the work, and says that it still goes on: `still stopping the engine, 20 s`.
 *
 * @param what - as in `stopping the engine`
 */
export const narrated = async <Result>(
  say: (line: string) => void,
  what: string,
  work: () => Promise<Result>,
): Promise<Result> => {
  const end = everyTenSeconds((elapsed) => {
    say(`still ${what}, ${elapsed}`);
  });
  try {
    return await work();
  } finally {
    end();
  }
};
