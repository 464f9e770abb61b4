/** Wakes whoever waits; a ring while nobody does is remembered for the next one. */
export class Bell {
  #rung = false;
  readonly #waiting = new Set<() => void>();

  ring(): void {
    this.#rung = true;
    for (const wake of this.#waiting) wake();
  }

  /** Resolves at the next ring, after `timeoutMs`, or when the signal aborts, whichever comes first. True: it rang. */
  wait(timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const finish = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", finish);
        this.#waiting.delete(finish);
        const rung = this.#rung;
        this.#rung = false;
        resolve(rung);
      };
      const timer = setTimeout(finish, timeoutMs);
      signal.addEventListener("abort", finish, { once: true });
      this.#waiting.add(finish);
      if (this.#rung || signal.aborted) finish();
    });
  }
}
