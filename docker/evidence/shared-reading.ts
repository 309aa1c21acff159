/**
 * One reading at a time, shared by everybody who asked before it began.
 *
 * Who asks while nothing is being read starts a reading at once. Who asks while one is under way gets the next one,
 * as it may have missed already what he asks about; all of them get the same.
 */
export const sharedReading = <Result>(read: () => Promise<Result>): (() => Promise<Result>) => {
  let current: Promise<Result> | null = null;
  let next: Promise<Result> | null = null;
  const start = (): Promise<Result> => {
    const reading = read().finally(() => {
      if (current === reading) current = null;
    });
    current = reading;
    return reading;
  };
  return () => {
    if (current === null) return start();
    next ??= current.then(
      () => {
        next = null;
        return start();
      },
      () => {
        next = null;
        return start();
      },
    );
    return next;
  };
};
