/** Tells, inside this process, that a consumer's checkpoint moved: a waiting caller looks at once, not at the next poll. */
export class Progress {
  /** By follower, who is called, and whether that waits for a checkpoint. */
  readonly #waiting = new Map<string, Map<() => void, () => boolean>>();
  /** Called when a caller begins to wait. */
  readonly #writers = new Set<() => void>();

  moved(tenant: string, consumer: string): void {
    for (const wake of this.#waiting.get(keyOf(tenant, consumer))?.keys() ?? []) wake();
  }

  /** Whether anybody waits for its checkpoint: then even one that only passed filtered-out events is written at once. */
  awaited(tenant: string, consumer: string): boolean {
    for (const awaits of this.#waiting.get(keyOf(tenant, consumer))?.values() ?? []) if (awaits()) return true;
    return false;
  }

  /** A part that holds back checkpoints calls this with what writes them. Returns what takes it back. */
  writer(write: () => void): () => void {
    this.#writers.add(write);
    return () => this.#writers.delete(write);
  }

  /**
   * Calls `wake` at each move, until the function that is returned is called.
   *
   * @param awaits - Whether it waits for a checkpoint now. One that waits for something else must not have each page of the log written.
   */
  listen(tenant: string, consumer: string, wake: () => void, awaits: () => boolean = () => true): () => void {
    const key = keyOf(tenant, consumer);
    const listeners = this.#waiting.get(key) ?? new Map<() => void, () => boolean>();
    this.#waiting.set(key, listeners.set(wake, awaits));
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
