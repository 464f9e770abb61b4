/** How a call of a handler ended other than well. */
export interface CallFailure {
  readonly error: unknown;
  /** What ended it is not the handler: the shard was lost, or the worker stops by force. */
  readonly interrupted: boolean;
  /** The handler may still be running. */
  readonly running: boolean;
}

/** One call of a handler, which can be ended from outside. */
export class HandlerCall {
  /** Only while a promise of the handler's is waited for. */
  #settled: PromiseWithResolvers<CallFailure | undefined> | undefined;
  #timer: NodeJS.Timeout | undefined;

  /**
   * Calls `run`. What it throws, and whatever it throws, is the failure; so is `late()` when it takes longer than `timeoutMs`.
   * The outcome of a handler that returns no promise is there at once: for most events there is nothing to wait for.
   */
  run(run: () => Promise<void> | void, timeoutMs: number, late: () => unknown): Promise<CallFailure | undefined> | CallFailure | undefined {
    let result: Promise<void> | void;
    try {
      result = run();
    } catch (error) {
      return { error, interrupted: false, running: false };
    }
    if (!isThenable(result)) return undefined;
    const settled = (this.#settled = Promise.withResolvers<CallFailure | undefined>());
    this.#timer = setTimeout(() => this.#settle({ error: late(), interrupted: false, running: true }), timeoutMs).unref();
    result.then(
      () => this.#settle(undefined),
      (error: unknown) => this.#settle({ error, interrupted: false, running: false }),
    );
    return settled.promise;
  }

  interrupt(reason: unknown): void {
    this.#settle({ error: reason, interrupted: true, running: true });
  }

  #settle(failure: CallFailure | undefined): void {
    clearTimeout(this.#timer);
    this.#settled?.resolve(failure);
  }
}

function isThenable(value: unknown): value is PromiseLike<void> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
