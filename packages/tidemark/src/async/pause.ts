/**
 * Rejects with the signal's reason when it aborts.
 *
 * @param keepsProcess - Whether Node.js waits for it, false by default: see `keepProcess`.
 */
export function pause(ms: number, signal: AbortSignal | undefined, { keepsProcess = false }: { readonly keepsProcess?: boolean } = {}): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", finish);
      if (signal?.aborted) reject(signal.reason);
      else resolve();
    };
    const timer = setTimeout(finish, ms);
    if (!keepsProcess) timer.unref();
    signal?.addEventListener("abort", finish, { once: true });
    if (signal?.aborted) finish();
  });
}
