/** Time enough for a busy server to answer a request to cancel; a lost one never will. */
export const defaultGraceMs = 5_000;

export interface Limits {
  readonly signal?: AbortSignal | undefined;
  /** 0: none. */
  readonly timeoutMs: number;
  /** How long the server has to answer after it was asked to cancel. @defaultValue `defaultGraceMs` */
  readonly graceMs?: number;
}

/** What became of something that was sent. */
export interface Verdict<T> {
  /** Undefined: no answer, not even to the request to cancel. */
  readonly outcome: PromiseSettledResult<T> | undefined;
  /** Why it was cancelled, where it was. It may have succeeded all the same. */
  readonly stopped: "time" | "signal" | undefined;
}

/**
 * Waits for `running`. When the time is up or the signal aborts, calls `cancel` once and waits, at most `graceMs`, for the
 * server's verdict: only the server knows whether the statement was still in time.
 */
export async function verdictOf<T>(
  running: Promise<T>,
  { signal, timeoutMs, graceMs = defaultGraceMs }: Limits,
  cancel: () => Promise<void>,
): Promise<Verdict<T>> {
  const settled = running.then(
    (value): PromiseSettledResult<T> => ({ status: "fulfilled", value }),
    (reason: unknown): PromiseSettledResult<T> => ({ status: "rejected", reason }),
  );
  const first = await firstOf(settled, timeoutMs, signal);
  if (first !== "time" && first !== "signal") return { outcome: first, stopped: undefined };

  // The request itself must be over before the connection is used again, or it would hit the next statement.
  const cancelled = cancel().catch(() => {});
  const answered = Promise.all([settled, cancelled]).then(([outcome]) => outcome);
  const last = await firstOf(answered, graceMs, undefined);
  return { outcome: last === "time" || last === "signal" ? undefined : last, stopped: first };
}

/** Settles with whichever comes first, and leaves neither a timer nor a listener behind. */
function firstOf<T>(settled: Promise<T>, timeoutMs: number, signal: AbortSignal | undefined): Promise<T | "time" | "signal"> {
  if (timeoutMs === 0 && !signal) return settled;
  return new Promise((resolve) => {
    const finish = (result: T | "time" | "signal"): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      resolve(result);
    };
    const onAbort = (): void => finish("signal");
    const timer = timeoutMs > 0 ? setTimeout(finish, timeoutMs, "time" as const) : undefined;
    signal?.addEventListener("abort", onAbort, { once: true });
    if (signal?.aborted) onAbort();
    void settled.then(finish);
  });
}
