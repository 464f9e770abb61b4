/** Lets only so many at once have a permit; the others wait, in the order in which they came. */
export class Semaphore {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(count: number) {
    this.#free = count;
  }

  /** Waits for a permit; call what it returns when done. Rejects with the signal's reason. */
  acquire(signal: AbortSignal): Promise<() => void> {
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        this.#waiting.delete(start);
        signal.removeEventListener("abort", onAbort);
        settle();
      };
      const start = (): void => finish(() => resolve(this.#release()));
      const onAbort = (): void => finish(() => reject(signal.reason));
      if (signal.aborted) return reject(signal.reason);
      if (this.#free > 0) {
        this.#free--;
        return resolve(this.#release());
      }
      signal.addEventListener("abort", onAbort, { once: true });
      this.#waiting.add(start);
    });
  }

  #release(): () => void {
    let given = true;
    return () => {
      if (!given) return;
      given = false;
      const [next] = this.#waiting;
      if (next) next();
      else this.#free++;
    };
  }
}
