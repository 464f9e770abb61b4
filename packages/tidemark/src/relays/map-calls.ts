/** Calls of a relay's `map` that have not settled. They have no timers of their own: each message with one would cost more than the rest. */
export class MapCalls {
  /** In the order in which they began. */
  readonly #calls = new Set<MapCall>();

  /**
   * Calls `make`, and settles as it does, or rejects once the call is ended from outside.
   *
   * @param late - The reason, once the call has taken too long.
   */
  async run<T>(make: (signal: () => AbortSignal) => Promise<T>, late: () => Error): Promise<T> {
    const call = new MapCall(late);
    this.#calls.add(call);
    try {
      return await Promise.race([make(() => call.signal), call.ended]);
    } finally {
      this.#calls.delete(call);
    }
  }

  /** Ends those that have taken longer. */
  endAfter(timeoutMs: number): void {
    const latest = performance.now() - timeoutMs;
    for (const call of this.#calls) {
      if (call.beganAt > latest) return;
      call.end(call.late());
    }
  }

  endAll(reason: unknown): void {
    for (const call of this.#calls) call.end(reason);
  }
}

class MapCall {
  readonly beganAt: number = performance.now();
  readonly late: () => Error;
  readonly #ended = Promise.withResolvers<never>();
  /** Made when it is asked for: most maps never do. */
  #abort: AbortController | undefined;
  #reason: { readonly reason: unknown } | undefined;

  constructor(late: () => Error) {
    this.late = late;
    // It may end when nobody waits any more.
    this.#ended.promise.catch(() => {});
  }

  get ended(): Promise<never> {
    return this.#ended.promise;
  }

  get signal(): AbortSignal {
    if (!this.#abort) {
      this.#abort = new AbortController();
      if (this.#reason) this.#abort.abort(this.#reason.reason);
    }
    return this.#abort.signal;
  }

  end(reason: unknown): void {
    if (this.#reason) return;
    this.#reason = { reason };
    this.#ended.reject(reason);
    this.#abort?.abort(reason);
  }
}
