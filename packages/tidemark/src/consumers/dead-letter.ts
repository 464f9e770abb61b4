import type { Event, RecordedEvent } from "../model/event.ts";

/**
 * An event that a consumer did not handle, or that a relay could not publish.
 *
 * @example
 * ```ts
 * const letters: readonly DeadLetter[] = await store.deadLetters.list({ state: "failed" });
 * for (const { event, error } of letters) console.warn(event.streamId, error?.message);
 * ```
 */
export interface DeadLetter<E extends Event = Event> {
  /** The name of the consumer, or of the relay. */
  readonly consumer: string;
  readonly kind: "consumer" | "relay";
  /** The event's. */
  readonly position: number;
  readonly eventId: string;
  /** `"failed"`: all attempts failed. `"parked"`: it waits behind a failed event of its stream; of a relay, of its key. `"skipped"`: `onFailure` skipped it, and nothing waits for it. */
  readonly state: "failed" | "parked" | "skipped";
  /** Whether a retry was requested. The shard's worker makes it as soon as it can. */
  readonly retryRequested: boolean;
  readonly attempts: number;
  /** The error of the last attempt; undefined if it is parked. */
  readonly error: { readonly code: string | undefined; readonly message: string; readonly stack: string | undefined } | undefined;
  readonly parkedAt: Date;
  /** As your code knows it, of several its first part. As it is stored if it became nothing or cannot be decoded. */
  readonly event: RecordedEvent<E>;
  /** Why `event` cannot be decoded now. Undefined if it can. A retry decodes it again, with the code of that worker. */
  readonly decodeError: { readonly code: string | undefined; readonly message: string } | undefined;
}

/**
 * Identifies one dead letter. A `DeadLetter` itself fits. `kind` is `"consumer"` unless it is given: of a relay's letter it is `"relay"`.
 *
 * @example
 * ```ts
 * const key: DeadLetterKey = { consumer: "mailer", position: 813 };
 * ```
 */
export type DeadLetterKey = { readonly consumer: string; readonly kind?: "consumer" | "relay" } & (
  | { readonly position: number }
  | { readonly eventId: string }
);

/**
 * Selects dead letters for `deadLetters.list`.
 *
 * @example
 * ```ts
 * const query: DeadLetterQuery = { consumer: "mailer", state: "failed", limit: 10 };
 * ```
 */
export interface DeadLetterQuery {
  /** The name of a consumer, or of a relay. @defaultValue all of them */
  readonly consumer?: string;
  /** @defaultValue both */
  readonly kind?: "consumer" | "relay";
  readonly state?: "failed" | "parked" | "skipped";
  /** Only letters after this position, for each consumer. */
  readonly after?: number;
  /** @defaultValue 100 */
  readonly limit?: number;
  /** Shows events as they are stored. @defaultValue false */
  readonly raw?: boolean;
}

/**
 * A resolved dead letter.
 *
 * @example
 * ```ts
 * const resolved: readonly ResolvedDeadLetter[] = await store.deadLetters.history();
 * ```
 */
export interface ResolvedDeadLetter {
  /** The name of the consumer, or of the relay. */
  readonly consumer: string;
  readonly kind: "consumer" | "relay";
  /** The event's. */
  readonly position: number;
  readonly eventId: string;
  readonly streamId: string;
  /** As it is stored. */
  readonly type: string;
  /** `"handled"`: a retry succeeded. `"discarded"`: `discard` removed it. `"reset"`: the consumer was reset to an earlier position, and its event comes again. */
  readonly outcome: "handled" | "discarded" | "reset";
  /** The number of failed attempts. */
  readonly attempts: number;
  /** The error of the last failed attempt; undefined if it was only parked. */
  readonly error: { readonly code: string | undefined; readonly message: string } | undefined;
  readonly parkedAt: Date;
  readonly resolvedAt: Date;
}

/**
 * Selects resolved dead letters for `deadLetters.history`.
 *
 * @example
 * ```ts
 * const query: DeadLetterHistoryQuery = { consumer: "mailer", limit: 10 };
 * ```
 */
export interface DeadLetterHistoryQuery {
  readonly consumer?: string;
  /** @defaultValue both */
  readonly kind?: "consumer" | "relay";
  /** 1–10,000. @defaultValue 100 */
  readonly limit?: number;
}

/**
 * The events that consumers and relays gave up on. `get`, `retry` and `discard` reject with `NotFoundError` if there is no such letter.
 *
 * @example
 * ```ts
 * const deadLetters: DeadLetters = store.deadLetters;
 * for (const letter of await deadLetters.list()) await deadLetters.retry(letter);
 * ```
 */
export interface DeadLetters {
  /** Lists dead letters, by consumer and position. */
  list<E extends Event = Event>(query?: DeadLetterQuery): Promise<readonly DeadLetter<E>[]>;
  /** @param options - `raw`: the event as it is stored. */
  get<E extends Event = Event>(key: DeadLetterKey, options?: { readonly raw?: boolean }): Promise<DeadLetter<E>>;
  /**
   * Has a worker of its consumer handle it again. If that succeeds, the letter is removed, and the parked letters of its stream follow
   * in order. If it fails, the letter stays. Its event is decoded again, so a mended catalogue heals it. The letters of a stream are handled in order, so if others are before it, the first of
   * them is tried.
   */
  retry(key: DeadLetterKey): Promise<void>;
  /** Removes it for good. Its event is never handled; the letters behind it are. */
  discard(key: DeadLetterKey): Promise<void>;
  /** Lists resolved letters and how they were resolved, the latest first. The last 1,000 of each consumer are kept until it is deleted. */
  history(query?: DeadLetterHistoryQuery): Promise<readonly ResolvedDeadLetter[]>;
}
