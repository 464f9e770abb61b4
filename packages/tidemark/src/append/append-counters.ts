import { type DurationMetrics, Durations } from "../counters/durations.ts";
import { Rate } from "../counters/rate.ts";
import { isTidemarkError } from "../errors/errors.ts";

/**
 * What became of appends, since the store was opened in this process.
 *
 * @example
 * ```ts
 * const conflicting = ({ calls, conflicts }: AppendMetrics): number => conflicts / Math.max(1, calls);
 * ```
 */
export interface AppendMetrics {
  /** Calls that were answered, whatever the answer; those inside transactions are counted apart. */
  readonly calls: number;
  /** Events that they wrote. */
  readonly events: number;
  /** Events a second, over the last minute. */
  readonly eventsPerSecond: number;
  /** Calls that found their events written before, under the same ids. */
  readonly repeated: number;
  /** Calls that found another version than they expected, or a condition that failed. */
  readonly conflicts: number;
  /** Calls that failed for another reason. */
  readonly failed: number;
  /** Of those, the ones of which nobody knows whether they were written. */
  readonly unknownOutcomes: number;
  /** How long the calls took, from the call to the answer. */
  readonly duration: DurationMetrics;
  /** What was sent for them: each batch holds the calls that had waited. */
  readonly batches: { readonly sent: number; readonly meanCalls: number; readonly mostCalls: number };
  /** Batches that were sent again: PostgreSQL refused them for a moment, or never answered. */
  readonly retries: number;
  /** Calls that wait for their turn now, and the most there were. */
  readonly queued: number;
  readonly mostQueued: number;
  /** Of those that wait, the ones whose stream or condition another transaction holds. */
  readonly blocked: number;
  /** Batches that were sent and not answered yet. */
  readonly inFlight: number;
  /** Appends inside `store.transaction`, `withTransaction` and handlers. Their transactions may be rolled back afterwards. */
  readonly inTransactions: { readonly calls: number; readonly events: number; readonly conflicts: number };
}

/** What the queue knows by itself. */
type QueueState = Pick<AppendMetrics, "queued" | "blocked" | "inFlight">;

/** Counts appends. Each of its methods is called once for each thing that it counts. */
export class AppendCounters {
  readonly #written = new Rate();
  readonly #duration = new Durations();
  readonly #inTransactions = { calls: 0, events: 0, conflicts: 0 };
  #calls = 0;
  #repeated = 0;
  #conflicts = 0;
  #failed = 0;
  #unknownOutcomes = 0;
  #batches = 0;
  #batchedCalls = 0;
  #mostCalls = 0;
  #retries = 0;
  #mostQueued = 0;

  queued(length: number): void {
    if (length > this.#mostQueued) this.#mostQueued = length;
  }

  sent(calls: number): void {
    this.#batches++;
    this.#batchedCalls += calls;
    if (calls > this.#mostCalls) this.#mostCalls = calls;
  }

  retried(): void {
    this.#retries++;
  }

  /** @param since - When the call was made, by performance.now(). */
  written(events: number, repeated: boolean, since: number): void {
    const now = this.#answered(since);
    if (repeated) this.#repeated++;
    else this.#written.add(events, now);
  }

  rejected(error: unknown, since: number): void {
    this.#answered(since);
    if (isConflict(error)) this.#conflicts++;
    else this.#failed++;
    if (isTidemarkError(error, "OUTCOME_UNKNOWN")) this.#unknownOutcomes++;
  }

  writtenInTransaction(events: number): void {
    this.#inTransactions.calls++;
    this.#inTransactions.events += events;
  }

  rejectedInTransaction(error: unknown): void {
    this.#inTransactions.calls++;
    if (isConflict(error)) this.#inTransactions.conflicts++;
  }

  #answered(since: number): number {
    const now = performance.now();
    this.#calls++;
    this.#duration.add(now - since, now);
    return now;
  }

  metrics({ queued, blocked, inFlight }: QueueState): AppendMetrics {
    return {
      calls: this.#calls,
      events: this.#written.total,
      eventsPerSecond: this.#written.perSecond,
      repeated: this.#repeated,
      conflicts: this.#conflicts,
      failed: this.#failed,
      unknownOutcomes: this.#unknownOutcomes,
      duration: this.#duration.metrics(),
      batches: { sent: this.#batches, meanCalls: this.#batches === 0 ? 0 : this.#batchedCalls / this.#batches, mostCalls: this.#mostCalls },
      retries: this.#retries,
      queued,
      mostQueued: this.#mostQueued,
      blocked,
      inFlight,
      inTransactions: { ...this.#inTransactions },
    };
  }
}

function isConflict(error: unknown): boolean {
  return isTidemarkError(error, "VERSION_CONFLICT") || isTidemarkError(error, "CONDITION_FAILED");
}
