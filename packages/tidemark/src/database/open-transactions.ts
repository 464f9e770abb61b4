/** Transactions that are open, to be ended from outside. */
export class OpenTransactions {
  readonly #open = new Set<(reason: Error) => void>();

  /** Waits for `work`, which may be `abandon`ed: then this rejects, and `work` goes on by itself. */
  async until<T>(work: Promise<T>, stop: () => void = () => {}): Promise<T> {
    const abandoned = Promise.withResolvers<never>();
    const abandon = (reason: Error): void => {
      abandoned.reject(reason);
      stop();
    };
    this.#open.add(abandon);
    try {
      return await Promise.race([work, abandoned.promise]);
    } finally {
      this.#open.delete(abandon);
    }
  }

  abandon(reason: Error): void {
    for (const abandon of this.#open) abandon(reason);
  }
}
