/** Wakes the one who waits; a ring while nobody does is remembered. */
export class Bell {
  #rung = false;
  #wake: (() => void) | undefined;

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** Forgets the rings so far: whoever looks now sees what they were for. */
  silence(): void {
    this.#rung = false;
  }

  /** Resolves at the next ring, after `timeoutMs`, or when the signal aborts, whichever comes first. True: it rang. */
  wait(timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    if (this.#rung || signal.aborted) return Promise.resolve(this.#rung);
    return new Promise((resolve) => {
      const finish = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", finish);
        this.#wake = undefined;
        resolve(this.#rung);
      };
      const timer = setTimeout(finish, timeoutMs).unref();
      signal.addEventListener("abort", finish, { once: true });
      this.#wake = finish;
    });
  }
}
