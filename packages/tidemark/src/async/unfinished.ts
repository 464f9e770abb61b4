/** What has been started and has not settled. */
export class Unfinished {
  readonly #running = new Set<Promise<unknown>>();

  add<T>(work: Promise<T>): Promise<T> {
    this.#running.add(work);
    const forget = (): void => void this.#running.delete(work);
    work.then(forget, forget);
    return work;
  }

  /**
   * Waits for all of it, and for what that starts when it goes on: the statements after a forgotten `await` come one after the
   * other. Resolves at once where nothing runs. Rejects with the first failure of what it waited for.
   */
  async settled(): Promise<void> {
    let failure: PromiseRejectedResult | undefined;
    while (this.#running.size > 0) {
      const results = await Promise.allSettled(this.#running);
      failure ??= results.find((result) => result.status === "rejected");
      await new Promise(setImmediate);
    }
    if (failure) throw failure.reason;
  }
}
