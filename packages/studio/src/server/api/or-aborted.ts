/**
 * Waits for work until a signal is aborted: whoever waits has left, or was long enough there. Work that takes no signal is short, and its result or
 * error is nobody's.
 *
 * @throws The signal's reason, where it is aborted first.
 */
export async function orAborted<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work(), promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
