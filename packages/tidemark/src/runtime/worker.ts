import type { StopOptions } from "../model/calls.ts";
import type { EventCounts } from "./event-counts.ts";

/**
 * Options of `worker.caughtUp`.
 *
 * @example
 * ```ts
 * const options: CaughtUpOptions = { timeoutMs: 30_000, onDeadLetter: "reject" };
 * ```
 */
export interface CaughtUpOptions {
  /** How long to wait, in milliseconds. 0–2,147,483,647; 0 looks once. @defaultValue no limit */
  readonly timeoutMs?: number;
  /**
   * `"reject"`: rejects as soon as one of these consumers has a failed or parked dead letter at or below the awaited position, from
   * this run or an earlier one. Skipped events do not count. @defaultValue "ignore"
   */
  readonly onDeadLetter?: "ignore" | "reject";
  /** Aborts the wait. It then rejects with `signal.reason`. */
  readonly signal?: AbortSignal;
}

/**
 * Runs consumers and async projections. Workers in several processes share the shards evenly.
 *
 * @example
 * ```ts
 * const worker: Worker = store.createWorker({ consumers: [defineConsumer({ name: "counter", handle: () => {} })] });
 * await worker.start();
 * await worker.caughtUp();
 * await worker.stop();
 * ```
 */
export interface Worker extends AsyncDisposable {
  /**
   * Registers the consumers, takes this worker's share of their shards, and resolves. Handling continues in the background. Rejects if
   * the database cannot be reached; then nothing runs.
   */
  start(): Promise<void>;
  /**
   * Resolves when all shards of these consumers, here and in other processes, have passed the high-water mark of this moment, and no
   * retry that `store.deadLetters.retry` asked for is pending: each was handled, or failed again. Any other dead letter counts as
   * passed, unless `onDeadLetter` says otherwise. A retry that is asked for during the wait prolongs it. A paused consumer tries
   * nothing again: give `timeoutMs`.
   *
   * @throws {@link HandlerFailedError} — a shard here stopped at an event, or there is a dead letter and `onDeadLetter` is `"reject"`.
   * @throws {@link WaitTimeoutError} — not within `timeoutMs`.
   * @throws {@link HistoryForkedError} — the database lost events that a shard here had passed.
   * @throws {@link NotFoundError} — one of the consumers was renamed or removed meanwhile.
   * @throws {@link StoreClosedError} — the worker stopped.
   */
  caughtUp(options?: CaughtUpOptions): Promise<void>;
  /**
   * Stops handling: finishes the event in hand, writes the checkpoint, and gives the shards to other workers. May be called again.
   *
   * @param options - `timeoutMs`, 10,000 by default: after it, running handlers are aborted, and their events come again.
   */
  stop(options?: StopOptions): Promise<void>;
  /**
   * Returns what became of events in this worker since it was created: one entry for each consumer and projection, zeros included.
   * The counts are in memory: they do not include other processes, and a restart begins anew.
   */
  counts(): readonly EventCounts[];
  /** Starts the worker, and stops it at SIGTERM or SIGINT. A second signal stops it without waiting. Resolves when it has stopped. */
  run(options?: StopOptions): Promise<void>;
}
