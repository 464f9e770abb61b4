/** What a wait for a signal ends by, apart from the signal itself. */
export interface WaitLimits {
  readonly ms?: number | undefined;
  /** Ends the wait when it settles, either way. */
  readonly other?: Promise<unknown> | undefined;
  readonly abort?: AbortSignal | undefined;
}

/** Wakes the loop that waits for it. Raised while no loop waits, it is remembered, once. A wait keeps no process: see `keepProcess`. */
export class Signal {
  #raised = false;
  readonly #waiting = new Set<(raised: boolean) => void>();

  raise(): void {
    this.#raised = this.#waiting.size === 0;
    for (const wake of this.#waiting) wake(true);
  }

  /** Forgets that it was raised: the caller looks now, and sees what it was raised for. */
  clear(): void {
    this.#raised = false;
  }

  /** Resolves when it is raised, or at the first of the limits. True: it was raised, and is no longer. */
  wait({ ms, other, abort }: WaitLimits = {}): Promise<boolean> {
    const raised = this.#raised;
    this.#raised = false;
    if (raised || abort?.aborted) return Promise.resolve(raised);
    return new Promise((resolve) => {
      const finish = (woken: boolean): void => {
        if (!this.#waiting.delete(finish)) return;
        clearTimeout(timer);
        abort?.removeEventListener("abort", onLimit);
        resolve(woken);
      };
      const onLimit = (): void => finish(false);
      const timer = ms === undefined ? undefined : setTimeout(onLimit, ms).unref();
      this.#waiting.add(finish);
      abort?.addEventListener("abort", onLimit, { once: true });
      other?.then(onLimit, onLimit);
    });
  }
}
