export interface AcquireLimits {
  /** Gives up the place, and rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Rejects with `AcquireTimeout` after it. 0 and undefined: waits for ever. */
  readonly timeoutMs?: number | undefined;
}

/** No permit came free in time. */
export class AcquireTimeout extends Error {}

/** Lets only so many at once have a permit; the others wait, in the order in which they came. With one permit: a queue of one. */
export class Semaphore {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(count: number) {
    this.#free = count;
  }

  get free(): number {
    return this.#free;
  }

  /** How many wait for a permit. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Waits for a permit; call what it returns when done. */
  acquire({ signal, timeoutMs = 0 }: AcquireLimits = {}): Promise<() => void> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#free > 0) {
      this.#free--;
      return Promise.resolve(this.#release());
    }
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        this.#waiting.delete(start);
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
        settle();
      };
      const start = (): void => finish(() => resolve(this.#release()));
      const onAbort = (): void => finish(() => reject(signal?.reason));
      const onTimeout = (): void => finish(() => reject(new AcquireTimeout(`no permit within ${timeoutMs} ms`)));
      const timer = timeoutMs > 0 ? setTimeout(onTimeout, timeoutMs) : undefined;
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#waiting.add(start);
    });
  }

  /** Runs a task with a permit. One that fails does not stop the next. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    const release = await this.acquire();
    try {
      return await task();
    } finally {
      release();
    }
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
