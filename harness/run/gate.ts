/** Holds jobs until all of them go at once. */
export interface Gate {
  /** Resolves when the gate opens. */
  readonly passed: Promise<void>;
  /** Releases everyone who waits, in one turn of the event loop; later calls do nothing. */
  readonly open: () => void;
}

export const createGate = (): Gate => {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return {
    passed,
    open: () => {
      open();
    },
  };
};
