/** Options of `worker.caughtUp`. */
export interface CaughtUpOptions {
  /** How long to wait, in milliseconds. 0–2,147,483,647; 0 looks once. @defaultValue no limit */
  readonly timeoutMs?: number;
  /**
   * `"reject"`: rejects as soon as one of these consumers has a dead letter at or below the place that is waited for, failed or parked,
   * of this run or of an earlier one. Skipped events do not count. @defaultValue "ignore"
   */
  readonly onDeadLetter?: "ignore" | "reject";
  /** Ends the waiting, which then rejects with `signal.reason`. */
  readonly signal?: AbortSignal;
}

/** Runs consumers and async projections: some of their shards here, the others in other processes, evenly. */
export interface Worker extends AsyncDisposable {
  /**
   * Makes the consumers known, takes this worker's share of their shards and resolves when it has: handling goes on in the
   * background. Rejects where the database cannot be reached; then nothing runs.
   */
  start(): Promise<void>;
  /**
   * Resolves when all shards of these consumers, here and in other processes, have passed the high-water mark of this moment.
   * An event that is a dead letter counts as passed, unless `onDeadLetter` says otherwise.
   *
   * @throws {@link HandlerFailedError} — a shard here stopped at an event, or there is a dead letter and `onDeadLetter` is `"reject"`.
   * @throws {@link WaitTimeoutError} — not within `timeoutMs`.
   * @throws {@link HistoryForkedError} — the database lost events that a shard here had passed.
   * @throws {@link NotFoundError} — one of the consumers was renamed or removed meanwhile.
   * @throws {@link StoreClosedError} — the worker stopped.
   */
  caughtUp(options?: CaughtUpOptions): Promise<void>;
  /**
   * Ends handling: finishes the event in hand, writes the checkpoint, gives the shards to other workers. May be called again.
   *
   * @param options - `timeoutMs`: handlers that still run then are aborted, and their events come again. Default: 10,000.
   */
  stop(options?: { readonly timeoutMs?: number }): Promise<void>;
  /** Starts, and stops at SIGTERM or SIGINT. A second signal stops without waiting. Resolves when stopped. */
  run(options?: { readonly timeoutMs?: number }): Promise<void>;
}
