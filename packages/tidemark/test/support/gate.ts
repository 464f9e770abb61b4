/**
 * A promise and the way to settle it: tests order things with it instead of with time. Declared with `using`, it opens where the test ends, also
 * where it fails: what waits for it would keep the store from closing.
 */
export interface Gate extends Disposable {
  readonly opened: Promise<void>;
  open(): void;
}

export function gate(): Gate {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve, [Symbol.dispose]: resolve };
}
