/** Tells, inside this process, that a consumer's checkpoint moved: a waiting caller looks at once, not at the next poll. */
export class Progress {
  readonly #waiting = new Map<string, Set<() => void>>();
  /** Called when a caller begins to wait. */
  readonly #writers = new Set<() => void>();

  moved(tenant: string, consumer: string): void {
    for (const wake of this.#waiting.get(keyOf(tenant, consumer)) ?? []) wake();
  }

  /** Whether anybody waits: then even a checkpoint that only passed filtered-out events is written at once. */
  awaited(tenant: string, consumer: string): boolean {
    return this.#waiting.has(keyOf(tenant, consumer));
  }

  /** A part that holds back checkpoints calls this with what writes them. Returns what takes it back. */
  writer(write: () => void): () => void {
    this.#writers.add(write);
    return () => this.#writers.delete(write);
  }

  /** Calls `wake` at each move, until the function that is returned is called. */
  listen(tenant: string, consumer: string, wake: () => void): () => void {
    const key = keyOf(tenant, consumer);
    const listeners = this.#waiting.get(key) ?? new Set();
    this.#waiting.set(key, listeners.add(wake));
    for (const write of this.#writers) write();
    return () => {
      listeners.delete(wake);
      if (listeners.size === 0 && this.#waiting.get(key) === listeners) this.#waiting.delete(key);
    };
  }
}

/** Names hold no control characters. */
function keyOf(tenant: string, consumer: string): string {
  return `${tenant}\u001f${consumer}`;
}
