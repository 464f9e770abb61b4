const everyMs = 60_000;

/** Work beside a shard's loop: once a minute at most, and never twice at the same time. */
export class Minutely {
  #began = Number.NEGATIVE_INFINITY;
  #running: Promise<void> | undefined;

  /** Begins it, unless it runs or ran within the last minute. @param work - Must not reject. */
  run(work: () => Promise<void>): void {
    const now = performance.now();
    if (this.#running || now - this.#began < everyMs) return;
    this.#began = now;
    this.#running = work().finally(() => {
      this.#running = undefined;
    });
  }

  /** Resolves once nothing of it runs. */
  async ended(): Promise<void> {
    await this.#running;
  }
}
