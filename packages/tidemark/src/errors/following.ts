import { nameErrors, type Origin, TidemarkError, sentence } from "./tidemark-error.ts";

/**
 * Another worker owns this shard now. This owner's transaction was rolled back.
 *
 * @example
 * ```ts
 * if (isTidemarkError(error, "FENCED")) console.error(error.consumer, error.shard, error.fence);
 * ```
 */
export class FencedError extends TidemarkError {
  declare readonly code: "FENCED";
  readonly consumer: string;
  readonly shard: number;
  /** The fence that this owner had. */
  readonly fence: number;
  /** The fence as it stands in the database; undefined where the shard is gone. */
  readonly current: number | undefined;

  constructor(owner: { readonly consumer: string; readonly shard: number; readonly fence: number; readonly current: number | undefined }, origin: Origin = {}) {
    const now = owner.current === undefined ? "that shard no longer exists" : `the fence is ${owner.current} now`;
    super(
      "FENCED",
      `Shard ${owner.shard} of ${JSON.stringify(owner.consumer)} was taken over: this worker had fence ${owner.fence}, ${now}. Its transaction was rolled back; the new owner continues from the last checkpoint.`,
      origin,
    );
    this.consumer = owner.consumer;
    this.shard = owner.shard;
    this.fence = owner.fence;
    this.current = owner.current;
  }
}

/**
 * The last event that a reader had passed is gone: the database was restored, or a replica without it was promoted.
 *
 * @example
 * ```ts
 * if (isTidemarkError(error, "HISTORY_FORKED")) console.error(error.reader, error.position, error.lastPosition);
 * ```
 */
export class HistoryForkedError extends TidemarkError {
  declare readonly code: "HISTORY_FORKED";
  /** Who had read it: a consumer's name, or `subscribe`. */
  readonly reader: string;
  /** The place that the reader had reached, and the id of the event that stood there. */
  readonly position: number;
  readonly eventId: string;
  /** The id of the event that stands there now; undefined where none does. */
  readonly found: string | undefined;
  /** The last event's position in the log as it is now. */
  readonly lastPosition: number;

  constructor(fork: {
    readonly reader: string;
    readonly position: number;
    readonly eventId: string;
    readonly found: string | undefined;
    readonly lastPosition: number;
  }) {
    const there = fork.found === undefined ? "no event is there now" : `event ${fork.found} is there now`;
    super(
      "HISTORY_FORKED",
      `${JSON.stringify(fork.reader)} had passed event ${fork.eventId} at position ${fork.position}, but ${there}; the log ends at ${fork.lastPosition}. The database lost or replaced events that this reader had seen. Find out which, then choose where the reader continues: a consumer with store.consumers.reset, a subscription with another \`after\`.`,
    );
    this.reader = fork.reader;
    this.position = fork.position;
    this.eventId = fork.eventId;
    this.found = fork.found;
    this.lastPosition = fork.lastPosition;
  }
}

/**
 * The sequence of positions is behind the log. Nothing was read or written.
 *
 * @example
 * ```ts
 * if (isTidemarkError(error, "SEQUENCE_BEHIND")) console.error(error.sequence, error.log);
 * ```
 */
export class SequenceBehindError extends TidemarkError {
  declare readonly code: "SEQUENCE_BEHIND";
  /** The last position that the sequence knows; 0 where it was never used. */
  readonly sequence: number;
  /** The position of the last event. */
  readonly log: number;

  /** @param remedy - What to run, in SQL. */
  constructor(found: { readonly sequence: number; readonly log: number; readonly remedy: string }, origin: Origin = {}) {
    super(
      "SEQUENCE_BEHIND",
      `The position sequence is at ${found.sequence}, but the log reaches ${found.log}: it was set back, or events were restored or replicated without it. Readers would stop before the end, and appends would reuse positions that readers have passed, so both are rejected. If nothing else writes to this log, correct the sequence. ${found.remedy}`,
      origin,
    );
    this.sequence = found.sequence;
    this.log = found.log;
  }
}

/**
 * A consumer or projection did not reach a position in time. It may still do so.
 *
 * @example
 * ```ts
 * if (isTidemarkError(error, "WAIT_TIMEOUT")) console.error(error.target, error.reached);
 * ```
 */
export class WaitTimeoutError extends TidemarkError {
  declare readonly code: "WAIT_TIMEOUT";
  /** The consumer or projection waited for. */
  readonly waitedFor: string;
  /** The position asked for, and the one reached. */
  readonly target: number;
  readonly reached: number;
  readonly timeoutMs: number;

  constructor(wait: { readonly waitedFor: string; readonly target: number; readonly reached: number; readonly timeoutMs: number }) {
    const name = JSON.stringify(wait.waitedFor);
    super(
      "WAIT_TIMEOUT",
      wait.reached < wait.target
        ? `${name} is at position ${wait.reached} after ${wait.timeoutMs} ms; it should reach ${wait.target}. Wait again, allow more time, or find what holds it back with store.consumers.get and store.blockers.`
        : `${name} has reached position ${wait.target}, but a dead letter waits to be tried again after ${wait.timeoutMs} ms. Wait again, allow more time, or find it with store.deadLetters.list: its retryRequested is true.`,
      { retryable: true },
    );
    this.waitedFor = wait.waitedFor;
    this.target = wait.target;
    this.reached = wait.reached;
    this.timeoutMs = wait.timeoutMs;
  }
}

/**
 * A handler took longer than its consumer allows, or `map` of a relay longer than that does. A handler's transaction was rolled back; the `signal` of
 * either was aborted.
 *
 * @example
 * ```ts
 * if (isTidemarkError(error, "HANDLER_TIMEOUT")) console.error(error.consumer, error.timeoutMs);
 * ```
 */
export class HandlerTimeoutError extends TidemarkError {
  declare readonly code: "HANDLER_TIMEOUT";
  readonly consumer: string;
  readonly timeoutMs: number;
  /** The event, or the first of the batch, that was being handled. */
  readonly position: number;

  /** @param handler - `part`: what took so long, where it is a relay's. */
  constructor(handler: { readonly consumer: string; readonly timeoutMs: number; readonly position: number; readonly part?: "map" }) {
    const name = JSON.stringify(handler.consumer);
    super(
      "HANDLER_TIMEOUT",
      handler.part === "map"
        ? `map of the relay ${name} did not settle within ${handler.timeoutMs} ms for the event at position ${handler.position}. Have it watch context.signal, or raise mapTimeoutMs.`
        : `The handler of ${name} did not finish within ${handler.timeoutMs} ms at position ${handler.position}. Its transaction was rolled back. Have it watch context.signal, or raise timeoutMs.`,
      { retryable: true },
    );
    this.consumer = handler.consumer;
    this.timeoutMs = handler.timeoutMs;
    this.position = handler.position;
  }
}

/**
 * A consumer's handler failed for good. Its writes through the context were rolled back; the message says what happened to its event.
 *
 * @example
 * ```ts
 * if (isTidemarkError(error, "HANDLER_FAILED")) console.error(error.consumer, error.position, error.cause);
 * ```
 */
export class HandlerFailedError extends TidemarkError {
  declare readonly code: "HANDLER_FAILED";
  readonly consumer: string;
  readonly shard: number;
  /** Of the event that could not be handled. */
  readonly position: number;

  /** @param what - What became of it. */
  constructor(handler: { readonly consumer: string; readonly shard: number; readonly position: number }, problem: string, what: string, origin: Origin) {
    super(
      "HANDLER_FAILED",
      `Shard ${handler.shard} of ${JSON.stringify(handler.consumer)} could not handle the event at position ${handler.position}: ${sentence(problem)} ${what}`,
      origin,
    );
    this.consumer = handler.consumer;
    this.shard = handler.shard;
    this.position = handler.position;
  }
}

/**
 * There is no consumer, projection or dead letter of this name. Nothing was changed.
 *
 * @example
 * ```ts
 * if (isTidemarkError(error, "NOT_FOUND")) console.error(error.kind, error.key);
 * ```
 */
export class NotFoundError extends TidemarkError {
  declare readonly code: "NOT_FOUND";
  /** What was looked for: `"consumer"`, `"dead letter"` … */
  readonly kind: string;
  /** The name or id that was given. */
  readonly key: string;

  constructor(kind: string, key: string, hint: string) {
    super("NOT_FOUND", `There is no ${kind} ${JSON.stringify(key)}. ${hint}`);
    this.kind = kind;
    this.key = key;
  }
}

nameErrors({ FencedError, HistoryForkedError, WaitTimeoutError, HandlerTimeoutError, HandlerFailedError, NotFoundError, SequenceBehindError });
